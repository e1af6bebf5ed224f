package experiment

import (
	"cmp"
	"math"
	"slices"
)

// alpha is the family-wise error rate: the chance that a family of comparisons
// without any true difference shows one.
const alpha = 1 - Confidence

// holm adjusts the p values of one family by Holm's step-down method (Scandinavian
// Journal of Statistics 6(2), 1979): the i-th smallest of m is multiplied by m−i+1, and none is
// smaller than those before it. Reject where the result is below alpha. NaN,
// a comparison that could not be made, stays NaN and does not count in m.
func holm(p []float64) []float64 {
	adjusted := slices.Clone(p)
	var order []int
	for i, v := range p {
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	floor := 0.0
	for rank, i := range order {
		floor = max(floor, min(1, float64(len(order)-rank)*p[i]))
		adjusted[i] = floor
	}
	return adjusted
}
