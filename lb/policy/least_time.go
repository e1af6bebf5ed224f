package policy

import (
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// LeastTime looks at every backend and takes the one with the smallest
//
//	average response time · (in-flight+1) / weight · penalty
//
// as nginx's least_time does in spirit: the work ahead of the next attempt, if
// each one outstanding takes the average. The average is exponentially
// weighted over this balancer's own answers (Weight of the newest sample); no cooperation of the
// backend is needed. Slow start lowers the weight and so makes a backend look slower.
//
// A backend without data is taken for an average one, so that it gets a fair share at
// once but no stampede. One that has been silent is believed less and less
// (forgetAfter). Failures never make a backend look faster (tellsTime), and
// the penalty makes one that fails often look slower (see failureRate). Equals are drawn from uniformly.
type LeastTime struct {
	EWMAWeight float64 `yaml:"ewma_weight" above:"0" max:"1" doc:"weight of the newest response time in the average"`
}

// New returns a fresh policy.
func (s LeastTime) New() lb.Policy { return &leastTime{weight: s.EWMAWeight} }

type leastTime struct {
	weight float64
	times  kept[responseTime]
}

func (*leastTime) Name() string { return "least_time" }

func (p *leastTime) Build(s *lb.Snapshot) lb.Picker {
	return &leastTimePicker{members: s.Members(), times: p.times.members(s), weight: p.weight}
}

type leastTimePicker struct {
	members []lb.Member
	times   []*responseTime
	weight  float64
}

func (p *leastTimePicker) Observe(i int, now lb.Time, latency time.Duration, o lb.Outcome) {
	p.times[i].observe(now, latency, o.Verdict, p.weight)
}

func (p *leastTimePicker) Pick(now lb.Time, _ lb.Request, r *rng.Rand, tr *lb.Trace) int {
	known, untried := noneYet(), noneYet()
	sum, n := 0.0, 0
	for i := range p.members {
		load, ns, ok := p.load(i, now)
		if !ok {
			untried.offer(i, load, r)
			continue
		}
		sum += ns
		n++
		known.offer(i, load*ns, r)
	}
	mean := meanOr(sum, n, 1e6) // any value will do where all are alike
	best := known
	if untried.index >= 0 && (known.index < 0 || untried.score*mean <= known.score) {
		best = untried
	}
	if tr != nil {
		p.explain(now, mean, tr)
		best.explain(tr, "least response time · (in-flight+1) / weight")
	}
	return best.index
}

// load returns a member's score in units of its response time, and that time.
func (p *leastTimePicker) load(i int, now lb.Time) (load, ns float64, known bool) {
	t := p.times[i]
	ns, belief, known := t.value(now)
	return perWeight(p.members[i]) * t.failures.penalty(now), ns * belief, known
}

// explain gives scores in milliseconds.
func (p *leastTimePicker) explain(now lb.Time, mean float64, tr *lb.Trace) {
	if tr.RuleOnly {
		return
	}
	for i := range p.members {
		load, ns, known := p.load(i, now)
		note := "average " + millis(ns)
		if !known {
			ns, note = mean, "no data: taken as average"
		}
		tr.Score(i, load*ns/1e6, note+p.times[i].failures.note(now))
	}
}

// meanOr returns sum/n, or other where there is nothing to average.
func meanOr(sum float64, n int, other float64) float64 {
	if n == 0 {
		return other
	}
	return sum / float64(n)
}
