package policy_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/policy"
)

// The model: of d distinct members, the first of those with the least in-flight per weight.
func TestP2CModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		choices := rapid.IntRange(1, 16).Draw(rt, "choices")
		churn(rt, t, &policy.P2C{Choices: choices, Load: "local"}, func(c choice) {
			checkSample(rt, c, choices, view.fullness)
		})
	})
}

func checkSample(rt *rapid.T, c choice, choices int, score func(view) float64) {
	sampled := map[int]bool{}
	best := -1
	for _, candidate := range c.trace.Candidates {
		i := candidate.Index
		sampled[i] = true
		if want := score(c.members[i]); candidate.Score != want {
			rt.Fatalf("member %d scored %g, want %g", i, candidate.Score, want)
		}
		if best < 0 || score(c.members[i]) < score(c.members[best]) {
			best = i
		}
	}
	if want := min(choices, len(c.members)); len(sampled) != want || len(c.trace.Candidates) != want {
		rt.Fatalf("sampled %v, want %d distinct members", c.trace.Candidates, want)
	}
	if c.index != best {
		rt.Fatalf("chose member %d, want %d", c.index, best)
	}
}

func TestP2CSamplesUniformly(t *testing.T) {
	r := newRig(t, &policy.P2C{Choices: 3, Load: "local"}, evenWeights(6)...)
	counts := make([]int, 6)
	var tr lb.Trace
	for range 20_000 {
		lease, _ := r.balancer.Pick(0, lb.Request{}, &r.rand, &tr)
		r.balancer.Done(lease, 0, lb.Outcome{})
		for _, c := range tr.Candidates {
			counts[c.Index]++
		}
	}
	if chi2 := chiSquare(counts, shares(evenWeights(6))); chi2 > 20.5 { // 0.1% with 5 degrees of freedom
		t.Errorf("chi-square %g: %v", chi2, counts)
	}
}

// The model of polled load: a map of what each backend said last, which drains
// and changes of weight leave alone; without an entry the local count.
func TestP2CPolledModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		said := map[lb.BackendID]int{}
		var r *rig
		spec := &policy.P2C{Choices: 2, Load: "polled", PollInterval: 50 * time.Millisecond}
		polled := lb.Time(-1)
		check := func(c choice) {
			checkSample(rt, c, 2, func(v view) float64 {
				if inflight, ok := said[v.id]; ok {
					v.inflight = inflight
				}
				return v.fullness()
			})
			asked := r.balancer.LoadProbes(r.now, &r.rand, nil, nil)
			due := polled < 0 || r.now >= polled.Add(spec.PollInterval)
			if want := len(c.members); due && len(asked) != want || !due && asked != nil {
				rt.Fatalf("at %v, last poll %v: asked %v of %d members", r.now, polled, asked, want)
			}
			if due {
				polled = r.now
			}
			for _, id := range asked {
				inflight := rapid.IntRange(-1, 5).Draw(rt, "report") // −1: no answer
				if inflight >= 0 {
					said[id] = inflight
				}
				r.balancer.Report(id, r.now, lb.Report{Valid: inflight >= 0, InFlight: int32(inflight)})
			}
		}
		churnOn(rt, func(weights []float64) *rig { r = newRig(t, spec, weights...); return r }, check)
	})
}
