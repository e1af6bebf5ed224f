package reports

import (
	"cmp"
	"math"
	"slices"

	"github.com/lbctl/lbctl/experiment"
	"github.com/lbctl/lbctl/measure"
)

// bestFirst returns the indices of sc's variants for showing: by their place, equals by
// p99, what was not measured last.
func bestFirst(sc *experiment.Scenario) []int {
	order := make([]int, len(sc.Variants))
	for i := range order {
		order[i] = i
	}
	p99 := func(i int) float64 {
		e := metric(sc.Variants[i].Metrics, measure.P99MS)
		if math.IsNaN(e.Mean) {
			return math.Inf(1)
		}
		return e.Mean
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(sc.Variants[a].Place, sc.Variants[b].Place), cmp.Compare(p99(a), p99(b)))
	})
	return order
}

// namesByMerit lists all variants, the best over all first.
func namesByMerit(r *experiment.Result) []string {
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, rank := range r.Ranking {
		add(rank.Variant)
	}
	for i := range r.Scenarios {
		sc := &r.Scenarios[i]
		for _, v := range bestFirst(sc) {
			add(sc.Variants[v].Name)
		}
	}
	return names
}

// moreErrors says whether some other variant has significantly fewer errors than v.
func moreErrors(sc *experiment.Scenario, v *experiment.Variant) bool {
	return distinguishes(sc, measure.ErrorsPct) && !slices.Contains(v.Best, measure.ErrorsPct)
}

// distinguishes says whether the variants differ significantly in m: some are
// among the best and some are not. Where they do not, marking all as best would say nothing.
func distinguishes(sc *experiment.Scenario, m measure.Metric) bool {
	best := 0
	for i := range sc.Variants {
		if slices.Contains(sc.Variants[i].Best, m) {
			best++
		}
	}
	return best > 0 && best < len(sc.Variants)
}

// isBest says whether v deserves a mark for m.
func isBest(sc *experiment.Scenario, v *experiment.Variant, m measure.Metric) bool {
	return slices.Contains(v.Best, m) && distinguishes(sc, m)
}

// metric returns v's estimate of m; one of nothing when it has none.
func metric(estimates map[measure.Metric]experiment.Estimate, m measure.Metric) experiment.Estimate {
	if e, ok := estimates[m]; ok {
		return e
	}
	return experiment.Estimate{Mean: math.NaN(), Lo: math.NaN(), Hi: math.NaN()}
}

// hasInterval says whether e's interval is known.
func hasInterval(e experiment.Estimate) bool { return !math.IsNaN(e.Lo) && !math.IsNaN(e.Hi) }
