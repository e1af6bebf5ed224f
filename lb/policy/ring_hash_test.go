package policy

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// The model of the ring: of all points the one at the least distance clockwise.
func TestRingHashModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := poolOf(rt, rapid.SliceOfN(rapid.Float64Range(0.1, 10), 1, 8).Draw(rt, "weights"))
		p := RingHash{MinRingSize: 64, MaxRingSize: 4096}.New().(*ringHash)
		perWeight, picker := p.pointsPerWeight(s), p.Build(s)
		for range 100 { // enough to meet keys beyond the last point
			key := rapid.Uint64().Draw(rt, "key")
			want, least := 0, uint64(math.MaxUint64)
			for i, m := range s.Members() {
				for k := range max(1, int(math.Round(m.Weight*perWeight))) {
					if d := rng.Mix(m.Hash(), uint64(k)) - spread(key); d < least { // modulo 2⁶⁴
						want, least = i, d
					}
				}
			}
			if got := picker.Pick(0, lb.Request{Key: key}, nil, nil); got != want {
				rt.Fatalf("key %d: member %d, want %d", key, got, want)
			}
		}
	})
}

// The model of bounded loads: go round the ring from the key and take the first who
// has less than ⌈factor·(total+1)·share⌉ in flight.
func TestBoundedLoadModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		weights := rapid.SliceOfN(rapid.SampledFrom([]float64{1, 2, 4}), 1, 8).Draw(rt, "weights")
		spec := RingHash{MinRingSize: 64, MaxRingSize: 4096, LoadFactor: rapid.SampledFrom([]float64{1, 1.25, 2}).Draw(rt, "factor")}
		b, inflight, total := startPool(rt, weights, spec.New()), make([]int, len(weights)), 0.0
		s, weight := b.Snapshot(), totalWeight(membersOf(weights))
		points := spec.New().(*ringHash).pointsPerWeight(s)
		ring := ringPicker{points: ringPoints(s.Members(), points)}
		for range rapid.IntRange(1, 80).Draw(rt, "picks") {
			req := lb.Request{Key: rapid.Uint64Range(0, 3).Draw(rt, "key")}
			at := ring.home(req)
			for {
				i := ring.points[at].member
				if float64(inflight[i]) < math.Ceil(spec.LoadFactor*(total+1)*weights[i]/weight-1e-9) {
					break
				}
				at = (at + 1) % len(ring.points)
			}
			want := int(ring.points[at].member)
			lease, err := b.Pick(0, req, nil, nil)
			if err != nil || int(lease.Backend().ID()) != want {
				rt.Fatalf("picked %v (%v), want member %d of %v", lease.Backend().Name(), err, want, inflight)
			}
			inflight[want]++
			total++
		}
	})
}

// startPool returns a pool under the policy itself.
func startPool(t rapid.TB, weights []float64, p lb.Policy) *lb.Balancer {
	balancer, controller := lb.New(lb.Config{Policy: p}, 1)
	for i, w := range weights {
		if err := controller.Step(0, lb.Add{Spec: lb.Spec{Name: backendName(i), Weight: w}}); err != nil {
			t.Fatal(err)
		}
	}
	controller.Advance(0, nil)
	return balancer
}

// A drained backend's keys move, and nobody else's.
func TestRingHashMovesNoOtherKeys(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		// The drained one weighs what the others do on average, as pointsPerWeight assumes.
		weights := make([]float64, rapid.IntRange(2, 12).Draw(rt, "backends"))
		for i := range weights {
			weights[i] = 3
		}
		gone := rapid.IntRange(0, len(weights)-1).Draw(rt, "gone")
		spec := RingHash{MinRingSize: 1024, MaxRingSize: 1 << 16}
		before, after := homes(poolOf(rt, weights), spec.New(), 500), homes(without(rt, weights, gone), spec.New(), 500)
		if _, needless := moves(before, after, lb.BackendID(gone)); needless > 0 {
			rt.Fatalf("%d keys moved between backends that stayed", needless)
		}
	})
}

func TestRingSizeKeepsItsBounds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		weights := anyWeights(30).Draw(rt, "weights")
		p := RingHash{
			MinRingSize: rapid.IntRange(1, 5000).Draw(rt, "min"),
			MaxRingSize: rapid.IntRange(1, 5000).Draw(rt, "max"),
		}.New().(*ringHash)
		s := poolOf(rt, weights)
		points := ringPoints(s.Members(), p.pointsPerWeight(s))
		n := len(weights)
		if len(points) > p.MaxRingSize+n {
			rt.Fatalf("%d points for %d backends, at most %d wanted", len(points), n, p.MaxRingSize)
		}
		if p.MaxRingSize > 2*(p.MinRingSize+n) && len(points) < p.MinRingSize-n {
			rt.Fatalf("%d points for %d backends, at least %d wanted", len(points), n, p.MinRingSize)
		}
		owned := map[int32]bool{}
		for _, point := range points {
			owned[point.member] = true
		}
		if len(owned) != n {
			rt.Fatalf("%d of %d backends are on the ring", len(owned), n)
		}
	})
}
