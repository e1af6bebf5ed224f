package sim

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/lbctl/lbctl/config/strict"
	"github.com/lbctl/lbctl/lb/policy"
	"github.com/lbctl/lbctl/lb/rng"
)

// draft is a scenario as the swarm draws it.
type draft struct {
	rng.Rand
	seed     uint64
	calm     bool // a fleet of equals, and a long time without faults after the storm
	duration time.Duration
	storm    time.Duration // faults are over by then
	requests float64       // about so many
	policy   string

	balancers int
	zones     []string
	groups    []draftGroup
	capacity  float64 // Σ slots·speed
	rows      string  // of a replayed log
	yaml      strings.Builder
}

type draftGroup struct {
	name  string
	count int
}

// drawScenario draws a scenario. Half of what can be said is left out each time, so that everything meets
// everything else's absence too.
func drawScenario(seed uint64) *draft {
	d := &draft{Rand: rng.Stream(seed, "swarm"), seed: seed, requests: 1000}
	d.calm = d.one(4)
	d.duration = d.between(time.Second, 8*time.Second)
	d.storm = time.Duration(0.8 * float64(d.duration))
	if d.calm {
		// The longest memory of a policy halves every 10 s (failures, response times): a thousandth is left of what
		// the storm taught.
		d.duration, d.storm, d.requests = 300*time.Second, 40*time.Second, 3000
	}
	d.line("duration: %v", d.duration)
	d.line("warmup: %v", pick(d, "0s", "auto", (d.duration/4).String()))
	d.fleet()
	d.load()
	d.clients()
	for d.line("faults:"); d.Intn(5) > 0; {
		d.fault()
	}
	d.pool()
	return d
}

func (d *draft) line(format string, args ...any) { fmt.Fprintf(&d.yaml, format+"\n", args...) }

// one is true once in n times.
func (d *draft) one(n int) bool { return d.Intn(n) == 0 }

func (d *draft) uniform(from, to float64) float64 { return from + (to-from)*d.Float64() }

// between draws a duration, logarithmically.
func (d *draft) between(from, to time.Duration) time.Duration {
	x := math.Exp(d.uniform(math.Log(float64(from)), math.Log(float64(to))))
	return time.Duration(x).Round(time.Microsecond)
}

func pick[T any](d *draft, from ...T) T { return from[d.Intn(len(from))] }

// fleet draws balancers, backends and the network between them.
func (d *draft) fleet() {
	d.balancers = pick(d, 1, 1, 2, 3, 7)
	groups := 1 + d.Intn(4)
	if d.calm {
		d.balancers = pick(d, 1, 2)
		groups = 1
	}
	if d.one(3) {
		d.zones = []string{"east", "west"}[:min(groups, 1+d.Intn(2))]
	}
	d.line("balancers: {count: %d, assign: %s, zones: [%s]}", d.balancers, pick(d, "random", "client"), strings.Join(d.zones, ", "))
	d.line("backends:")
	for i := range groups {
		g := draftGroup{name: string(rune('a' + i)), count: 1 + d.Intn(6)}
		d.groups = append(d.groups, g)
		d.line("  - {name: %s, count: %d%s}", g.name, g.count, d.backend(g.count, i))
	}
	if d.one(2) {
		d.line("network: {same_zone: %v, cross_zone: {exponential: {mean: %v}}}", d.between(time.Microsecond, 20*time.Millisecond), d.between(time.Millisecond, 50*time.Millisecond))
	}
}

func (d *draft) backend(count, group int) (what string) {
	slots, speed := 1+d.Intn(4), 1.0
	if !d.calm && d.one(2) {
		speed = math.Round(100*d.uniform(0.2, 4)) / 100
		what += fmt.Sprintf(", weight: %.2f", d.uniform(0.3, 4))
	}
	d.capacity += float64(count*slots) * speed
	what += fmt.Sprintf(", slots: %d, speed: %g, discipline: %s, on_cancel: %s", slots, speed, pick(d, "fifo", "ps"), pick(d, "finish", "drop"))
	if d.one(2) {
		what += fmt.Sprintf(", queue: %d", pick(d, 0, 1, 3, 20))
	}
	if len(d.zones) > 0 {
		what += ", zone: " + d.zones[group%len(d.zones)]
	} else if d.one(8) {
		what += ", zone: nowhere"
	}
	if d.one(4) {
		what += fmt.Sprintf(", latency: {exponential: {mean: %v}}", d.between(10*time.Microsecond, 10*time.Millisecond))
	}
	if !d.calm && d.one(6) {
		what += fmt.Sprintf(", degrade: {above_rps: %.0f, factor: %.1f}", d.uniform(5, 200), d.uniform(1, 10))
	}
	return what
}

// load draws arrivals and what requests cost, so that the backends are busy for a fifth of their time, or
// overloaded by half.
func (d *draft) load() {
	seconds := d.duration.Seconds()
	rate := d.requests / seconds
	busy := d.uniform(0.2, 1.5)
	if d.calm {
		busy = d.uniform(0.3, 0.7)
	}
	mean := time.Duration(busy * d.capacity / rate * 1e9)
	d.line("classes:")
	d.line("  - {name: usual, share_pct: 70, demand: %s}", d.demand(mean))
	d.line("  - {name: other, share_pct: 30, demand: %s, deadline: %v}", d.demand(mean), d.between(mean, d.duration))
	part := func() time.Duration { return d.between(d.duration/100, d.duration/4) }
	var arrivals string
	switch d.Intn(9) {
	case 0:
		arrivals = fmt.Sprintf("constant: {rate_rps: %.3f}", rate)
	case 1:
		arrivals = fmt.Sprintf("mmpp: {states: [{rate_rps: %.3f, mean_stay: %v}, {rate_rps: %.3f, mean_stay: %v}]}", rate/2, part(), 2*rate, part())
	case 2:
		arrivals = fmt.Sprintf("ramp: {from: {rate_rps: %.3f}, to: {rate_rps: %.3f}}", rate/2, 1.5*rate)
	case 3:
		arrivals = fmt.Sprintf("steps: [{at: 0s, rate_rps: %.3f}, {at: %v, rate_rps: %.3f}]", rate, part(), 1.1*rate)
	case 4:
		arrivals = fmt.Sprintf("diurnal: {mean: {rate_rps: %.3f}, amplitude_pct: 80, period: %v}", rate, max(time.Second, part()))
	case 5:
		arrivals = fmt.Sprintf("flash_crowd: {base: {rate_rps: %.3f}, peak: {rate_rps: %.3f}, at: %v, rise: %v, hold: %v}", rate, 3*rate, part(), part(), part())
	case 6:
		users := 1 + d.Intn(100)
		arrivals = fmt.Sprintf("closed_loop: {users: %d, think: {exponential: {mean: %v}}}", users, time.Duration(float64(users)/rate*1e9))
	case 7:
		arrivals = "replay: {file: log.csv, format: csv, loop: true}"
		d.rows = d.log(rate)
	default:
		arrivals = fmt.Sprintf("poisson: {rate_rps: %.3f}", rate)
	}
	d.line("arrivals: {%s}", arrivals)
}

func (d *draft) demand(mean time.Duration) string {
	switch d.Intn(5) {
	case 0:
		return mean.String()
	case 1:
		return fmt.Sprintf("{lognormal: {mean: %v, sigma: 1.5}}", mean)
	case 2:
		return fmt.Sprintf("{pareto: {mean: %v, alpha: 1.5}}", mean)
	case 3:
		return fmt.Sprintf("{bimodal: {small: %v, large: %v, large_pct: 1}}", mean/2, 50*mean)
	}
	return fmt.Sprintf("{exponential: {mean: %v}}", mean)
}

// log draws the rows of a log, some of them at the same moment.
func (d *draft) log(rate float64) string {
	var rows strings.Builder
	at := 0.0
	for range 200 {
		fmt.Fprintf(&rows, "%.6f,client%d\n", at, d.Intn(30))
		if !d.one(5) {
			at += d.Exp() / rate * 1.25
		}
	}
	return rows.String()
}

func (d *draft) clients() {
	deadline := pick(d, 0, d.between(time.Millisecond, d.duration), d.between(d.duration/100, d.duration/10))
	if d.calm {
		deadline = d.between(2*time.Second, 10*time.Second) // or an attempt that is lost holds its place for ever
	}
	count := pick(d, 1, 10, 1000)
	if d.calm {
		count = 1000
	}
	d.line("clients:")
	d.line("  count: %d", count)
	d.line("  deadline: %v", deadline)
	if d.one(3) && !d.calm {
		d.line("  zipf: %.2f", d.uniform(0, 2))
	}
	if d.one(2) {
		timeout := pick(d, 0, d.between(d.duration/1000, d.duration/4))
		d.line("  retries: {max: %d, backoff: %v, factor: %.1f, jitter_pct: %d, attempt_timeout: %v}",
			d.Intn(5), pick(d, 0, d.between(time.Microsecond, d.duration/10)), d.uniform(1, 3), d.Intn(101), timeout)
	}
}

// fault draws one of all kinds, over by the end of the storm.
func (d *draft) fault() {
	at := time.Duration(d.uniform(0, 0.9) * float64(d.storm)).Round(time.Microsecond)
	if d.one(4) {
		at = 0
	}
	left := d.storm - at
	lasting := d.between(left/100, left)
	short := func() time.Duration { return d.between(max(time.Millisecond, lasting/50), lasting+time.Millisecond) }
	span := fmt.Sprintf("at: %v, for: %v", at, lasting)
	var kind string
	switch d.Intn(12) {
	case 0:
		kind = fmt.Sprintf("slow: {factor: %.1f, share_pct: %d}", d.uniform(0.5, 30), 1+d.Intn(100))
	case 1:
		kind = fmt.Sprintf("antagonist: {load_pct: %d, on: %v, off: %v}", 1+d.Intn(100), short(), short())
	case 2:
		kind = "crash: {}"
	case 3:
		kind = "refuse: {}"
	case 4:
		kind = "hang: {}"
	case 5:
		kind = fmt.Sprintf("errors: {rate_pct: %d, after: %v}", 1+d.Intn(100), pick(d, 0, d.between(time.Microsecond, time.Second)))
	case 6:
		kind = fmt.Sprintf("reset: {rate_pct: %d}", 1+d.Intn(100))
	case 7:
		kind = fmt.Sprintf("flap: {up: %v, down: %v}", short(), short())
	case 8:
		kind = "partition: {}"
		if d.one(2) {
			kind = fmt.Sprintf("partition: {balancers: [%d]}", d.Intn(d.balancers))
		}
	case 9:
		span = fmt.Sprintf("at: %v", at)
		kind = fmt.Sprintf("cold_start: {from_pct: %d, over: %v}", d.Intn(100), max(time.Millisecond, lasting))
	case 10:
		every := short() + 2*time.Millisecond
		kind = fmt.Sprintf("pauses: {every: %v, lasting: %v}", every, every/time.Duration(2+d.Intn(20)))
	default:
		kind = "lie: {says: " + pick(d, "healthy", "unhealthy") + "}"
	}
	d.line("  - {%s, backend: %q, %s}", span, d.selector(), kind)
}

func (d *draft) selector() string {
	g := pick(d, d.groups...)
	switch d.Intn(4) {
	case 0:
		return "*"
	case 1:
		return fmt.Sprintf("%s[%d]", g.name, d.Intn(g.count))
	case 2:
		from := d.Intn(g.count)
		return fmt.Sprintf("%s[%d..%d]", g.name, from, from+d.Intn(g.count-from))
	}
	return g.name
}

func (d *draft) pool() {
	kind := pick(d, policy.Kinds()...)
	d.policy = kind.Name
	d.line("pool:")
	d.line("  policy: {use: %s, %s: {%s}}", kind.Name, kind.Name, strings.Join(d.params(kind.Spec()), ", "))
	interval := d.between(d.duration/300, d.duration/20)
	d.line("  health: {enabled: %v, interval: %v, timeout: %v, jitter_pct: %d, fall: %d, rise: %d}",
		!d.one(5), interval, d.between(max(time.Millisecond, interval/10), 2*interval), d.Intn(101), 1+d.Intn(3), 1+d.Intn(3))
	d.line("  panic_threshold_pct: %d", pick(d, 0, 50, 100))
	if d.one(2) {
		d.line("  slow_start: {window: %v, min_weight_pct: %d, aggression: %.1f}", d.between(d.duration/1000, d.duration/10), d.Intn(101), d.uniform(0.5, 3))
	}
}

// params draws half of a policy's parameters within their bounds; sizes and times end where a run
// would take long or remember for ever.
func (d *draft) params(spec policy.Spec) (out []string) {
	for _, f := range strict.Fields(spec) {
		if d.one(2) {
			continue
		}
		var value string
		switch f.Type {
		case "string":
			value = pick(d, f.Enum...)
		case "duration":
			least, _ := time.ParseDuration(f.Min)
			value = d.between(least, 5*time.Second).String()
		case "integer":
			least, most := d.bounds(f)
			value = strconv.Itoa(int(math.Exp(d.uniform(math.Log(least+1), math.Log(min(most, 5000)+1))) - 0.5))
		case "number":
			least, most := d.bounds(f)
			value = strconv.FormatFloat(d.uniform(least, min(most, 5)), 'f', 3, 64)
		default:
			panic("sim: the swarm cannot draw a " + f.Type)
		}
		out = append(out, f.Path+": "+value)
	}
	return out
}

func (*draft) bounds(f strict.Field) (least, most float64) {
	if f.Above != "" {
		least, _ = strconv.ParseFloat(f.Above, 64)
		least += 0.01
	} else {
		least, _ = strconv.ParseFloat(f.Min, 64)
	}
	most, _ = strconv.ParseFloat(f.Max, 64)
	return least, most
}
