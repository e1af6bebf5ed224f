package experiment

import (
	"fmt"
	"math"
	"strings"

	"github.com/lbctl/lbctl/measure"
)

// finding says in two sentences how faithful the simulation of a scenario is.
func (s *FidelityScenario) finding() string {
	var parts, beyond []string
	for _, m := range []measure.Metric{measure.P50MS, measure.P90MS, measure.P99MS, measure.SharePct} {
		worst, off := s.worst(m)
		if math.IsNaN(worst) {
			continue
		}
		parts = append(parts, shortName(m)+" within "+deviation(worst, m == measure.SharePct))
		beyond = append(beyond, off...)
	}
	if len(parts) == 0 {
		return "Nothing was measured in both worlds."
	}
	text := "Simulated " + enumerate(parts) + " of live"
	switch {
	case len(beyond) == 0:
		text += fmt.Sprintf(": inside the band of %g%% and %g points.", FidelityLatencyPct, FidelitySharePoints)
	case len(beyond) > maxNames:
		text += fmt.Sprintf("; %d figures are outside the band of %g%% and %g points, such as %s.", len(beyond), FidelityLatencyPct, FidelitySharePoints, beyond[0])
	default:
		text += fmt.Sprintf("; outside the band of %g%% and %g points: %s.", FidelityLatencyPct, FidelitySharePoints, strings.Join(beyond, ", "))
	}
	return strings.TrimSpace(text + " " + s.Ranking.finding())
}

// worst returns the largest error in a metric, of backends in shares, and names the rows outside the band. NaN: no
// row has a value.
func (s *FidelityScenario) worst(m measure.Metric) (worst float64, beyond []string) {
	worst = math.NaN()
	for _, r := range s.Rows {
		e := math.Abs(r.Error.Mean)
		if r.Metric != m || r.Scope == ScopeGroup || math.IsNaN(e) {
			continue
		}
		if math.IsNaN(worst) || e > worst {
			worst = e
		}
		if r.Band > 0 && !r.Within {
			beyond = append(beyond, r.name()+" ("+signed(r.Error.Mean, r.Points)+")")
		}
	}
	return worst, beyond
}

// name says what a row is of: "p99 of p2c", "the share of slow under p2c".
func (r *FidelityRow) name() string {
	if r.Metric == measure.SharePct {
		return "the share of " + r.Name + " under " + r.Variant
	}
	return shortName(r.Metric) + " of " + r.Variant
}

// finding says whether both worlds put the variants in the same order; "" for a single one.
func (a OrderAgreement) finding() string {
	counts := fmt.Sprintf("%d of %d pairs in the same order, %d not told apart", a.Same, a.Pairs, a.Tied)
	switch {
	case a.Pairs == 0:
		return ""
	case len(a.Opposed) > maxNames:
		return fmt.Sprintf("The rankings differ: %s; %d in opposite order.", counts, len(a.Opposed))
	case len(a.Opposed) > 0:
		return fmt.Sprintf("The rankings differ: %s; live, but not simulated, %s.", counts, enumerate(a.Opposed))
	case a.Same == 0:
		return fmt.Sprintf("No pair of the variants is told apart in both worlds: %s.", counts)
	}
	return fmt.Sprintf("Same ranking: %s.", counts)
}

// finding is that of the only scenario, or what is true of all.
func (f *Fidelity) finding() string {
	if len(f.Scenarios) == 1 {
		return f.Scenarios[0].Finding
	}
	rows, within, opposed := 0, 0, 0
	for _, s := range f.Scenarios {
		opposed += len(s.Ranking.Opposed)
		for _, r := range s.Rows {
			if r.Band > 0 && r.Scope != ScopeGroup && !math.IsNaN(r.Error.Mean) {
				rows++
				if r.Within {
					within++
				}
			}
		}
	}
	text := fmt.Sprintf("Over %d scenarios %d of %d simulated quantiles and shares are inside the band of %g%% and %g points of live", len(f.Scenarios), within, rows, FidelityLatencyPct, FidelitySharePoints)
	if opposed == 0 {
		return text + "; no pair of variants is in opposite order."
	}
	return fmt.Sprintf("%s; pairs of variants in opposite order: %d.", text, opposed)
}

// shortName is a metric without its unit: "p99".
func shortName(m measure.Metric) string {
	if m == measure.SharePct {
		return "shares"
	}
	name, _, _ := strings.Cut(string(m), "_")
	return name
}

// deviation writes the size of an error.
func deviation(v float64, points bool) string {
	switch {
	case points:
		return fmt.Sprintf("%.1f points", v)
	case v < 9.95:
		return fmt.Sprintf("%.1f%%", v)
	}
	return fmt.Sprintf("%.0f%%", v)
}

// signed is deviation with a sign.
func signed(v float64, points bool) string {
	if v < 0 {
		return minusSign + deviation(-v, points)
	}
	return "+" + deviation(v, points)
}
