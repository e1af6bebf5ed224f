package policy

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// P2C samples backends at random and takes the one with the least in-flight
// per weight: JSQ(d), the "power of two choices" for d = 2 (Mitzenmacher, "The power of two
// choices in randomized load balancing", IEEE TPDS 12(10), 2001). Backends are
// sampled without replacement, uniformly; the score (in-flight+1)/weight
// is the least-request rule of Envoy with active_request_bias 1. Slow start lowers the weight
// and so raises the score: a backend that ramps up is sampled as often as any, and loses more comparisons.
//
// With load local, in-flight is this balancer's own count: exact, but blind to
// what other balancers send. With load polled it is what the backends
// themselves last reported, all asked once every poll_interval: complete, but
// stale. That is YARP's power of two choices as the Prequal paper compares it (Wydrowski
// et al., NSDI 2024). A backend that has not reported yet counts with the local
// number; between polls a balancer does not correct the reports by what it sends.
type P2C struct {
	Choices      int           `yaml:"choices" min:"1" max:"16" doc:"backends to sample (d)"`
	Load         string        `yaml:"load" enum:"local,polled" doc:"local: this balancer's own in-flight; polled: the in-flight that backends report"`
	PollInterval time.Duration `yaml:"poll_interval" min:"1ms" max:"1h" doc:"time between two polls of all backends; only with load polled"`
}

// New returns a fresh policy.
func (s P2C) New() lb.Policy { return &p2c{P2C: s} }

type p2c struct {
	P2C
	polled   kept[polledLoad]
	nextPoll atomic.Int64 // the Time when all are to be asked again
}

// polledLoad is the in-flight that a backend last reported, plus one; 0: no report yet.
type polledLoad struct{ plusOne atomic.Int64 }

func (*p2c) Name() string { return "p2c" }

func (p *p2c) Build(s *lb.Snapshot) lb.Picker {
	local := p2cPicker{members: s.Members(), choices: min(p.Choices, len(s.Members())), weighted: s.Weighted()}
	if p.Load != "polled" {
		return &local
	}
	local.polled = p.polled.members(s)
	return &polledPicker{p2cPicker: local, nextPoll: &p.nextPoll, interval: p.PollInterval}
}

// maxChoices bounds P2C.Choices, so that a sample fits on the stack.
const maxChoices = 16

type p2cPicker struct {
	members  []lb.Member
	choices  int
	weighted bool
	polled   []*polledLoad // in member order; nil: this balancer's own counts are compared
}

// Pick compares the members of a fresh sample. Of equals the first sampled stays, which
// is a fair draw since the order of the sample is random.
func (p *p2cPicker) Pick(_ lb.Time, _ lb.Request, r *rng.Rand, tr *lb.Trace) int {
	var buf [maxChoices]int
	sample := buf[:p.choices]
	for k := range sample {
		sample[k] = drawDistinct(r, len(p.members), sample[:k])
	}
	best := sample[0]
	least := p.load(best)
	for _, i := range sample[1:] {
		if load := p.load(i); load < least {
			best, least = i, load
		}
	}
	if tr != nil {
		p.explain(sample, least, tr)
	}
	return best
}

// load is the score of member i. Where all weigh the same there is nothing to divide by.
func (p *p2cPicker) load(i int) float64 {
	m := &p.members[i]
	load := float64(m.InFlight() + 1)
	if p.polled != nil {
		if plusOne := p.polled[i].plusOne.Load(); plusOne > 0 {
			load = float64(plusOne)
		}
	}
	if p.weighted {
		load /= m.Weight
	}
	return load
}

func (p *p2cPicker) explain(sample []int, least float64, tr *lb.Trace) {
	equals := 0
	for _, i := range sample {
		note := "sampled"
		if p.polled != nil {
			note = "sampled, reported"
			if p.polled[i].plusOne.Load() == 0 {
				note = "sampled, no report yet"
			}
		}
		load := p.load(i)
		if load == least {
			equals++
		}
		if !p.weighted {
			load /= p.members[i].Weight // left out so far, as it changes no order
		}
		tr.Score(i, load, note)
	}
	tr.Rule = "least in-flight of the sample"
	if equals > 1 {
		tr.TieBreak = "first sampled"
	}
}

// perWeight is the load of a member as least-request rules see it: what it would carry with
// one more attempt, per unit of weight.
func perWeight(m lb.Member) float64 { return float64(m.InFlight()+1) / m.Weight }

// drawDistinct returns a uniform index below n that is not in taken, by
// rejection: taken holds at most maxChoices−1 of them.
func drawDistinct(r *rng.Rand, n int, taken []int) int {
	for {
		if i := r.Intn(n); !slices.Contains(taken, i) {
			return i
		}
	}
}

// polledPicker is p2cPicker on reported load.
type polledPicker struct {
	p2cPicker
	nextPoll *atomic.Int64
	interval time.Duration
}

// LoadProbes asks every member once an interval; of callers that race, one asks.
func (p *polledPicker) LoadProbes(now lb.Time, _ *rng.Rand, dst []int) []int {
	due := p.nextPoll.Load()
	if int64(now) < due || !p.nextPoll.CompareAndSwap(due, int64(now.Add(p.interval))) {
		return dst
	}
	for i := range p.members {
		dst = append(dst, i)
	}
	return dst
}

func (p *polledPicker) Report(i int, _ lb.Time, rep lb.Report) {
	if rep.Valid {
		p.polled[i].plusOne.Store(max(0, int64(rep.InFlight)) + 1)
	}
}
