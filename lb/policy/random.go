package policy

import (
	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// Random draws a backend uniformly, regardless of weight (slow start
// therefore has no effect) and load: the baseline that a better policy must beat. With Poisson arrivals each backend sees
// Poisson arrivals again, so n backends behave as n separate M/G/1 queues.
type Random struct{}

// New returns a fresh policy.
func (Random) New() lb.Policy { return random{} }

type random struct{}

func (random) Name() string { return "random" }

func (random) Build(s *lb.Snapshot) lb.Picker { return &randomPicker{n: len(s.Members())} }

type randomPicker struct{ n int }

func (p *randomPicker) Pick(_ lb.Time, _ lb.Request, r *rng.Rand, tr *lb.Trace) int {
	i := r.Intn(p.n)
	if tr != nil {
		tr.Consider(i, "")
		tr.Rule = "uniform draw"
	}
	return i
}
