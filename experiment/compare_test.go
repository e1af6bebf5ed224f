package experiment

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/lbctl/lbctl/measure"
)

func TestDirection(t *testing.T) {
	for m, want := range map[measure.Metric]int{
		measure.P99MS: -1, measure.ErrorsPct: -1, measure.RetriesPct: -1, measure.Imbalance: -1,
		measure.GoodputRPS: 1, measure.Fairness: 1,
		measure.OfferedRPS: 0, measure.UtilizationPct: 0, measure.PeakQueue: 0, measure.PeakInFlight: 0, measure.SharePct: 0,
	} {
		if got := direction(m); got != want {
			t.Errorf("%s: %d, want %d", m, got, want)
		}
	}
}

// shifted is base plus by, with a wobble that keeps a paired test from being certain.
func shifted(base *column, by, wobble float64) *column {
	c := new(column)
	for i, v := range base.values {
		c.add(v+by+wobble*float64(i%3-1), false)
	}
	return c
}

func seeds(n int) *column {
	c := new(column)
	for i := range n {
		c.add(100+float64(i*i%17), false)
	}
	return c
}

func TestVersusVerdicts(t *testing.T) {
	base := seeds(12)
	columns := []*column{shifted(base, -5, 1), base, shifted(base, 5, 1), shifted(base, 0.1, 4), base}
	for _, c := range []struct {
		metric measure.Metric
		want   []Verdict
	}{
		{measure.P99MS, []Verdict{Better, Undecidable, Worse, NoDifference, NoDifference}},
		{measure.GoodputRPS, []Verdict{Worse, Undecidable, Better, NoDifference, NoDifference}},
		{measure.UtilizationPct, []Verdict{Different, Undecidable, Different, NoDifference, NoDifference}},
	} {
		got := versus(c.metric, columns, 1)
		for i, d := range got {
			if d.Verdict != c.want[i] {
				t.Errorf("%s, variant %d: %q (p = %v), want %q", c.metric, i, d.Verdict, d.P, c.want[i])
			}
		}
		near(t, "relative", got[0].RelativePct, 100*-5/base.estimate().Mean, 1e-9)
		if d := got[4]; d.P != 1 || d.Mean != 0 || d.RelativePct != 0 {
			t.Errorf("identical runs: %+v, want no difference and p = 1", d)
		}
	}
}

func TestVersusCountsTheFamily(t *testing.T) {
	// One comparison at p, and again among ten others that differ not at all: Holm multiplies by eleven.
	base := seeds(12)
	one := shifted(base, 0.6, 1)
	few := versus(measure.P99MS, []*column{base, one}, 0)[1]
	columns := []*column{base, one}
	for range 10 {
		columns = append(columns, base)
	}
	many := versus(measure.P99MS, columns, 0)[1]
	near(t, "adjusted p", many.P, 11*few.P, 1e-12)
	near(t, "a family of one", few.P, compare(one, base).p, 0)
}

func TestVersusSingleReplication(t *testing.T) {
	d := versus(measure.P99MS, []*column{columnOf(3), columnOf(5)}, 0)[1]
	if d.Verdict != Undecidable || !math.IsNaN(d.P) || d.Mean != 2 || !math.IsNaN(d.Lo) {
		t.Errorf("%+v, want the bare difference, not comparable", d)
	}
}

func TestRelative(t *testing.T) {
	near(t, "a quarter more", relative(5, 20), 25, 0)
	near(t, "of nothing", relative(5, 0), math.NaN(), 0)
	near(t, "nothing of nothing", relative(0, 0), 0, 0)
}

func TestLeaders(t *testing.T) {
	base := seeds(12)
	nan := columnOf(slices.Repeat([]float64{math.NaN()}, 12)...)
	timedOut := func(ms float64) *column {
		c := new(column)
		for range 12 {
			c.add(ms, true)
		}
		return c
	}
	for _, c := range []struct {
		name    string
		metric  measure.Metric
		columns []*column
		want    []int
	}{
		{"one best", measure.P99MS, []*column{base, shifted(base, -9, 1)}, []int{1}},
		{"up is good", measure.GoodputRPS, []*column{base, shifted(base, -9, 1)}, []int{0}},
		{"ties", measure.P99MS, []*column{shifted(base, 0.1, 4), shifted(base, 9, 1), base, base}, []int{0, 2, 3}},
		{"not measured", measure.P99MS, []*column{nan, base, nan}, []int{1}},
		{"nothing measured", measure.P99MS, []*column{nan, nan}, nil},
		{"one replication", measure.P99MS, []*column{columnOf(2), columnOf(1), columnOf(1), columnOf(3)}, []int{1, 2}},
		{"all timed out", measure.P99MS, []*column{timedOut(1000), timedOut(1000), timedOut(1500)}, []int{0, 1}},
		{"some timed out", measure.P99MS, []*column{timedOut(1000), base}, []int{1}},
	} {
		all := make([]int, len(c.columns))
		for i := range all {
			all[i] = i
		}
		if got := leaders(c.metric, c.columns, all); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// table makes the columns that order variants: errors and p99, each a mean and a wobble.
func table(rows ...[2]*column) map[measure.Metric][]*column {
	out := map[measure.Metric][]*column{}
	for _, r := range rows {
		out[measure.ErrorsPct] = append(out[measure.ErrorsPct], r[0])
		out[measure.P99MS] = append(out[measure.P99MS], r[1])
	}
	return out
}

func TestStand(t *testing.T) {
	none := columnOf(slices.Repeat([]float64{0}, 12)...)
	many := shifted(none, 20, 1)
	base := seeds(12)
	columns := table(
		[2]*column{none, shifted(base, 50, 1)},  // 0: slow
		[2]*column{many, shifted(base, -50, 1)}, // 1: the fastest, but it fails
		[2]*column{none, shifted(base, 0.1, 4)}, // 2: equals 3
		[2]*column{none, base},                  // 3
		[2]*column{many, base},                  // 4: fails as much as 1, and is slower
	)
	order := stand(columns, []int{0, 1, 2, 3, 4})
	if got, want := fmt.Sprint(order), "[[3 2] [0] [1] [4]]"; got != want && got != "[[2 3] [0] [1] [4]]" {
		t.Errorf("order %v, want %v", got, want)
	}
	if got, want := order.places(5), []float64{3, 4, 1.5, 1.5, 5}; !slices.Equal(got, want) {
		t.Errorf("places %v, want %v", got, want)
	}
	if got := stand(columns, []int{1, 4}).places(5); !slices.Equal(got, []float64{0, 1, 0, 0, 2}) {
		t.Errorf("places of two of them %v", got)
	}
}
