package experiment

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestHolmByHand(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct{ p, want []float64 }{
		// Sorted 0.005, 0.01, 0.03, 0.04, times 4, 3, 2, 1: 0.02, 0.03, 0.06, 0.04; never less than the one before.
		{[]float64{0.01, 0.04, 0.03, 0.005}, []float64{0.03, 0.06, 0.06, 0.02}},
		{[]float64{0.02, 0.02, 0.02}, []float64{0.06, 0.06, 0.06}},
		{[]float64{0.6, 0.9}, []float64{1, 1}},
		{[]float64{0, 1, 0.03}, []float64{0, 1, 0.06}},
		{[]float64{0.04}, []float64{0.04}},
		{[]float64{nan, 0.01, nan, 0.02}, []float64{nan, 0.02, nan, 0.02}}, // a family of two
		{nil, nil},
	} {
		got := holm(c.p)
		if len(got) != len(c.want) {
			t.Fatalf("holm(%v) = %v", c.p, got)
		}
		for i := range got {
			near(t, "adjusted p", got[i], c.want[i], 1e-15)
		}
	}
}

func TestHolmIsMonotoneAndNeverBelowP(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 1000 {
		p := make([]float64, 1+rng.IntN(12))
		for i := range p {
			p[i] = math.Pow(rng.Float64(), 4)
		}
		adjusted := holm(p)
		for i := range p {
			if adjusted[i] < p[i] || adjusted[i] > 1 || adjusted[i] > float64(len(p))*p[i] && adjusted[i] > maxBelow(p, adjusted, p[i]) {
				t.Fatalf("holm(%v) = %v", p, adjusted)
			}
			for j := range p {
				if p[i] < p[j] && adjusted[i] > adjusted[j] {
					t.Fatalf("holm(%v) = %v turns the order round", p, adjusted)
				}
			}
		}
	}
}

// maxBelow is the largest adjusted value of those with a smaller p.
func maxBelow(p, adjusted []float64, limit float64) float64 {
	most := 0.0
	for i := range p {
		if p[i] < limit {
			most = max(most, adjusted[i])
		}
	}
	return most
}

// TestHolmFamilyWiseErrors: with eight variants that do not differ from the baseline, the chance of
// any false verdict is at most 5% (less, since they share the baseline).
func TestHolmFamilyWiseErrors(t *testing.T) {
	const trials, variants, seeds = 2000, 9, 10
	rng := rand.New(rand.NewPCG(7, 8))
	alarms, uncorrected := 0, 0
	for range trials {
		columns := make([]*column, variants)
		for v := range columns {
			columns[v] = new(column)
			for range seeds {
				columns[v].add(rng.NormFloat64(), false)
			}
		}
		differs, would := false, false
		for _, d := range versus("p99_ms", columns, 0)[1:] {
			differs = differs || d.Verdict == Better || d.Verdict == Worse
			would = would || d.Lo > 0 || d.Hi < 0
		}
		if differs {
			alarms++
		}
		if would {
			uncorrected++
		}
	}
	if _, hi := band(trials, alpha); float64(alarms) > hi || alarms == 0 {
		t.Errorf("%d of %d families raise a false alarm, want some but at most %.0f", alarms, trials, hi)
	}
	if _, hi := band(trials, alpha); float64(uncorrected) < 2*hi {
		t.Errorf("only %d of %d uncorrected: the test cannot tell", uncorrected, trials)
	}
}
