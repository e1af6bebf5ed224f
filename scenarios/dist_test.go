package scenarios

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const ms = time.Millisecond

// distCase is a distribution with its true mean and SCV, from the formulas in the comments.
type distCase struct {
	name      string
	dist      Dist
	mean, scv float64 // mean in ns
	tail      float64 // share of the variance in the last 2⁻²⁰ of the distribution
}

func distCases() []distCase {
	const m = float64(10 * ms)
	return []distCase{
		{"deterministic", deterministic{10 * ms}, m, 0, 0},
		{"exponential", exponential{m}, m, 1, 0},
		// φ(1)/Φ(1) = 0.287600; mean 1+0.287600; variance 1 − 0.287600 − 0.287600² = 0.629687.
		{"normal, sigma = mu", newTruncatedNormal(10*ms, 10*ms), 1.2875999709 * m, 0.629686285 / (1.2875999709 * 1.2875999709), 0},
		// All but untouched by the truncation.
		{"normal, sigma = mu/10", newTruncatedNormal(10*ms, ms), m, 0.01, 0},
		{"normal, sigma = 0", newTruncatedNormal(10*ms, 0), m, 0, 0},
		{"lognormal 0.5", newLognormal(10*ms, 0.5), m, math.Exp(0.25) - 1, 0},
		{"lognormal 1", newLognormal(10*ms, 1), m, math.E - 1, 0},
		{"pareto 2.5", newPareto(10*ms, 2.5), m, 0.8, 0.1},
		{"pareto 3", newPareto(10*ms, 3), m, 1.0 / 3, 0.02},
		// 0.99·5 + 0.01·505 = 10; variance 0.99·25 + 0.01·495² = 2475.
		{"bimodal", bimodal{5 * ms, 505 * ms, 0.01}, m, 24.75, 0},
		{"values", newSample([]time.Duration{20 * ms, 5 * ms, 5 * ms, 10 * ms}), m, 37.5 / 100, 0},
		// Uniform on 0 to 20 ms.
		{"quantiles", newQuantiles([]float64{0, 0.25, 1}, []float64{0, m / 2, 2 * m}), m, 1.0 / 3, 0},
	}
}

// TestMoments compares what is stated and what is drawn with the formulas. The draws are the midpoints of
// equal parts of the unit interval, so that the sums are integrals and nothing is left to chance.
func TestMoments(t *testing.T) {
	const parts = 1 << 20
	for _, c := range distCases() {
		t.Run(c.name, func(t *testing.T) {
			var sum, squares float64
			for i := range uint64(parts) {
				x := float64(c.dist.Sample(i<<44 + 1<<43))
				sum += x
				squares += x * x
			}
			mean := sum / parts
			scv := squares/parts/(mean*mean) - 1
			near := func(what string, got, want, tolerance float64) {
				if math.Abs(got-want) > tolerance {
					t.Errorf("%s: got %v, want %v ± %v", what, got, want, tolerance)
				}
			}
			near("stated mean", float64(c.dist.Mean()), c.mean, 1)
			near("stated SCV", c.dist.SCV(), c.scv, 1e-8*(1+c.scv))
			near("mean of draws", mean, c.mean, 2e-4*c.mean)
			near("SCV of draws", scv, c.scv, c.tail*c.scv+1e-3*c.scv+1e-9)
		})
	}
}

func TestInfiniteVariance(t *testing.T) {
	if got := newPareto(ms, 2).SCV(); !math.IsInf(got, 1) {
		t.Errorf("SCV of a Pareto variable with α = 2: got %v, want +Inf", got)
	}
}

func TestQuantilesOfInversion(t *testing.T) {
	const half = 1 << 63
	for name, c := range map[string]struct {
		dist Dist
		want time.Duration
	}{
		"exponential": {exponential{float64(10 * ms)}, 6931471},
		"lognormal":   {newLognormal(10*ms, 1), 6065306},            // mean·exp(−½)
		"pareto":      {newPareto(10*ms, 2.5), 7917047},             // 6 ms·2^(1/2.5)
		"normal":      {newTruncatedNormal(10*ms, 10*ms), 12001736}, // μ + σ·Φ⁻¹(½·(1+Φ(−1)))
		"values":      {newSample([]time.Duration{1, 2, 3, 4}), 3},  // the third quarter begins
		"bimodal":     {bimodal{1, 9, 0.5}, 9},                      // the upper half begins
		"quantiles":   {newQuantiles([]float64{0, 1}, []float64{0, 10}), 5},
	} {
		if got := c.dist.Sample(half); (got - c.want).Abs() > 2 {
			t.Errorf("median of %s: got %d, want %d", name, got, c.want)
		}
	}
}

// TestSampleIsMonotone holds every distribution to what inversion means: more
// bits, more time; never negative; never beyond MaxDemand.
func TestSampleIsMonotone(t *testing.T) {
	dists := distCases()
	dists = append(dists, distCase{name: "pareto, hardly a mean", dist: newPareto(24*time.Hour, 1.000001)})
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(dists).Draw(t, "dist")
		u := rapid.Uint64().Draw(t, "u")
		v := rapid.Uint64Min(u).Draw(t, "v")
		x, y := c.dist.Sample(u), c.dist.Sample(v)
		if x < 0 || y > MaxDemand || x > y+1 { // 1 ns: the table of exponentials is exact to 1e-12
			t.Fatalf("%s: %#x gives %v, %#x gives %v", c.name, u, x, v, y)
		}
	})
}

func BenchmarkSample(b *testing.B) {
	for _, c := range distCases() {
		b.Run(c.name, func(b *testing.B) {
			u := uint64(0)
			for b.Loop() {
				u += 0x9e3779b97f4a7c15
				c.dist.Sample(u)
			}
		})
	}
}
