package experiment

import (
	"math"
	"strconv"
	"strings"
)

// Numbers show as many digits as their interval supports: down to the second
// significant digit of its half-width, and no more than four of the mean.
const (
	halfDigits     = 2
	meanDigits     = 4
	loneDigits     = 3 // of a single replication, whose interval is unknown
	deadlineDigits = 2 // of a deadline: every request timed out, and the histogram's bucket of 1000 ms says 999.3
	maxDecimals    = 6
	noValue        = "–"
	minusSign      = "−" // U+2212
	intervalDash   = "–"
	atLeast        = "≥ "
	undefinedPlace = math.MinInt32
)

// Format writes an estimate with its half-width: "41.2 ±1.4". A figure among the time-outs is a lower
// bound, "≥ 1000"; without an interval, or with one of no width, there is the mean alone; "–" is no value at all.
func Format(e Estimate) string {
	s := FormatMean(e)
	half := e.half()
	if math.IsNaN(e.Mean) || e.Censored || math.IsNaN(half) || half == 0 {
		return s
	}
	place := e.lastPlace()
	// Never "±0": a width below what is shown is one unit of it.
	return s + " ±" + decimal(max(half, math.Pow10(place)), place)
}

// FormatMean writes an estimate as Format does, without the half-width: "41.2", "≥ 1000", "–".
func FormatMean(e Estimate) string {
	if math.IsNaN(e.Mean) || math.IsInf(e.Mean, 0) {
		return noValue
	}
	s := decimal(e.Mean, e.lastPlace())
	if half := e.half(); (math.IsNaN(half) || half == 0) && strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".") // zeros that claim nothing
	}
	if e.Censored {
		return atLeast + s
	}
	return s
}

// FormatInterval writes the interval with the same digits: "39.8–42.6", or "−3.1 to 2.0"; "" if there is none.
func FormatInterval(e Estimate) string {
	if half := e.half(); math.IsNaN(half) || half == 0 || e.Censored {
		return ""
	}
	place := e.lastPlace()
	lo, hi := decimal(e.Lo, place), decimal(e.Hi, place)
	if e.Lo < 0 {
		return lo + " to " + hi
	}
	return lo + intervalDash + hi
}

func (e Estimate) half() float64 { return (e.Hi - e.Lo) / 2 }

// lastPlace is the power of ten of the last digit to show: −1 for tenths.
func (e Estimate) lastPlace() int {
	digits, half := meanDigits, e.half()
	switch {
	case e.Censored && (half == 0 || math.IsNaN(half)):
		digits = deadlineDigits
	case math.IsNaN(half):
		digits = loneDigits
	}
	place := max(lastOf(e.Mean, digits), lastOf(half, halfDigits))
	if place == undefinedPlace {
		return 0
	}
	return max(place, -maxDecimals)
}

// lastOf is the power of ten of the last of so many significant digits of v.
func lastOf(v float64, digits int) int {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return undefinedPlace
	}
	// Not by math.Log10, which takes 1000 for 10^2.9999999999999996 and knows no rounding to 1.00.
	_, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', digits-1, 64), "e")
	n, err := strconv.Atoi(exponent)
	if err != nil {
		panic("experiment: no exponent in " + exponent)
	}
	return n - digits + 1
}

// decimal writes v rounded to the place.
func decimal(v float64, place int) string {
	if place > 0 {
		unit := math.Pow10(place)
		v = math.Round(v/unit) * unit
	}
	s := strconv.FormatFloat(v, 'f', max(0, -place), 64)
	digits, negative := strings.CutPrefix(s, "-")
	if negative && strings.Trim(digits, "0.") != "" {
		return minusSign + digits
	}
	return digits
}
