package reports

import (
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/lbctl/lbctl/experiment"
	"github.com/lbctl/lbctl/measure"
)

// beside sets a result that stands for live runs beside a simulation that is off by up to 13%.
func beside(live, simulated *experiment.Result) *experiment.Result {
	f := &experiment.Fidelity{Simulated: simulated, Finding: "Simulated p99 within 13% of live.", Conditions: "Requests left 0.1 ms late <b>."}
	for i := range live.Scenarios {
		a, b := &live.Scenarios[i], &simulated.Scenarios[i]
		sc := experiment.FidelityScenario{Name: a.Name, Finding: "Simulated p50 within 4.0% and p99 within 13% of live; outside the band of 10% and 2 points: p99 of <b>."}
		for j := range a.Variants {
			v, w := &a.Variants[j], &b.Variants[j]
			for k, m := range []measure.Metric{measure.P50MS, measure.P90MS, measure.P99MS, measure.GoodputRPS, measure.ErrorsPct} {
				sc.Rows = append(sc.Rows, besideRow(v, experiment.ScopePool, "", m, v.Metrics[m], w.Metrics[m], 13*jitter(v.Name, k)))
			}
			for g, p := range v.Groups {
				sc.Rows = append(sc.Rows, besideRow(v, experiment.ScopeGroup, p.Name, measure.SharePct, p.Metrics[measure.SharePct], w.Groups[g].Metrics[measure.SharePct], jitter(v.Name, g)))
			}
			for g, p := range v.Backends {
				sc.Rows = append(sc.Rows, besideRow(v, experiment.ScopeBackend, p.Name, measure.SharePct, p.Metrics[measure.SharePct], w.Backends[g].Metrics[measure.SharePct], 2.4*jitter(v.Name, g)))
			}
		}
		f.Scenarios = append(f.Scenarios, sc)
	}
	live.Fidelity = f
	live.Command = "lbctl bench " + live.Scenarios[0].Name
	return live
}

func besideRow(v *experiment.Variant, scope experiment.Scope, name string, m measure.Metric, a, b experiment.Estimate, off float64) experiment.FidelityRow {
	r := experiment.FidelityRow{
		Variant: v.Name, Scope: scope, Name: name, Metric: m, Live: a, Simulated: b,
		Error:  experiment.Estimate{Mean: off, Lo: math.NaN(), Hi: math.NaN(), N: a.N},
		Points: m == measure.ErrorsPct || m == measure.SharePct,
	}
	switch {
	case math.IsNaN(a.Mean):
		r.Error.Mean = math.NaN()
	case m.IsLatency():
		r.Band, r.Error.Lo, r.Error.Hi = experiment.FidelityLatencyPct, off-1.5, off+1.5
	case m == measure.SharePct:
		r.Band = experiment.FidelitySharePoints
	}
	r.Within = r.Band > 0 && math.Abs(off) <= r.Band
	return r
}

// liveFixtures are results of live runs.
func liveFixtures() map[string]*experiment.Result {
	few := func(seeds int) *experiment.Result {
		sc := oneSlow("one-slow-backend", seeds, profiles[:4])
		return &experiment.Result{Scenarios: []experiment.Scenario{sc}, Finding: sc.Finding}
	}
	return map[string]*experiment.Result{
		"few": beside(few(3), few(3)), "one seed": beside(oneSeed(), oneSeed()), "edges": beside(edges(), edges()), "two": beside(several(2), several(2)),
	}
}

func TestFidelityTableGolden(t *testing.T) {
	for _, columns := range []int{60, 100} {
		golden(t, fmt.Sprintf("fidelity-%d.txt", columns), table(t, liveFixtures()["few"], TableOptions{Width: columns}))
	}
	golden(t, "fidelity-100-color.txt", table(t, liveFixtures()["few"], TableOptions{100, true}))
}

func TestFidelityTableIsNeverWiderThanAsked(t *testing.T) {
	for name, r := range liveFixtures() {
		for columns := MinWidth; columns <= 200; columns += 20 {
			plain := table(t, r, TableOptions{Width: columns})
			for line := range strings.Lines(plain) {
				if w := width(strings.TrimSuffix(line, "\n")); w > columns {
					t.Fatalf("%s: a line is %d wide where %d was asked for:\n%s", name, w, columns, line)
				}
			}
			if colored := table(t, r, TableOptions{columns, true}); ansi.ReplaceAllString(colored, "") != plain {
				t.Fatalf("%s, %d columns: colour changes more than colour", name, columns)
			}
		}
	}
}

func TestFidelityCSVTellsTheWorldsApart(t *testing.T) {
	for name, r := range liveFixtures() {
		lines, err := csv.NewReader(strings.NewReader(asCSV(t, r))).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if want := append(slices.Clone(csvHeader), "world"); !slices.Equal(lines[0], want) {
			t.Fatalf("%s: header %q", name, lines[0])
		}
		count := map[string]int{}
		for _, line := range lines[1:] {
			count[line[len(line)-1]]++
		}
		if len(count) != 2 || count["live"] != count["simulated"] || count["live"] == 0 {
			t.Errorf("%s: lines by world: %v", name, count)
		}
	}
}

func TestFidelityPage(t *testing.T) {
	for name, r := range liveFixtures() {
		page := asHTML(t, r)
		root := parse(t, page)
		if !strings.Contains(root.text, "lbctl bench") || strings.Contains(root.text, "equal results to the byte") {
			t.Errorf("%s: the page speaks as if all was simulated", name)
		}
		tables := 0
		for _, e := range root.all("table") {
			if e.attrs["class"] != "fidelity" {
				continue
			}
			rows := e.all("tr")
			if sc := r.Scenarios[tables]; len(rows) != 1+3*len(sc.Variants) {
				t.Errorf("%s: %d lines for %d variants", name, len(rows), len(sc.Variants))
			}
			tables++
		}
		if tables != len(r.Scenarios) {
			t.Errorf("%s: %d tables for %d scenarios", name, tables, len(r.Scenarios))
		}
	}
	if strings.Contains(asHTML(t, single()), "fidelity\"") {
		t.Error("a comparison in the simulator has a table of live runs")
	}
}

func TestErrorText(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		mean, half float64
		points     bool
		want       string
	}{
		{4.14, 1.23, false, "+4.1 ±1.2%"},
		{-0.31, nan, true, "−0.31"},
		{-0.001, nan, false, "+0.0%"},
		{0, 0, true, "+0.00"},
		{nan, nan, false, "–"},
	} {
		r := &experiment.FidelityRow{Error: experiment.Estimate{Mean: c.mean, Lo: c.mean - c.half, Hi: c.mean + c.half}, Points: c.points}
		if got := errorText(r); got != c.want {
			t.Errorf("%g ± %g: got %q, want %q", c.mean, c.half, got, c.want)
		}
	}
}
