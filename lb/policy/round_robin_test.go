package policy_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/lbctl/lbctl/lb/policy"
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
