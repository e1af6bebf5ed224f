package reports

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/lbctl/lbctl/experiment"
	"pgregory.net/rapid"
)

func TestSpread(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wanted := rapid.SliceOfN(rapid.Float64Range(-50, 250), 0, 20).Draw(t, "wanted")
		slices.Sort(wanted)
		const gap, lo, hi = 14.0, 0.0, 200.0
		got := spread(wanted, gap, lo, hi)
		if len(got) != len(wanted) {
			t.Fatalf("%d places for %d labels", len(got), len(wanted))
		}
		room := gap
		if n := len(got); n > 1 {
			room = min(gap, (hi-lo)/float64(n-1))
		}
		for i, at := range got {
			if at < lo-1e-6 || at > hi+1e-6 {
				t.Fatalf("%v lies outside", at)
			}
			if i > 0 && at-got[i-1] < room-1e-6 {
				t.Fatalf("%v and %v are too near", got[i-1], at)
			}
		}
	})
	if got := spread([]float64{20, 100, 180}, 14, 0, 200); !slices.Equal(got, []float64{20, 100, 180}) {
		t.Errorf("labels with room moved: %v", got)
	}
	if got := spread([]float64{100, 100}, 10, 0, 200); !slices.Equal(got, []float64{95, 105}) {
		t.Errorf("two in one place: %v", got)
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		scale scale
		most  int
		want  string
	}{
		{scale{lo: 0, hi: 30}, 10, "[0 5 10 15 20 25 30]"},
		{scale{lo: 0, hi: 1500}, 3, "[0 500 1000 1500]"},
		{scale{lo: 0, hi: 1}, 5, "[0 0.2 0.4 0.6 0.8 1]"},
		{scale{lo: 0, hi: 25}, 10, "[0 5 10 15 20 25]"},
		{scale{log: true, lo: 9, hi: 1100}, 12, "[10 20 50 100 200 500 1000]"},
		{scale{log: true, lo: 9, hi: 1100}, 5, "[10 30 100 300 1000]"},
		{scale{log: true, lo: 0.05, hi: 1e6}, 9, "[0.1 1 10 100 1000 10000 100000 1000000]"},
		{scale{log: true, lo: 30, hi: 45}, 9, "[]"},
	} {
		var got []string
		for _, tick := range c.scale.ticks(c.most) {
			got = append(got, tick.label)
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%+v: %v, want %s", c.scale, got, c.want)
		}
	}
}

func TestScaleStaysInside(t *testing.T) {
	s := extent{0, 7}.zeroScale(100, 0, 4)
	if s.lo != 0 || s.hi != 8 || s.at(0) != 100 || s.at(8) != 0 || s.at(99) != 0 || s.at(-9) != 100 || !math.IsNaN(s.at(math.NaN())) {
		t.Errorf("scale %+v", s)
	}
	if ticks := (extent{0, 70}.zeroScale(90, 0, 3)).ticks(3); ticks[len(ticks)-1].value != 100 {
		t.Errorf("the last tick is not at the end of the axis: %v", ticks)
	}
	for _, empty := range []scale{nothing().zeroScale(0, 1, 4), nothing().logScale(0, 1), nothing().autoScale(0, 1, 4), extent{0, 0}.autoScale(0, 1, 4)} {
		if !(empty.lo < empty.hi) {
			t.Errorf("no axis of nothing: %+v", empty)
		}
	}
	if !(extent{1, 100}.autoScale(0, 1, 4).log) || (extent{1, 5}).autoScale(0, 1, 4).log || (extent{0, 100}).autoScale(0, 1, 4).log {
		t.Error("logarithmic where it should not be, or not where it should")
	}
}

func TestPolylineHasGaps(t *testing.T) {
	nan := math.NaN()
	got := polyline([]point{{0, 1}, {1, 2.04}, {2, nan}, {3, 4}, {4, nan}, {5, 6}, {6, 7}})
	if want := "M0 1L1 2M3 4h0M5 6L6 7"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestLooksDiffer(t *testing.T) {
	var names []string
	for i := range 1 + hues*len(dashes) {
		names = append(names, fmt.Sprint("variant ", i))
	}
	looks := looksOf(names, names[3])
	seen := map[look]bool{}
	for _, l := range looks {
		l.marker = 0 // colour and dash alone must do for lines
		if seen[l] {
			t.Errorf("%+v twice", l)
		}
		seen[l] = true
	}
	if looks[names[3]].hue != 0 {
		t.Error("the baseline is not in ink")
	}
}

func TestTailBeginsAtItsTop(t *testing.T) {
	line := inTail([]experiment.TailPoint{{MS: 1, Above: 1}, {MS: 10, Above: 0.2}, {MS: 20, Above: 0.05}, {MS: 30, Above: 1e-7}})
	if len(line) != 2 || line[0] != (experiment.TailPoint{MS: 15, Above: 0.1}) || line[1].MS != 20 {
		t.Errorf("%+v", line)
	}
	if got := inTail(nil); got != nil {
		t.Errorf("a tail of nothing: %v", got)
	}
}

func TestCrossing(t *testing.T) {
	line := []point{{0, 0}, {10, 10}, {10, 40}}
	for y, want := range map[float64]float64{0: 0, 5: 5, 10: 10, 25: 10, 40: 10} {
		if x, ok := crossing(line, y); !ok || x != want {
			t.Errorf("at %v: %v, %v", y, x, ok)
		}
	}
	if _, ok := crossing(line, 41); ok {
		t.Error("crosses beyond its end")
	}
}

// TestLanesDoNotOverlap places random changes and checks that no bar or label covers another.
func TestLanesDoNotOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sc := &experiment.Scenario{DurationS: 100}
		for range rapid.IntRange(0, 30).Draw(t, "changes") {
			from := rapid.Float64Range(0, 100).Draw(t, "from")
			sc.Changes = append(sc.Changes, experiment.Change{
				FromS: from, ToS: rapid.Float64Range(from, 100).Draw(t, "to"), Label: rapid.StringMatching(`[a-z ]{1,40}`).Draw(t, "label"),
			})
		}
		x := scale{lo: 0, hi: 100, from: 50, to: 986}
		ls := newLanes(newSubject(sc, nil), x)
		end := map[int]float64{}
		shown := 0
		for _, b := range ls.bars {
			from, to := x.at(b.from), x.at(b.to)
			left, right := b.textX, b.textX+min(b.room, textWidth(b.label))
			if b.end {
				left, right = b.textX-min(b.room, textWidth(b.label)), b.textX
			}
			if b.room > 3*glyph {
				from, to = min(from, left), max(to, right)
			}
			if before, ok := end[b.lane]; ok && from < before {
				t.Fatalf("lane %d: %+v begins at %v, the one before ends at %v", b.lane, b, from, before)
			}
			end[b.lane] = to
			shown++
		}
		if ls.count > maxLanes || shown+ls.hidden > len(sc.Changes) || shown+ls.hidden == 0 && len(sc.Changes) > 0 {
			t.Fatalf("%d lanes, %d shown and %d hidden of %d", ls.count, shown, ls.hidden, len(sc.Changes))
		}
	})
}

func TestLinesAreLabelledWhereTheyAreApart(t *testing.T) {
	p := &panel{left: 0, right: 1000, top: 0, bottom: 100}
	flat, bump := make([]point, 100), make([]point, 100)
	for i := range flat {
		flat[i] = point{float64(i) * 10, 50}
		bump[i] = flat[i]
		if i >= 40 && i < 60 {
			bump[i].y = 10
		}
	}
	if at := p.furthestApart([][]point{flat, bump}, 100); at < 45 || at > 54 {
		t.Errorf("labelled at %d, want the middle of 40 to 59", at)
	}
	spike := slices.Clone(flat)
	spike[20].y = 0
	if at := p.furthestApart([][]point{smoothed(spike), smoothed(bump)}, 100); at < 45 || at > 54 {
		t.Errorf("labelled at %d, want 40 to 59: a spike is no place for a label", at)
	}
	if at := p.furthestApart([][]point{flat, flat}, 100); at != -1 {
		t.Errorf("lines on top of each other labelled at %d", at)
	}
}

func TestStripPutsNeighboursTogether(t *testing.T) {
	v := edges().Scenarios[0].Variants[0]
	cells := stripCells(v.Backends, maxCells)
	if len(cells) != maxCells || cells[0].name != "fast[0]" || cells[1].name != "fast[1] … fast[2]" {
		t.Errorf("%d cells, %+v", len(cells), cells[:2])
	}
	if all := stripCells(v.Backends[:5], maxCells); len(all) != 5 {
		t.Errorf("%d cells of 5 backends", len(all))
	}
}
