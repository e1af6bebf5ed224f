package main

import "slices"

// confidence is what an interval must reach if there are rounds enough. Five rounds give 93.75%, from
// the least to the greatest.
const confidence = 0.90

// estimate is a median with a distribution-free interval: its ends are two of the values.
type estimate struct {
	median, low, high float64
	n                 int
}

// estimated returns the median of the values and the narrowest symmetric pair of order statistics that
// holds the true median with at least the confidence, or their least and greatest if there are too few.
// (H. A. David, H. N. Nagaraja: Order Statistics, 3rd edition, section 7.1.) The values are sorted.
func estimated(values []float64) estimate {
	n := len(values)
	if n == 0 {
		return estimate{}
	}
	slices.Sort(values)
	rank := intervalRank(n)
	median := values[n/2]
	if n%2 == 0 {
		median = (values[n/2-1] + values[n/2]) / 2
	}
	return estimate{median, values[rank-1], values[n-rank], n}
}

// intervalRank says which of n values the interval begins at, counted from the least.
func intervalRank(n int) int {
	rank := 1
	for 2*(rank+1) <= n && coverage(n, rank+1) >= confidence {
		rank++
	}
	return rank
}

// coverage returns the probability that the median of a continuous distribution lies between the
// rank-th least and the rank-th greatest of n independent draws: 1 - 2·P(Binomial(n, 1/2) < rank).
func coverage(n, rank int) float64 {
	term := 1.0 // n over k, by 2^n
	for range n {
		term /= 2
	}
	below := 0.0
	for k := range rank {
		below += term
		term *= float64(n-k) / float64(k+1)
	}
	return max(0, 1-2*below)
}
