package strict_test

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lbctl/lbctl/config/strict"
	"go.yaml.in/yaml/v3"
)

// A sample uses every feature of the package, in the shape of a real file.
type sample struct {
	Name     string           `yaml:"name" required:"true" maxlen:"20" pattern:"^[a-z-]+$" doc:"Name of the sample."`
	Duration time.Duration    `yaml:"duration" min:"1s" max:"1h" doc:"Length of the run."`
	Pool     pool             `yaml:"pool" doc:"The pool."`
	Classes  map[string]class `yaml:"classes" maxitems:"3" doc:"Request classes by name."`
	Faults   []fault          `yaml:"faults" maxitems:"4" doc:"What goes wrong."`
	Expect   []expectation    `yaml:"expect" minitems:"1" doc:"Lines such as p99_ms < 120."`
	Seeds    []uint16         `yaml:"seeds" doc:"Seeds."`
	Cases    []variant        `yaml:"cases" doc:"Overlays."`
	Verbose  bool             `yaml:"verbose" doc:"Say more."`
	Offset   *time.Duration   `yaml:"offset" min:"-1m" doc:"Shift of the clock."`
	Limits   `yaml:",inline"`

	Derived int // no tag: not decoded
}

// Limits is embedded: its keys are those of the sample.
type Limits struct {
	QueueMax int64 `yaml:"queue_max" min:"0" unit:"requests" doc:"Longest queue."`
	Slots    int8  `yaml:"slots" doc:"Slots."`
}

func (l *Limits) Check(r *strict.Reporter) {
	if l.QueueMax > 0 && l.Slots > 0 && l.QueueMax < int64(l.Slots) {
		r.Errorf("queue_max", "queue_max %d is less than slots %d", l.QueueMax, l.Slots)
	}
}

type pool struct {
	Policy   policy   `yaml:"policy" doc:"How to pick."`
	Backends []string `yaml:"backends" required:"true" doc:"Names."`
}

func (p *pool) Check(r *strict.Reporter) {
	seen := map[string]bool{}
	for i, b := range p.Backends {
		if seen[b] {
			r.Errorf(fmt.Sprintf("backends[%d]", i), "backend %q is listed twice", b)
		}
		seen[b] = true
	}
	if p.Policy.P2C.Choices > len(p.Backends) {
		r.Errorf("policy.p2c.choices", "%d choices of %d backends", p.Policy.P2C.Choices, len(p.Backends))
	}
}

// policy has a shorthand and keys known at run time.
type policy struct {
	Use    string `yaml:"use" enum:"p2c,maglev,round_robin" doc:"Algorithm."`
	P2C    p2c
	Maglev maglev
}

type p2c struct {
	Choices int `yaml:"choices" min:"1" max:"64" doc:"Backends sampled per pick."`
}

type maglev struct {
	TableSize uint64  `yaml:"table_size" doc:"Entries."`
	Factor    float64 `yaml:"factor" above:"1" max:"2" doc:"Bound."`
}

func (p *policy) UnmarshalScalar(s string) error {
	if s != "p2c" && s != "maglev" {
		return fmt.Errorf("expected a policy's name, got %q", s)
	}
	p.Use = s
	return nil
}

func (p *policy) StrictFields() []strict.Dynamic {
	return []strict.Dynamic{
		{Name: "p2c", Doc: "Power of two choices.", Value: &p.P2C},
		{Name: "maglev", Doc: "Maglev hashing.", Value: &p.Maglev},
	}
}

type class struct {
	Share  float64 `yaml:"share" min:"0" max:"1" doc:"Share of requests."`
	Demand *demand `yaml:"demand" doc:"Service time."`
}

func (c *class) Defaults() { c.Share = 1 }

type demand struct {
	_        struct{}       `union:"distribution"`
	Constant *time.Duration `yaml:"constant" above:"0s" doc:"Always the same."`
	Pareto   *pareto        `yaml:"pareto" doc:"Heavy tail."`
	Samples  []float64      `yaml:"samples" above:"0" doc:"Empirical."`
}

type pareto struct {
	Alpha float64 `yaml:"alpha" above:"1" required:"true" doc:"Tail index."`
}

type fault struct {
	At   time.Duration `yaml:"at" doc:"Start."`
	Slow *slow         `yaml:"slow" doc:"Slower service."`
}

type slow struct {
	Factor float64 `yaml:"factor" min:"1" doc:"Times slower."`
}

func (s *slow) Defaults() { s.Factor = 2 }

// expectation is only ever a plain value.
type expectation struct{ metric, bound string }

func (e *expectation) UnmarshalScalar(s string) error {
	m, b, ok := strings.Cut(s, " < ")
	if !ok {
		return errors.New(`expected "metric < number"`)
	}
	e.metric, e.bound = m, b
	return nil
}

type variant struct {
	Name string                `yaml:"name" required:"true" doc:"Name of the case."`
	Set  map[string]*yaml.Node `yaml:"set" doc:"Values by path."`
}

// newSample returns a sample with its defaults.
func newSample() *sample {
	return &sample{
		Duration: 10 * time.Second,
		Pool:     pool{Policy: policy{Use: "p2c", P2C: p2c{Choices: 2}, Maglev: maglev{TableSize: 65537, Factor: 1.25}}},
		Limits:   Limits{QueueMax: 100},
	}
}
