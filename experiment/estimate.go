package experiment

import (
	"math"
	"sync"

	"gonum.org/v1/gonum/stat/distuv"
)

// moments accumulates the mean and the squared deviations of values one at a
// time (Welford, Technometrics 4(3), 1962), which keeps equal values at a variance
// of exactly 0. Values that are not finite are skipped: they mean "nothing measured".
type moments struct {
	n    int
	mean float64
	m2   float64 // Σ(x−mean)²
}

func (m *moments) add(x float64) {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return
	}
	m.n++
	d := x - m.mean
	m.mean += d / float64(m.n)
	m.m2 += d * (x - m.mean)
}

// standardError is that of the mean; for n ≥ 2.
func (m *moments) standardError() float64 {
	return math.Sqrt(max(0, m.m2) / float64(m.n-1) / float64(m.n))
}

// estimate returns the mean with Student's t interval, mean ± t(n−1)·s/√n, which
// assumes nothing but independent replications of about normal means.
func (m *moments) estimate() Estimate {
	nan := math.NaN()
	switch m.n {
	case 0:
		return Estimate{Mean: nan, Lo: nan, Hi: nan}
	case 1:
		return Estimate{Mean: m.mean, Lo: nan, Hi: nan, N: 1}
	}
	half := 0.0
	if se := m.standardError(); se > 0 {
		half = tQuantile(m.n) * se
	}
	return Estimate{Mean: m.mean, Lo: m.mean - half, Hi: m.mean + half, N: m.n}
}

// tQuantile is the half-width in standard errors of an interval over n values.
func tQuantile(n int) float64 {
	if t, ok := tQuantiles.Load(n); ok {
		return t.(float64)
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}.Quantile((1 + Confidence) / 2)
	tQuantiles.Store(n, t)
	return t
}

// tQuantiles remembers quantiles by n: one takes 20 µs to invert, and each backend of each variant wants five.
var tQuantiles sync.Map

// column is one metric of one variant, a value for each seed in order.
type column struct {
	values   []float64 // NaN: nothing measured
	censored []bool    // the value lies among the time-outs
}

func (c *column) add(v float64, censored bool) {
	c.values = append(c.values, v)
	c.censored = append(c.censored, censored)
}

func (c *column) estimate() Estimate {
	var m moments
	anyCensored := false
	for i, v := range c.values {
		m.add(v)
		anyCensored = anyCensored || c.censored[i]
	}
	e := m.estimate()
	e.Censored = anyCensored
	return e
}

// allCensored says that every value lies among the time-outs: nothing is known
// but that it is at least that long.
func (c *column) allCensored() bool {
	for _, yes := range c.censored {
		if !yes {
			return false
		}
	}
	return len(c.censored) > 0
}

// paired is the outcome of a two-sided paired t test of a − b.
type paired struct {
	diff Estimate
	p    float64 // unadjusted; NaN: not comparable
}

// compare tests a against b seed by seed. Under common random numbers both met the
// same arrivals and demands, so the luck of a seed cancels. Seeds in which either measured nothing
// are left out. Runs that never differ have p = 1; a difference that is the same in
// every seed and not 0 has p = 0. Not comparable: fewer than two pairs, or both timed out in every
// replication, where equal figures are the deadline's and not the variants'.
func compare(a, b *column) paired {
	var m moments
	anyCensored := false
	for i := range a.values {
		m.add(a.values[i] - b.values[i])
		anyCensored = anyCensored || a.censored[i] || b.censored[i]
	}
	out := paired{diff: m.estimate(), p: math.NaN()}
	out.diff.Censored = anyCensored
	if m.n < 2 || a.allCensored() && b.allCensored() {
		return out
	}
	out.p = pValue(m)
	return out
}

// pValue is the two-sided p value of the hypothesis that the mean is 0.
func pValue(m moments) float64 {
	se := m.standardError()
	if se == 0 {
		if m.mean == 0 {
			return 1
		}
		return 0
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(m.n - 1)}
	return min(1, 2*t.CDF(-math.Abs(m.mean)/se))
}
