package experiment

import (
	"cmp"
	"math"
	"slices"

	"github.com/lbctl/lbctl/measure"
)

// A standing orders variants of one scenario: sets of equals, best first, each in
// the order of its p99.
//
// The order is by errors_pct first, since an answer that never came has no
// latency: those than which none has significantly fewer errors come first, then the same among the
// rest, and so on. Within each of these sets the same is done with p99_ms.
// So who fails significantly more than the best never stands above it, however fast
// its answers are, and who is not told apart from the first of a set shares its place. (Being not
// told apart is no equivalence; comparing with the first of a set makes it one.)
type standing [][]int

func stand(columns map[measure.Metric][]*column, among []int) standing {
	var out standing
	for _, tier := range peel(measure.ErrorsPct, columns[measure.ErrorsPct], among) {
		for _, equals := range peel(measure.P99MS, columns[measure.P99MS], tier) {
			slices.SortStableFunc(equals, func(a, b int) int {
				return compareMeans(columns[measure.P99MS][a], columns[measure.P99MS][b])
			})
			out = append(out, equals)
		}
	}
	return out
}

// peel takes off the leaders, then the leaders of the rest, until nothing is left. What was
// not measured comes last, together.
func peel(m measure.Metric, columns []*column, among []int) [][]int {
	var out [][]int
	rest := slices.Clone(among)
	for len(rest) > 0 {
		first := leaders(m, columns, rest)
		if first == nil {
			return append(out, rest)
		}
		out = append(out, first)
		rest = slices.DeleteFunc(rest, func(i int) bool { return slices.Contains(first, i) })
	}
	return out
}

// compareMeans sorts up, NaN last.
func compareMeans(a, b *column) int {
	x, y := a.estimate().Mean, b.estimate().Mean
	switch {
	case math.IsNaN(x) && math.IsNaN(y):
		return 0
	case math.IsNaN(x):
		return 1
	case math.IsNaN(y):
		return -1
	}
	return cmp.Compare(x, y)
}

// places returns the place of each of n variants, 0 for those that do not stand. Equals share the mean
// of their places, as in Friedman's test, so that the sum of all places is the same in every scenario.
func (s standing) places(n int) []float64 {
	out := make([]float64, n)
	before := 0
	for _, equals := range s {
		for _, i := range equals {
			out[i] = float64(before) + float64(len(equals)+1)/2
		}
		before += len(equals)
	}
	return out
}

// rank compares the variants that took part in every scenario, by name. It is nil unless there are several
// scenarios and several such variants. Sorted by mean place, then by the ratios' mean.
func rank(all []*trial) []Rank {
	if len(all) < 2 {
		return nil
	}
	names := common(all)
	if len(names) < 2 {
		return nil
	}
	ranks := make([]Rank, len(names))
	for i, name := range names {
		ranks[i].Variant = name
	}
	for _, t := range all {
		t.score(ranks)
	}
	for i := range ranks {
		ranks[i].average(float64(len(all)))
	}
	slices.SortStableFunc(ranks, func(a, b Rank) int {
		return cmp.Or(cmp.Compare(a.MeanRank, b.MeanRank), cmp.Compare(a.GeoRatio, b.GeoRatio))
	})
	return ranks
}

// score adds what one scenario says to the ranks: sums until they are averaged, of the ratio's logarithms.
func (t *trial) score(ranks []Rank) {
	among := make([]int, len(ranks))
	for i, r := range ranks {
		among[i] = t.indexOf(r.Variant)
	}
	places := stand(t.columns, among).places(len(t.plan.variants))
	p99 := t.columns[measure.P99MS]
	least := math.NaN()
	if first := leader(measure.P99MS, p99, among); first >= 0 {
		least = p99[first].estimate().Mean
	}
	for i, v := range among {
		r := &ranks[i]
		r.MeanRank += places[v]
		r.ErrorsPct += t.columns[measure.ErrorsPct][v].estimate().Mean
		x := ratio(p99[v].estimate().Mean, least)
		r.GeoRatio += math.Log(x)
		if x > r.WorstRatio {
			r.WorstRatio, r.WorstIn = x, t.plan.name
		}
	}
}

func (r *Rank) average(scenarios float64) {
	r.MeanRank /= scenarios
	r.ErrorsPct /= scenarios
	r.GeoRatio = math.Exp(r.GeoRatio / scenarios)
}

// ratio is x over the least; +Inf where nothing was answered, 1 where nothing took any time.
func ratio(x, least float64) float64 {
	switch {
	case math.IsNaN(x):
		return math.Inf(1)
	case x == least:
		return 1
	}
	return x / least
}

// common returns the variants of the first scenario that are in all others too.
func common(all []*trial) []string {
	var names []string
	for _, v := range all[0].plan.variants {
		everywhere := true
		for _, t := range all[1:] {
			everywhere = everywhere && t.indexOf(v.Name) >= 0
		}
		if everywhere {
			names = append(names, v.Name)
		}
	}
	return names
}
