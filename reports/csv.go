package reports

import (
	"encoding/csv"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/lbctl/lbctl/experiment"
	"github.com/lbctl/lbctl/measure"
)

var csvHeader = []string{
	"scenario", "variant", "policy", "scope", "name", "metric", "mean", "lo", "hi", "n", "censored",
	"diff", "diff_lo", "diff_hi", "p_adjusted", "verdict",
}

// CSV writes r in long form, one line for each estimate, so that any data-frame
// library can filter and pivot it. Scope is pool, group or backend; name is the
// group's or backend's. Numbers have full precision; what was not measured or compared is empty.
// Where live runs and simulations are side by side, a last column, world, says which a line is of.
func CSV(w io.Writer, r *experiment.Result) error {
	out := csv.NewWriter(w)
	// Errors of a csv.Writer stick: the one of Flush covers all writes.
	if r.Fidelity == nil {
		_ = out.Write(csvHeader)
		csvResult(out, r)
	} else {
		_ = out.Write(append(slices.Clone(csvHeader), "world"))
		csvResult(out, r, worldLive)
		csvResult(out, r.Fidelity.Simulated, worldSimulated)
	}
	out.Flush()
	return out.Error()
}

// csvResult writes the lines of a result, each with what else is to stand at its end.
func csvResult(out *csv.Writer, r *experiment.Result, more ...string) {
	for i := range r.Scenarios {
		sc := &r.Scenarios[i]
		for j := range sc.Variants {
			csvVariant(out, sc, &sc.Variants[j], more)
		}
	}
}

func csvVariant(out *csv.Writer, sc *experiment.Scenario, v *experiment.Variant, more []string) {
	line := func(scope, name, metric string, e experiment.Estimate, d *experiment.Difference) {
		record := []string{
			sc.Name, v.Name, v.Policy, scope, name, metric,
			exact(e.Mean), exact(e.Lo), exact(e.Hi), strconv.Itoa(e.N), strconv.FormatBool(e.Censored),
			"", "", "", "", "",
		}
		if d != nil {
			copy(record[11:], []string{exact(d.Mean), exact(d.Lo), exact(d.Hi), exact(d.P), string(d.Verdict)})
		}
		_ = out.Write(append(record, more...)) // see CSV
	}
	for _, m := range present(v.Metrics, measure.Metrics()) {
		var diff *experiment.Difference
		if d, ok := v.Versus[m]; ok {
			diff = &d
		}
		line("pool", "", string(m), v.Metrics[m], diff)
	}
	for _, ending := range slices.Sorted(maps.Keys(v.Endings)) {
		line("pool", "", "ended_"+ending+"_pct", v.Endings[ending], nil)
	}
	line("pool", "", "warmup_s", v.WarmupS, nil)
	parts := func(scope string, all []experiment.Part) {
		for _, p := range all {
			for _, m := range present(p.Metrics, measure.BackendMetrics()) {
				line(scope, p.Name, string(m), p.Metrics[m], nil)
			}
		}
	}
	parts("group", v.Groups)
	parts("backend", v.Backends)
}

// present returns the metrics that were estimated: those of order first, then any others by name.
func present(estimates map[measure.Metric]experiment.Estimate, order []measure.Metric) []measure.Metric {
	var out []measure.Metric
	for _, m := range order {
		if _, ok := estimates[m]; ok {
			out = append(out, m)
		}
	}
	for _, m := range slices.Sorted(maps.Keys(estimates)) {
		if !slices.Contains(order, m) {
			out = append(out, m)
		}
	}
	return out
}

func exact(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
