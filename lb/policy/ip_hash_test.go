package policy

import (
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// The model: walk along the members and use up the client's place in the total
// weight.
func TestIPHashModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		weights := anyWeights(20).Draw(rt, "weights")
		picker := IPHash{}.New().Build(poolOf(rt, weights))
		client := rapid.Uint64().Draw(rt, "client")

		left, want := rng.Unit(spread(client))*totalWeight(membersOf(weights)), 0
		for want < len(weights)-1 && left >= weights[want] {
			left -= weights[want]
			want++
		}
		got := picker.Pick(0, lb.Request{Client: client}, nil, nil)
		if got != want && (left > 1e-6 || left < -1e-6) { // rounding may decide at a cut
			rt.Fatalf("member %d, want %d", got, want)
		}
	})
}

// poolOf returns a snapshot of backends b0, b1 … with the given weights.
func poolOf(t rapid.TB, weights []float64) *lb.Snapshot {
	balancer, controller := lb.New(lb.Config{Policy: RoundRobin{}.New()}, 1)
	for i, w := range weights {
		if err := controller.Step(0, lb.Add{Spec: lb.Spec{Name: backendName(i), Weight: w}}); err != nil {
			t.Fatal(err)
		}
	}
	controller.Advance(0, nil)
	return balancer.Snapshot()
}

func backendName(i int) string { return "b" + strconv.Itoa(i) }

// without returns the pool with one backend drained: excluded, not gone.
func without(t rapid.TB, weights []float64, drained int) *lb.Snapshot {
	balancer, controller := lb.New(lb.Config{Policy: RoundRobin{}.New()}, 1)
	for i, w := range weights {
		_ = controller.Step(0, lb.Add{Spec: lb.Spec{Name: backendName(i), Weight: w}})
	}
	if err := controller.Step(0, lb.SetDrain{Backend: lb.BackendID(drained), Drain: true}); err != nil {
		t.Fatal(err)
	}
	controller.Advance(0, nil)
	return balancer.Snapshot()
}

// homes returns the backends that keys 0 … n−1 belong to.
func homes(s *lb.Snapshot, p lb.Policy, n int) []lb.BackendID {
	picker := p.Build(s)
	out := make([]lb.BackendID, n)
	for key := range out {
		i := picker.Pick(0, lb.Request{Client: uint64(key), Key: uint64(key)}, nil, nil)
		out[key] = s.Members()[i].ID()
	}
	return out
}

// moves counts the keys that changed their backend, and those of them that had no
// need to: from was still there.
func moves(before, after []lb.BackendID, gone lb.BackendID) (all, needless int) {
	for k := range before {
		if before[k] == after[k] {
			continue
		}
		all++
		if before[k] != gone {
			needless++
		}
	}
	return all, needless
}
