package stats_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lbctl/lbctl/lb/rng"
	"github.com/lbctl/lbctl/lb/stats"
)

// durations draws from all orders of magnitude, edges of buckets among them.
func durations() *rapid.Generator[[]time.Duration] {
	anySize := rapid.Custom(func(t *rapid.T) time.Duration {
		shift := rapid.IntRange(0, 44).Draw(t, "magnitude")
		return time.Duration(rapid.Int64Range(0, 1<<shift).Draw(t, "duration"))
	})
	edge := rapid.Custom(func(t *rapid.T) time.Duration {
		d := time.Duration(1) << rapid.IntRange(0, 44).Draw(t, "edge")
		return d + time.Duration(rapid.IntRange(-1, 1).Draw(t, "beside"))
	})
	return rapid.SliceOfN(rapid.OneOf(anySize, edge), 1, 300)
}

// The model: the sorted slice.
func TestHistogramModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := durations().Draw(rt, "durations")
		var h stats.Histogram
		sum := 0.0
		for _, d := range all {
			h.Record(d)
			sum += float64(d)
		}
		slices.Sort(all)
		if h.Count() != uint64(len(all)) || h.Sum() != sum || h.Max() != all[len(all)-1] || h.Mean() != sum/float64(len(all)) {
			rt.Fatalf("count %d, sum %g, max %v, mean %g", h.Count(), h.Sum(), h.Max(), h.Mean())
		}
		for _, p := range []float64{0, 0.01, 0.5, 0.9, 0.99, 0.999, 1, rapid.Float64Range(0, 1).Draw(rt, "p")} {
			rank := max(1, int(math.Ceil(p*float64(len(all)))))
			exact := float64(all[rank-1])
			if off := math.Abs(h.Quantile(p) - exact); off > stats.MaxRelativeError*exact {
				rt.Fatalf("quantile %g is %g, exact %g", p, h.Quantile(p), exact)
			}
		}
		checkBuckets(rt, &h, all)
	})
}

// checkBuckets finds every duration in the one bucket that says to hold it.
func checkBuckets(rt *rapid.T, h *stats.Histogram, sorted []time.Duration) {
	end := time.Duration(0)
	for _, b := range h.Buckets() {
		if b.Lo < end || b.Hi <= b.Lo {
			rt.Fatalf("bucket [%d, %d) after one that ends at %d", b.Lo, b.Hi, end)
		}
		end = b.Hi
		within := 0
		for _, d := range sorted {
			if d >= b.Lo && d < b.Hi {
				within++
			}
		}
		if uint64(within) != b.Count {
			rt.Fatalf("bucket [%d, %d) counts %d of %d", b.Lo, b.Hi, b.Count, within)
		}
	}
}

// Two halves added are the whole, whichever is larger.
func TestHistogramAdd(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var halves [2]stats.Histogram
		var whole stats.Histogram
		for i := range halves {
			for _, d := range durations().Draw(rt, "durations") {
				halves[i].Record(d)
				whole.Record(d)
			}
		}
		halves[0].Add(&halves[1])
		if halves[0].Count() != whole.Count() || halves[0].Max() != whole.Max() || !slices.Equal(halves[0].Buckets(), whole.Buckets()) {
			rt.Fatal("the sum of two histograms is not the histogram of both")
		}
	})
}

func TestHistogramEdges(t *testing.T) {
	var h stats.Histogram
	if !math.IsNaN(h.Quantile(0.5)) || !math.IsNaN(h.Mean()) || h.Buckets() != nil {
		t.Error("an empty histogram has values")
	}
	h.Record(-time.Second) // counts as 0, in the sum too
	if h.Count() != 1 || h.Sum() != 0 || h.Max() != 0 || h.Quantile(1) != 0 {
		t.Errorf("a negative duration: count %d, sum %g, max %v", h.Count(), h.Sum(), h.Max())
	}
	h.Record(math.MaxInt64) // beyond MaxRecordable: in the last bucket, with an exact Max
	if h.Max() != math.MaxInt64 || h.Quantile(1) < float64(stats.MaxRecordable)*(1-stats.MaxRelativeError) {
		t.Errorf("the longest duration: max %v, quantile %v", h.Max(), time.Duration(h.Quantile(1)))
	}
	h.Reset()
	if h.Count() != 0 || h.Sum() != 0 || h.Max() != 0 || h.Buckets() != nil {
		t.Error("something is left after Reset")
	}
}

// Memory depends on the largest value, not on how many there were, and recording
// into a grown histogram is free of allocation.
func TestHistogramDoesNotGrow(t *testing.T) {
	var h stats.Histogram
	h.Record(stats.MaxRecordable)
	r := rng.New(1)
	if allocs := testing.AllocsPerRun(1000, func() { h.Record(time.Duration(r.Uint64() >> 1)) }); allocs != 0 {
		t.Errorf("%v allocations a record", allocs)
	}
}

func BenchmarkHistogramRecord(b *testing.B) {
	var h stats.Histogram
	r := rng.New(1)
	for b.Loop() {
		h.Record(time.Duration(r.Uint64() >> 34))
	}
}
