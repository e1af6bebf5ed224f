package experiment

import (
	"fmt"
	"math"
	"strconv"
)

// headline says what the whole experiment showed.
func headline(r *Result) string {
	s := overall(r)
	switch {
	case !r.Interrupted:
		return s
	case len(r.NotRun) > 0:
		return s + " Interrupted before " + enumerate(r.NotRun) + "."
	}
	return s + " Interrupted: not all replications were made."
}

func overall(r *Result) string {
	n := len(r.Scenarios)
	if n == 1 {
		return r.Scenarios[0].Finding
	}
	if r.Ranking == nil {
		return fmt.Sprintf("%d scenarios without variants in common to rank over all of them.", n)
	}
	first := r.Ranking[0]
	var ahead []string
	for _, k := range r.Ranking {
		if k.MeanRank == first.MeanRank {
			ahead = append(ahead, k.Variant)
		}
	}
	s := fmt.Sprintf("Over %d scenarios %s first of %d variants (mean place %.1f)", n, places(ahead), len(r.Ranking), first.MeanRank)
	if len(ahead) == 1 {
		next := r.Ranking[1]
		s += fmt.Sprintf("; its p99 is %s; next is %s (%s)", spread(first), next.Variant, meanPlace(next.MeanRank, first.MeanRank))
	}
	return s + "."
}

func places(ahead []string) string {
	if len(ahead) == 1 {
		return ahead[0] + " ranks"
	}
	return enumerate(ahead) + " together rank"
}

// meanPlace writes a mean place to tenths, or finer where that would hide who is ahead.
func meanPlace(place, ahead float64) string {
	for decimals := 1; decimals < maxDecimals; decimals++ {
		s := strconv.FormatFloat(place, 'f', decimals, 64)
		if s != strconv.FormatFloat(ahead, 'f', decimals, 64) {
			return s
		}
	}
	return strconv.FormatFloat(place, 'f', 1, 64)
}

// spread says how far a variant's p99 lies above the least over the scenarios.
func spread(k Rank) string {
	if k.WorstRatio <= 1 {
		return "the lowest in each"
	}
	if math.IsInf(k.WorstRatio, 0) {
		return "unknown in " + k.WorstIn + ", where nothing was answered"
	}
	return fmt.Sprintf("%s the lowest on average and %s at worst, in %s", over(k.GeoRatio, " above"), over(k.WorstRatio, ""), k.WorstIn)
}

// over writes a ratio above 1: "7% above", "3.1×".
func over(ratio float64, above string) string {
	if ratio >= 2 {
		return times(ratio)
	}
	return fmt.Sprintf("%.0f%%", 100*(ratio-1)) + above
}
