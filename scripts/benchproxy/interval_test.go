package main

import (
	"math"
	"testing"
)

// TestCoverage compares with the table of David and Nagaraja, and of any text on the sign test.
func TestCoverage(t *testing.T) {
	for _, c := range []struct {
		n, rank int
		want    float64
	}{{1, 1, 0}, {2, 1, 0.5}, {5, 1, 0.9375}, {10, 1, 1 - 2.0/1024}, {10, 2, 1 - 22.0/1024}, {10, 3, 1 - 112.0/1024}, {20, 6, 0.9586}} {
		if got := coverage(c.n, c.rank); math.Abs(got-c.want) > 1e-4 {
			t.Errorf("coverage(%d, %d) = %v, want %v", c.n, c.rank, got, c.want)
		}
	}
}

func TestEstimated(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   estimate
	}{
		{nil, estimate{}},
		{[]float64{3}, estimate{3, 3, 3, 1}},
		{[]float64{4, 1}, estimate{2.5, 1, 4, 2}},
		{[]float64{5, 1, 4, 2, 3}, estimate{3, 1, 5, 5}},
		{[]float64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, estimate{5.5, 2, 9, 10}},
	} {
		if got := estimated(c.values); got != c.want {
			t.Errorf("estimated(%v) = %+v, want %+v", c.values, got, c.want)
		}
	}
}

func TestIntervalReachesItsConfidence(t *testing.T) {
	for n := 5; n <= maxRounds; n++ {
		rank := intervalRank(n)
		if coverage(n, rank) < confidence || coverage(n, rank+1) >= confidence && 2*(rank+1) <= n {
			t.Fatalf("n=%d: rank %d covers %v, the next %v", n, rank, coverage(n, rank), coverage(n, rank+1))
		}
	}
}
