package policy_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/policy"
	"github.com/lbctl/lbctl/lb/rng"
)

// The model: the k-th pick of all goes to member k mod n of whoever is there.
func TestRoundRobinModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		k := 0
		churn(rt, t, &policy.RoundRobin{}, func(c choice) {
			if want := k % len(c.members); c.index != want {
				rt.Fatalf("pick %d: member %d, want %d", k, c.index, want)
			}
			k++
		})
	})
}

// Balancers of one fleet start their rotations at different places.
func TestRotationsStartAtThePhase(t *testing.T) {
	for _, spec := range []policy.Spec{&policy.RoundRobin{}, &policy.WeightedRoundRobin{Form: "smooth"}} {
		b, c := lb.New(lb.Config{Policy: spec.New(), Phase: 2}, 1)
		for _, name := range []string{"a", "b", "c"} {
			if err := c.Step(0, lb.Add{Spec: lb.Spec{Name: name, Weight: 1}}); err != nil {
				t.Fatal(err)
			}
		}
		c.Advance(0, nil)
		r := rng.New(1)
		for _, want := range []string{"c", "a", "b", "c"} {
			lease, err := b.Pick(0, lb.Request{}, &r, nil)
			if err != nil || lease.Backend().Name() != want {
				t.Fatalf("%T: picked %s, %v, want %s", spec, lease.Backend().Name(), err, want)
			}
		}
	}
}
