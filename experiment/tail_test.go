package experiment

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb/stats"
)

func histogramOf(n int, d func(i int) time.Duration) *stats.Histogram {
	h := new(stats.Histogram)
	for i := range n {
		h.Record(d(i))
	}
	return h
}

func TestTailIsMonotoneAndBounded(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{1, 2, 3, 10, 1000, 200_000} {
		h := histogramOf(n, func(int) time.Duration { return time.Duration(rng.ExpFloat64() * 1e7) })
		points := tail(h)
		if len(points) == 0 || len(points) > MaxTailPoints {
			t.Fatalf("%d requests: %d points", n, len(points))
		}
		last := points[len(points)-1]
		if points[0].Above != 1 || last.Above != 1/float64(n) || last.MS != float64(h.Max())/1e6 {
			t.Errorf("%d requests: from %+v to %+v", n, points[0], last)
		}
		for i := 1; i < len(points); i++ {
			if points[i].MS < points[i-1].MS || points[i].Above > points[i-1].Above {
				t.Fatalf("%d requests: %+v after %+v", n, points[i], points[i-1])
			}
		}
	}
}

func TestTailFollowsTheDistribution(t *testing.T) {
	// Exponential by inversion, so that exactly the share e^(−x/10) is above x ms.
	const n = 100_000
	h := histogramOf(n, func(i int) time.Duration { return time.Duration(-math.Log((float64(i)+0.5)/n) * 1e7) })
	for _, p := range tail(h) {
		if p.Above > 0.99 || p.Above < 20.0/n { // where a bucket or a single request is much
			continue
		}
		near(t, "ms", p.MS, -10*math.Log(p.Above), 0.01*p.MS+0.01)
	}
}

func TestTailKeepsAVerticalPieceVertical(t *testing.T) {
	// 90% take 10 ms, 10% the deadline of 1 s.
	h := histogramOf(1000, func(i int) time.Duration {
		if i%10 == 0 {
			return time.Second
		}
		return 10 * time.Millisecond
	})
	points := tail(h)
	if len(points) > 5 {
		t.Errorf("%d points for two steps: %v", len(points), points)
	}
	for _, p := range points {
		if math.Abs(p.MS-10) > 0.1 && math.Abs(p.MS-1000) > 10 {
			t.Errorf("a point at %v ms, where nothing is", p.MS)
		}
	}
}

func TestTailOfNothing(t *testing.T) {
	if got := tail(new(stats.Histogram)); got != nil {
		t.Errorf("%v", got)
	}
}
