package policy

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// The model: the smallest of exponential draws with rate weight, which is the same
// order as the largest −weight/ln(u).
func TestRendezvousModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := poolOf(rt, anyWeights(12).Draw(rt, "weights"))
		key := rapid.Uint64().Draw(rt, "key")
		want, least := 0, math.Inf(1)
		for i, m := range s.Members() {
			u := (float64(rng.Mix(m.Hash(), key)>>12) + 0.5) / (1 << 52)
			if draw := -math.Log(u) / m.Weight; draw < least*(1-1e-12) {
				want, least = i, draw
			}
		}
		if got := (Rendezvous{}).New().Build(s).Pick(0, lb.Request{Key: key}, nil, nil); got != want {
			rt.Fatalf("member %d, want %d", got, want)
		}
	})
}

// With whatever weights, just the keys of the backend that goes are moved.
func TestRendezvousMovesNoOtherKeys(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		weights := rapid.SliceOfN(rapid.Float64Range(0.1, 10), 2, 10).Draw(rt, "weights")
		gone := rapid.IntRange(0, len(weights)-1).Draw(rt, "gone")
		p := Rendezvous{}.New()
		before, after := homes(poolOf(rt, weights), p, 300), homes(without(rt, weights, gone), p, 300)
		if _, needless := moves(before, after, lb.BackendID(gone)); needless > 0 {
			rt.Fatalf("%d keys moved between backends that stayed", needless)
		}
	})
}

// Hashing policies promise shares by weight over many keys. The keys are fixed,
// so this either always passes or never does.
func TestHashingSharesFollowWeights(t *testing.T) {
	weights := []float64{1, 2, 3, 4}
	const keys = 50_000
	for _, c := range []struct {
		policy    lb.Policy
		tolerance float64 // of a share, relative
	}{
		{IPHash{}.New(), 0.03},
		{RingHash{MinRingSize: 1 << 14, MaxRingSize: 1 << 16}.New(), 0.06}, // 1/√points
		{Maglev{TableSize: 65537}.New(), 0.03},
		{Rendezvous{}.New(), 0.03},
	} {
		counts := make([]float64, len(weights))
		for _, id := range homes(poolOf(t, weights), c.policy, keys) {
			counts[id]++
		}
		for i, w := range weights {
			share, want := counts[i]/keys, w/10
			if math.Abs(share/want-1) > c.tolerance {
				t.Errorf("%s: backend %d has %.4f of the keys, want %.4f", c.policy.Name(), i, share, want)
			}
		}
	}
}
