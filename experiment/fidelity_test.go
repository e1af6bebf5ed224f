package experiment

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

// world makes runs of the fakes in which latencies are so many times as long, and group a gets so many points more.
func world(factor map[string]float64, points float64) RunFunc {
	return func(_ context.Context, v scenarios.Variant, seed uint64) (*measure.Run, error) {
		run := fakeRun(v.Policy, seed)
		f, ok := factor[v.Name]
		if !ok {
			f = 1
		}
		for m := range run.Values { // order-free: each value by itself
			if m.IsLatency() {
				run.Values[m] *= f
			}
		}
		for _, parts := range [][]measure.BackendRun{run.Backends, run.Groups} {
			parts[0].Values[measure.SharePct] += points
		}
		return run, nil
	}
}

func sideBySide(t *testing.T, seeds int, simulated RunFunc, variants ...string) *Fidelity {
	t.Helper()
	o := Options{Cases: []Case{fakeCase("test", seeds, variants...)}, Workers: 1}
	live, err := Run(context.Background(), o, fakeDriver)
	if err != nil {
		t.Fatal(err)
	}
	other, err := Run(context.Background(), o, simulated)
	if err != nil {
		t.Fatal(err)
	}
	r, err := SideBySide(live, other, "As quiet as can be.")
	if err != nil {
		t.Fatal(err)
	}
	if live.Fidelity != nil {
		t.Error("the live result was changed")
	}
	return r.Fidelity
}

func rowOf(t *testing.T, f *Fidelity, variant string, scope Scope, name string, m measure.Metric) FidelityRow {
	t.Helper()
	for _, r := range f.Scenarios[0].Rows {
		if r.Variant == variant && r.Scope == scope && r.Name == name && r.Metric == m {
			return r
		}
	}
	t.Fatalf("no row of %s %s %q %s", variant, scope, name, m)
	return FidelityRow{}
}

func TestFidelityErrors(t *testing.T) {
	f := sideBySide(t, 10, world(map[string]float64{"fast": 1.05, "slow": 0.8}, 3), "fast", "slow", "flaky")
	for _, c := range []struct {
		variant string
		scope   Scope
		name    string
		metric  measure.Metric
		want    float64
		points  bool
		within  bool
	}{
		{"fast", ScopePool, "", measure.P50MS, 5, false, true},
		{"fast", ScopePool, "", measure.P99MS, 5, false, true},
		{"slow", ScopePool, "", measure.P99MS, -20, false, false},
		{"flaky", ScopePool, "", measure.P99MS, 0, false, true},
		{"flaky", ScopePool, "", measure.ErrorsPct, 0, true, false}, // there is no band
		{"fast", ScopePool, "", measure.GoodputRPS, 0, false, false},
		{"fast", ScopeGroup, "a", measure.SharePct, 3, true, false},
		{"fast", ScopeBackend, "a[0]", measure.SharePct, 3, true, false},
		{"fast", ScopeBackend, "a[1]", measure.SharePct, 0, true, true},
	} {
		r := rowOf(t, f, c.variant, c.scope, c.name, c.metric)
		if math.Abs(r.Error.Mean-c.want) > 1e-9 || r.Points != c.points || r.Within != c.within {
			t.Errorf("%s %s %s: error %g, points %v, within %v; want %g, %v, %v",
				c.variant, c.name, c.metric, r.Error.Mean, r.Points, r.Within, c.want, c.points, c.within)
		}
	}
	// The interval is that of the difference seed by seed, which is far narrower than those of the figures.
	if r := rowOf(t, f, "fast", ScopePool, "", measure.P99MS); !(r.Error.Lo < 5 && 5 < r.Error.Hi && r.Error.Hi-r.Error.Lo < 2) {
		t.Errorf("interval of the error %g to %g", r.Error.Lo, r.Error.Hi)
	}
}

func TestFidelityFindings(t *testing.T) {
	for name, c := range map[string]struct {
		seeds    int
		variants []string
		factor   map[string]float64
		points   float64
		want     []string
	}{
		"exact": {
			seeds: 10, variants: []string{"fast", "slow"},
			want: []string{
				"Simulated p50 within 0.0%, p90 within 0.0%, p99 within 0.0% and shares within 0.0 points of live: inside the band of 10% and 2 points.",
				"Same ranking: 1 of 1 pairs in the same order, 0 not told apart.",
			},
		},
		"off": {
			seeds: 10, variants: []string{"fast", "slow"}, factor: map[string]float64{"slow": 1.2}, points: -2.5,
			want: []string{"p99 within 20% and shares within 2.5 points of live; outside the band", "p99 of slow (+20%)", "the share of a[0] under fast (−2.5 points)"},
		},
		"another order": {
			seeds: 10, variants: []string{"fast", "slow", "flaky"}, factor: map[string]float64{"slow": 0.1},
			want: []string{"The rankings differ: 2 of 3 pairs in the same order, 0 not told apart; live, but not simulated, fast before slow."},
		},
		"twins":       {seeds: 10, variants: []string{"fast", "twin"}, want: []string{"No pair of the variants is told apart in both worlds: 0 of 1 pairs in the same order, 1 not told apart."}},
		"one variant": {seeds: 3, variants: []string{"fast"}, want: []string{"2 points."}},
		"many":        {seeds: 3, variants: []string{"fast", "slow", "near"}, factor: map[string]float64{"fast": 2, "slow": 2, "near": 2}, want: []string{"9 figures are outside the band of 10% and 2 points, such as p50 of fast (+100%)."}},
		"dead":        {seeds: 3, variants: []string{"dead"}, want: []string{"Simulated shares within 0.0 points of live"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := sideBySide(t, c.seeds, world(c.factor, c.points), c.variants...)
			for _, want := range c.want {
				if !strings.Contains(f.Finding, want) {
					t.Errorf("%q is missing in %q", want, f.Finding)
				}
			}
			if name == "one variant" && strings.Contains(f.Finding, "anking") {
				t.Errorf("a ranking of one: %q", f.Finding)
			}
		})
	}
}

func TestFidelityOverSeveralScenarios(t *testing.T) {
	o := Options{Cases: []Case{fakeCase("one", 3, "fast", "slow"), fakeCase("two", 3, "fast", "slow")}, Workers: 1}
	live, err := Run(context.Background(), o, fakeDriver)
	if err != nil {
		t.Fatal(err)
	}
	other, err := Run(context.Background(), o, world(map[string]float64{"slow": 2}, 0))
	if err != nil {
		t.Fatal(err)
	}
	r, err := SideBySide(live, other, "As quiet as can be.")
	if err != nil {
		t.Fatal(err)
	}
	const want = "Over 2 scenarios 18 of 24 simulated quantiles and shares are inside the band of 10% and 2 points of live; no pair of variants is in opposite order."
	if r.Fidelity.Finding != want {
		t.Errorf("got %q, want %q", r.Fidelity.Finding, want)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{`"fidelity":{"scenarios":[{"name":"one","rows":[{"variant":"fast","scope":"pool","metric":"p50_ms","live":{"mean":`, `"simulated":{"scenarios":`, `"conditions":"As quiet as can be."`} {
		if !strings.Contains(string(text), key) {
			t.Errorf("%s is missing in the JSON", key)
		}
	}
}

func TestSideBySideWantsTheSame(t *testing.T) {
	base := mustRun(Options{Cases: []Case{fakeCase("test", 3, "fast", "slow")}})
	for name, other := range map[string]*Result{
		"scenarios": mustRun(Options{Cases: []Case{fakeCase("test", 3, "fast", "slow"), fakeCase("more", 3, "fast", "slow")}}),
		"scenario":  mustRun(Options{Cases: []Case{fakeCase("other", 3, "fast", "slow")}}),
		"seeds":     mustRun(Options{Cases: []Case{fakeCase("test", 2, "fast", "slow")}}),
		"variants":  mustRun(Options{Cases: []Case{fakeCase("test", 3, "fast", "near")}}),
	} {
		if _, err := SideBySide(base, other, ""); err == nil {
			t.Errorf("other %s are accepted", name)
		}
	}
}

func TestAgreementCountsPairs(t *testing.T) {
	at := func(places ...float64) (out []Variant) {
		for i, p := range places {
			out = append(out, Variant{Name: fmt.Sprintf("v%d", i), Place: p})
		}
		return out
	}
	got := agreement(at(1, 2, 3.5, 3.5), at(2, 1, 3, 4))
	if got.Pairs != 6 || got.Same != 4 || got.Tied != 1 || len(got.Opposed) != 1 || got.Opposed[0] != "v0 before v1" {
		t.Errorf("got %+v", got)
	}
}
