package experiment

import (
	"math"
	"testing"

	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

func TestJudge(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name         string
		op           string
		bound        float64
		e            Estimate
		met, certain bool
	}{
		{"kept by all of the interval", "<", 50, Estimate{Mean: 41, Lo: 39, Hi: 43, N: 20}, true, true},
		{"kept by the mean only", "<", 42, Estimate{Mean: 41, Lo: 39, Hi: 43, N: 20}, true, false},
		{"broken by the mean only", "<", 40, Estimate{Mean: 41, Lo: 39, Hi: 43, N: 20}, false, false},
		{"broken by all of it", "<", 30, Estimate{Mean: 41, Lo: 39, Hi: 43, N: 20}, false, true},
		{"on the bound", "<", 41, Estimate{Mean: 41, Lo: 41, Hi: 41, N: 20}, false, true},
		{"on the bound, which is allowed", "<=", 41, Estimate{Mean: 41, Lo: 41, Hi: 41, N: 20}, true, true},
		{"above", ">", 30, Estimate{Mean: 41, Lo: 39, Hi: 43, N: 20}, true, true},
		{"not above", ">=", 50, Estimate{Mean: 41, Lo: 39, Hi: 43, N: 20}, false, true},
		{"one replication", "<", 50, Estimate{Mean: 41, Lo: nan, Hi: nan, N: 1}, true, false},
		{"nothing measured", "<", 50, Estimate{Mean: nan, Lo: nan, Hi: nan}, false, false},
		{"nothing measured, no bound above", ">", 0, Estimate{Mean: nan, Lo: nan, Hi: nan}, false, false},
		{"timed out above the bound", "<", 50, Estimate{Mean: 99, Lo: 99, Hi: 99, N: 20, Censored: true}, false, true},
		{"timed out below the bound", "<", 200, Estimate{Mean: 99, Lo: 99, Hi: 99, N: 20, Censored: true}, false, false},
		{"at least, timed out above", ">", 50, Estimate{Mean: 99, Lo: 99, Hi: 99, N: 20, Censored: true}, true, true},
		{"at least, timed out below", ">", 200, Estimate{Mean: 99, Lo: 99, Hi: 99, N: 20, Censored: true}, false, false},
	} {
		x := scenarios.Expectation{Line: "a line", Metric: measure.P99MS, Op: c.op, Value: c.bound}
		got := judge(x, "v", c.e)
		if got.Met != c.met || got.Certain != c.certain || got.Line != "a line" || got.Variant != "v" {
			t.Errorf("%s: met %v, certain %v; want %v, %v", c.name, got.Met, got.Certain, c.met, c.certain)
		}
	}
}

func TestExpectationsFindTheirSubject(t *testing.T) {
	c := fakeCase("one", 5, "fast", "slow", "tuned")
	c.Variants[2].Policy = "slow"
	c.Scenario.Pool.Policy.Use = "fast"
	c.Scenario.Expect = []scenarios.Expectation{
		{Line: "own", Metric: measure.P99MS, Op: "<", Value: 100},
		{Line: "by policy", Policy: "slow", Metric: measure.P99MS, Op: "<", Value: 100},
		{Line: "by variant", Variant: "tuned", Metric: measure.P99MS, Op: ">", Value: 100},
		{Line: "of a policy that took no part", Policy: "random", Metric: measure.P99MS, Op: ">", Value: 100},
		{Line: "of a group", Backend: "a", Metric: measure.SharePct, Op: "<=", Value: 50},
		{Line: "of a backend", Backend: "a[0]", Metric: measure.SharePct, Op: ">", Value: 25},
		{Line: "of no backend", Backend: "z", Metric: measure.SharePct, Op: ">", Value: 25},
	}
	want := []Expectation{
		{Line: "own", Variant: "fast", Met: true, Certain: true},
		{Line: "by policy", Variant: "slow", Met: false, Certain: true},
		{Line: "by variant", Variant: "tuned", Met: true, Certain: true},
		{Line: "of a group", Variant: "fast", Met: true, Certain: true},
		{Line: "of a backend", Variant: "fast", Met: true, Certain: true},
		{Line: "of no backend", Variant: "fast", Met: false, Certain: false},
	}
	got := mustRun(Options{Cases: []Case{c}}).Scenarios[0].Expectations
	if len(got) != len(want) {
		t.Fatalf("%d expectations, want %d: %+v", len(got), len(want), got)
	}
	for i, w := range want {
		w.Value = got[i].Value
		if !sameExpectation(got[i], w) {
			t.Errorf("%+v, want %+v", got[i], w)
		}
	}
	near(t, "share of the group", got[3].Value.Mean, 50, 0)
}

func sameExpectation(a, b Expectation) bool {
	return a.Line == b.Line && a.Variant == b.Variant && a.Met == b.Met && a.Certain == b.Certain
}
