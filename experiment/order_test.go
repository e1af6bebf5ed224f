package experiment

import (
	"math"
	"testing"

	"github.com/lbctl/lbctl/measure"
)

func TestRanking(t *testing.T) {
	r := mustRun(Options{Cases: []Case{
		fakeCase("one", 20, "slow", "fast", "flaky", "twin"),
		fakeCase("two", 20, "twin", "near", "flaky", "slow", "fast"),
		fakeCase("three", 20, "flaky", "slow", "fast", "twin"),
	}})
	if len(r.Ranking) != 4 { // near was in one of them only
		t.Fatalf("%d ranked: %+v", len(r.Ranking), r.Ranking)
	}
	byName := map[string]Rank{}
	for i, k := range r.Ranking {
		byName[k.Variant] = k
		if i > 0 && k.MeanRank < r.Ranking[i-1].MeanRank {
			t.Errorf("%s after %s", k.Variant, r.Ranking[i-1].Variant)
		}
	}
	for name, want := range map[string]float64{"fast": 1.5, "twin": 1.5, "slow": 3, "flaky": 4} {
		near(t, "mean rank of "+name, byName[name].MeanRank, want, 1e-12)
	}
	// The ratios are of the least p99, which is that of the flaky one.
	near(t, "ratio of flaky", byName["flaky"].GeoRatio, 1, 1e-12)
	near(t, "ratio of fast", byName["fast"].GeoRatio, 2, 0.3)
	near(t, "ratio of slow", byName["slow"].GeoRatio, 14, 2)
	near(t, "errors of flaky", byName["flaky"].ErrorsPct, 20, 1)
	if k := byName["slow"]; k.WorstRatio < k.GeoRatio || k.WorstIn == "" {
		t.Errorf("%+v: the worst cannot be below the mean", k)
	}
}

func TestRankingNeedsSeveralScenariosAndVariants(t *testing.T) {
	one := mustRun(Options{Cases: []Case{fakeCase("one", 3, "fast", "slow")}})
	if one.Ranking != nil {
		t.Errorf("one scenario: %+v", one.Ranking)
	}
	apart := mustRun(Options{Cases: []Case{fakeCase("one", 3, "fast", "slow"), fakeCase("two", 3, "near", "slow")}})
	if apart.Ranking != nil {
		t.Errorf("one variant in common: %+v", apart.Ranking)
	}
}

func TestRankingWhereNothingWasAnswered(t *testing.T) {
	r := mustRun(Options{Cases: []Case{fakeCase("one", 5, "dead", "fast"), fakeCase("two", 5, "dead", "fast")}})
	last := r.Ranking[1]
	if last.Variant != "dead" || !math.IsInf(last.GeoRatio, 1) || last.WorstIn != "one" {
		t.Errorf("%+v, want dead last with a ratio without bound", last)
	}
	if p := r.Scenarios[0].Variants; p[0].Place != 2 || p[1].Place != 1 {
		t.Errorf("places %v, %v", p[0].Place, p[1].Place)
	}
	if e := r.Scenarios[0].Variants[0].Metrics[measure.P99MS]; e.N != 0 {
		t.Errorf("p99 of nothing: %+v", e)
	}
}
