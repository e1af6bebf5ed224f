package policy_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/lbctl/lbctl/lb/policy"
	"github.com/lbctl/lbctl/lb/rng"
)

// The model: the caller's next Intn(n), nothing else.
func TestRandomModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		model := rng.New(1) // as the rig's
		churn(rt, t, &policy.Random{}, func(c choice) {
			if want := model.Intn(len(c.members)); c.index != want {
				rt.Fatalf("member %d, want %d", c.index, want)
			}
		})
	})
}
