package config

import (
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/health"
)

// Pool is the pool: block.
type Pool struct {
	Policy            Policy    `yaml:"policy" doc:"the algorithm, by name or with parameters"`
	Health            Health    `yaml:"health" doc:"active probes of the backends"`
	SlowStart         SlowStart `yaml:"slow_start" doc:"ramp of the weight of a backend that has come back"`
	PanicThresholdPct float64   `yaml:"panic_threshold_pct" min:"0" max:"100" unit:"%" doc:"below this share of healthy backends health is disregarded (Envoy's panic threshold)"`
}

// Health is the health: block. Its defaults are HAProxy's (inter, fall, rise), with a little jitter.
type Health struct {
	Enabled   bool          `yaml:"enabled" doc:"probe at all"`
	Interval  time.Duration `yaml:"interval" min:"1ms" max:"1h" doc:"between the starts of two probes of one backend"`
	Timeout   time.Duration `yaml:"timeout" min:"1ms" max:"1h" doc:"a probe without an answer for this long has failed"`
	JitterPct float64       `yaml:"jitter_pct" min:"0" max:"100" unit:"%" doc:"each interval varies by up to this share"`
	Fall      int           `yaml:"fall" min:"1" max:"100" doc:"failures in a row that make a backend unhealthy"`
	Rise      int           `yaml:"rise" min:"1" max:"100" doc:"successes in a row that make it usable again"`
}

// SlowStart is the slow_start: block, named as in Envoy's slow_start_config.
type SlowStart struct {
	Window       time.Duration `yaml:"window" max:"24h" doc:"length of the ramp; 0s: none"`
	MinWeightPct float64       `yaml:"min_weight_pct" min:"0" max:"100" unit:"%" doc:"least share of the full weight"`
	Aggression   float64       `yaml:"aggression" min:"0.01" max:"100" doc:"1: linear; above 1: faster at first"`
}

// Default returns the pool of a file that says nothing about it.
func Default() Pool {
	var p Pool
	p.Defaults()
	return p
}

// Defaults sets every value to its default.
func (p *Pool) Defaults() {
	p.Policy.Defaults()
	p.Health = Health{Enabled: true, Interval: 2 * time.Second, Timeout: time.Second, JitterPct: 10, Fall: 3, Rise: 2}
	p.SlowStart = SlowStart{MinWeightPct: 10, Aggression: 1}
	p.PanicThresholdPct = 50
}

// WithPolicy returns a copy of p that uses the algorithm called name, with the parameters that p has for it.
func (p *Pool) WithPolicy(name string) (Pool, error) {
	if err := CheckPolicy(name); err != nil {
		return Pool{}, err
	}
	q := *p
	q.Policy = p.Policy.with(name)
	return q, nil
}

// LB returns what the core needs to run this pool in one of peers balancers that share the
// backends. Each call makes a fresh policy.
func (p *Pool) LB(peers int) lb.Config {
	return lb.Config{
		Policy:         p.Policy.build(),
		Health:         p.Health.config(p.SlowStart.Window),
		SlowStart:      p.SlowStart.config(),
		PanicThreshold: p.PanicThresholdPct / 100,
		Peers:          peers,
	}
}

func (h *Health) config(slowStart time.Duration) *health.Config {
	if !h.Enabled {
		return nil
	}
	return &health.Config{
		Interval:  h.Interval,
		Timeout:   h.Timeout,
		Jitter:    h.JitterPct / 100,
		Fall:      h.Fall,
		Rise:      h.Rise,
		SlowStart: slowStart,
	}
}

// A ramp is recomputed in steps of this share of its window, but not more
// often than minRefresh: each step compiles a new snapshot.
const (
	rampSteps  = 50
	minRefresh = 100 * time.Millisecond
)

func (s *SlowStart) config() health.SlowStart {
	return health.SlowStart{
		Window:       s.Window,
		MinWeight:    s.MinWeightPct / 100,
		Aggression:   s.Aggression,
		RefreshEvery: max(minRefresh, s.Window/rampSteps),
	}
}
