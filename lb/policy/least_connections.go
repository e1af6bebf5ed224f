package policy

import (
	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// LeastConnections looks at every backend and takes the one with the smallest
// (in-flight+1)/weight: join the shortest queue, as far as this balancer's own
// attempts tell. One more attempt than there is decides (the one that is about
// to be sent), so that among idle backends the heavier one comes first, as in
// the "shortest expected delay" scheduler of the Linux Virtual Server. Slow
// start lowers the weight and so makes a backend look fuller.
//
// Equals are drawn from uniformly: with the first one winning, the balancers of
// an idle fleet would all send to the same backend. A pick costs n loads.
type LeastConnections struct{}

// New returns a fresh policy.
func (LeastConnections) New() lb.Policy { return leastConnections{} }

type leastConnections struct{}

func (leastConnections) Name() string { return "least_connections" }

func (leastConnections) Build(s *lb.Snapshot) lb.Picker {
	return &leastConnectionsPicker{members: s.Members()}
}

type leastConnectionsPicker struct{ members []lb.Member }

func (p *leastConnectionsPicker) Pick(_ lb.Time, _ lb.Request, r *rng.Rand, tr *lb.Trace) int {
	best := noneYet()
	for i, m := range p.members {
		score := perWeight(m)
		if tr != nil {
			tr.Score(i, score, "")
		}
		best.offer(i, score, r)
	}
	if tr != nil {
		best.explain(tr, "least in-flight per weight")
	}
	return best.index
}
