package experiment

import (
	"math"

	"github.com/lbctl/lbctl/measure"
)

// direction says which way a metric is good: +1 up, −1 down, 0 neither. Load is offered
// and not achieved, and how full or how deep a backend got is a matter of the load and the run's length as much as of the
// policy: utilization, shares and peaks can differ, but not be better or worse.
func direction(m measure.Metric) int {
	switch m {
	case measure.OfferedRPS, measure.UtilizationPct, measure.SharePct, measure.PeakQueue, measure.PeakInFlight:
		return 0
	}
	if m.HigherIsBetter() {
		return +1
	}
	return -1
}

// contested are the metrics that can be won: those which a client notices.
func contested() []measure.Metric {
	return []measure.Metric{
		measure.MeanMS, measure.P50MS, measure.P90MS, measure.P99MS, measure.P999MS, measure.MaxMS,
		measure.GoodputRPS, measure.ErrorsPct, measure.TimeoutsPct,
	}
}

// versus compares the columns with that of the baseline. The family of Holm's correction is one
// metric over the variants of one scenario: the chance of any false "better" or "worse" in a
// column of the table is at most 5%. The intervals of the differences are not widened, so that one
// can leave out 0 and the verdict still be "no significant difference".
func versus(m measure.Metric, columns []*column, baseline int) []Difference {
	out := make([]Difference, len(columns))
	p := make([]float64, len(columns))
	base := columns[baseline].estimate()
	for i, c := range columns {
		t := compare(c, columns[baseline])
		if p[i] = t.p; i == baseline {
			p[i] = math.NaN() // no member of the family
		}
		out[i] = Difference{Estimate: t.diff, RelativePct: relative(t.diff.Mean, base.Mean)}
	}
	for i, q := range holm(p) {
		out[i].P = q
		out[i].Verdict = verdict(m, out[i])
	}
	return out
}

// relative is in per cent of base; NaN where base is 0, but 0 when nothing differs.
func relative(diff, base float64) float64 {
	switch {
	case diff == 0:
		return 0
	case base == 0:
		return math.NaN()
	}
	return 100 * diff / math.Abs(base)
}

func verdict(m measure.Metric, d Difference) Verdict {
	way := direction(m)
	switch {
	case math.IsNaN(d.P):
		return Undecidable
	case d.P >= alpha:
		return NoDifference
	case way == 0:
		return Different
	case (way > 0) == (d.Mean > 0):
		return Better
	}
	return Worse
}

// leaders returns those of the given columns than which none is significantly better: the one
// with the best mean, and those that a paired t test does not tell from it (Holm's correction over all
// that are tested against it). Where no test is possible, as when all timed out, only columns whose mean
// equals the best are as good. It is nil if none was measured.
func leaders(m measure.Metric, columns []*column, among []int) []int {
	best := leader(m, columns, among)
	if best < 0 {
		return nil
	}
	p := make([]float64, len(among))
	for i, c := range among {
		if p[i] = math.NaN(); c != best {
			p[i] = compare(columns[c], columns[best]).p
		}
	}
	bestMean := columns[best].estimate().Mean
	var out []int
	for i, q := range holm(p) {
		equal := math.IsNaN(q) && columns[among[i]].estimate().Mean == bestMean
		if equal || q >= alpha {
			out = append(out, among[i])
		}
	}
	return out
}

// leader returns the column with the best mean, the first of equals; −1 if none was measured.
func leader(m measure.Metric, columns []*column, among []int) int {
	best, bestMean := -1, math.NaN()
	for _, c := range among {
		mean := columns[c].estimate().Mean
		if !math.IsNaN(mean) && (best < 0 || float64(direction(m))*(mean-bestMean) > 0) {
			best, bestMean = c, mean
		}
	}
	return best
}
