package policy

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lbctl/lbctl/lb"
)

// naiveSmooth is nginx's rule as it is told: everybody earns their weight, the
// richest is picked and pays the total.
func naiveSmooth(weights []int, n int) []uint16 {
	credit := make([]int, len(weights))
	var out []uint16
	for range n {
		total, best := 0, 0
		for i, w := range weights {
			credit[i] += w
			total += w
			if credit[i] > credit[best] {
				best = i
			}
		}
		credit[best] -= total
		out = append(out, uint16(best))
	}
	return out
}

func TestSmoothCycleModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		weights := rapid.SliceOfN(rapid.IntRange(1, 30), 1, 15).Draw(rt, "weights")
		cycle := smoothCycle(weights)
		twice := slices.Concat(cycle, cycle)
		if want := naiveSmooth(weights, len(twice)); !slices.Equal(twice, want) {
			rt.Fatalf("cycle %v, want %v", twice, want)
		}
	})
}

func membersOf(weights []float64) []lb.Member {
	members := make([]lb.Member, len(weights))
	for i, w := range weights {
		members[i] = lb.Member{Weight: w}
	}
	return members
}

// anyWeights draws weights from the whole permitted range, and alike ones.
func anyWeights(maxMembers int) *rapid.Generator[[]float64] {
	anyWeight := rapid.Map(rapid.Float64Range(-9, 9), func(e float64) float64 { return math.Pow(10, e) })
	return rapid.OneOf(
		rapid.SliceOfN(rapid.OneOf(anyWeight, rapid.SampledFrom([]float64{lb.MinWeight, 1, lb.MaxWeight})), 1, maxMembers),
		rapid.SliceOfN(rapid.Float64Range(0.1, 10), 1, maxMembers),
	)
}

func TestWholeTurnsAreExactForRatios(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		whole := rapid.SliceOfN(rapid.IntRange(1, 100), 1, 20).Draw(rt, "whole")
		unit := rapid.SampledFrom([]float64{1, 0.1, 0.01, 0.001, 7, 1000}).Draw(rt, "unit")
		whole = append(whole, 1) // with it the unit is the least weight, whatever it is
		weights := make([]float64, len(whole))
		for i, w := range whole {
			weights[i] = float64(w) * unit
		}
		if got := wholeTurns(membersOf(weights)); !slices.Equal(got, whole) {
			rt.Fatalf("turns %v, want %v", got, whole)
		}
	})
}

// The error that wholeTurns states, for any weights.
func TestWholeTurnsKeepTheirErrorBound(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		weights := anyWeights(40).Draw(rt, "weights")
		members := membersOf(weights)
		turns := wholeTurns(members)
		cycle := 0
		for _, n := range turns {
			if n < 1 {
				rt.Fatalf("a member without a turn: %v", turns)
			}
			cycle += n
		}
		if cycle > maxCycle {
			rt.Fatalf("a cycle of %d turns", cycle)
		}
		n := float64(len(members))
		for i, m := range members {
			share := m.Weight / totalWeight(members)
			bound := (1 + n*share) / (float64(roundedCycle(len(members))) - n/2)
			if off := math.Abs(float64(turns[i])/float64(cycle) - share); off > bound {
				rt.Fatalf("share %g is off by %g, more than %g", share, off, bound)
			}
		}
	})
}

func TestWholeTurnsFitTheLargestPool(t *testing.T) {
	weights := make([]float64, lb.MaxBackends)
	for i := range weights {
		weights[i] = 1 + math.Sqrt(float64(i))
	}
	if cycle := smoothCycle(wholeTurns(membersOf(weights))); len(cycle) > maxCycle {
		t.Errorf("a cycle of %d turns", len(cycle))
	}
}

// The model is the formula of grpc-go as FACTS has it, walked naively.
func TestStaticStrideModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		weights := anyWeights(10).Draw(rt, "weights")
		p := (WeightedRoundRobin{Form: "static_stride"}).New().(*weightedRoundRobin)
		picker := &stridePicker{turn: &p.turn, weights: strideWeights(membersOf(weights))}
		heaviest := slices.Max(weights)
		sequence := 0
		naive := func() int {
			for {
				i, generation := sequence%len(weights), sequence/len(weights)
				sequence++
				w := max(1, int(math.Round(weights[i]/heaviest*65535)))
				if (w*generation+i*32767)%65535 >= 65535-w {
					return i
				}
			}
		}
		for k := range 200 {
			if got, want := picker.Pick(0, lb.Request{}, nil, nil), naive(); got != want {
				rt.Fatalf("pick %d: %d, want %d", k, got, want)
			}
		}
	})
}

// Over maxStride generations each backend is picked exactly as often as its scaled weight says.
func TestStaticStrideIsExactOverItsPeriod(t *testing.T) {
	for _, w := range []uint64{1, 2, 12345, 32768, 65534, 65535} {
		for _, i := range []uint64{0, 1, 7} {
			picked := uint64(0)
			for generation := range uint64(maxStride) {
				if !strideSkips(w, i, generation) {
					picked++
				}
			}
			if picked != w {
				t.Errorf("weight %d, member %d: picked %d times", w, i, picked)
			}
		}
	}
}
