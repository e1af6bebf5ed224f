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
	local := p2cPicker{members: s.Members(), choices: min(p.Choices, len(s.Members()))}
	if p.Load != "polled" {
		return &local
	}
	return &polledPicker{p2cPicker: local, polled: p.polled.members(s), nextPoll: &p.nextPoll, interval: p.PollInterval}
}

// maxChoices bounds P2C.Choices, so that a sample fits on the stack.
const maxChoices = 16

type p2cPicker struct {
	members []lb.Member
	choices int
}

func (p *p2cPicker) Pick(_ lb.Time, _ lb.Request, r *rng.Rand, tr *lb.Trace) int {
	return p.leastOfSample(nil, r, tr)
}

// leastOfSample draws the sample and compares. polled, when not nil, replaces this balancer's own
// counts.
func (p *p2cPicker) leastOfSample(polled []*polledLoad, r *rng.Rand, tr *lb.Trace) int {
	var sample [maxChoices]int
	best, bestScore := -1, 0.0
	for k := range p.choices {
		i := drawDistinct(r, len(p.members), sample[:k])
		sample[k] = i
		score, note := perWeight(p.members[i]), "sampled"
		if polled != nil {
			score, note = polledPerWeight(p.members[i], polled[i])
		}
		if tr != nil {
			tr.Score(i, score, note)
		}
		// Equals: the first sampled stays, which is a fair draw since the order of the sample is random.
		if best < 0 || score < bestScore {
			best, bestScore = i, score
			if tr != nil {
				tr.TieBreak = ""
			}
		} else if tr != nil && score == bestScore {
			tr.TieBreak = "first sampled"
		}
	}
	if tr != nil {
		tr.Rule = "least in-flight of the sample"
	}
	return best
}

// perWeight is the load of a member as least-request rules see it: what it would carry with
// one more attempt, per unit of weight.
func perWeight(m lb.Member) float64 { return float64(m.InFlight()+1) / m.Weight }

// polledPerWeight is perWeight by the member's own word, where there is one.
func polledPerWeight(m lb.Member, load *polledLoad) (score float64, note string) {
	if plusOne := load.plusOne.Load(); plusOne > 0 {
		return float64(plusOne) / m.Weight, "sampled, reported"
	}
	return perWeight(m), "sampled, no report yet"
}

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
	polled   []*polledLoad // in member order
	nextPoll *atomic.Int64
	interval time.Duration
}

func (p *polledPicker) Pick(_ lb.Time, _ lb.Request, r *rng.Rand, tr *lb.Trace) int {
	return p.leastOfSample(p.polled, r, tr)
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
