package policy_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/policy"
)

// The model: nobody has less in flight per weight than the chosen one.
func TestLeastConnectionsModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		churn(rt, t, &policy.LeastConnections{}, func(c choice) {
			chosen := c.members[c.index].fullness()
			equals := 0
			for _, m := range c.members {
				if m.fullness() < chosen {
					rt.Fatalf("chose member %d of %+v", c.index, c.members)
				}
				if m.fullness() == chosen {
					equals++
				}
			}
			if (equals > 1) != (c.trace.TieBreak != "") {
				rt.Fatalf("%d equals, tie-break %q", equals, c.trace.TieBreak)
			}
		})
	})
}

// fullness is what a member would carry with one more attempt, per weight.
func (v view) fullness() float64 { return float64(v.inflight+1) / v.weight }

// Many balancers that see an idle pool must not all choose alike.
func TestLeastConnectionsBreaksTiesFairly(t *testing.T) {
	r := newRig(t, &policy.LeastConnections{}, evenWeights(10)...)
	counts := make([]int, 10)
	for range 20_000 {
		lease, _ := r.balancer.Pick(0, lb.Request{}, &r.rand, nil)
		counts[lease.Backend().ID()]++
		r.balancer.Done(lease, 0, lb.Outcome{})
	}
	if chi2 := chiSquare(counts, shares(evenWeights(10))); chi2 > 27.9 { // 0.1% with 9 degrees of freedom
		t.Errorf("chi-square %g: %v", chi2, counts)
	}
}

func shares(weights []float64) []float64 {
	total := 0.0
	for _, w := range weights {
		total += w
	}
	out := make([]float64, len(weights))
	for i, w := range weights {
		out[i] = w / total
	}
	return out
}
