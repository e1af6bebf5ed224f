package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/lbctl/lbctl/experiment"
)

const (
	laneHeight = 19.0
	maxLanes   = 8 // further changes are counted only
)

// lanes lays the scheduled changes of a scenario out as bars above the time
// lines, labels beside them, so that neither covers the other.
type lanes struct {
	bars   []laneBar
	count  int // lanes in use
	hidden int // changes without a lane
}

type laneBar struct {
	from, to   float64 // s
	label      string
	lane       int
	textX      float64
	room       float64
	end        bool // label ends at textX
	background bool // lasts from end to end: there is nothing to tell it from
	warmup     bool
}

// newLanes places what happened, in order of time, each in the first lane where bar and label fit.
func newLanes(s *subject, x scale) *lanes {
	out := &lanes{}
	free := make([]float64, 0, maxLanes) // where each lane is free from
	for _, b := range spansOf(s) {
		begin, end := b.place(x)
		lane := slices.IndexFunc(free, func(from float64) bool { return from <= begin })
		if lane < 0 {
			if len(free) == maxLanes {
				out.hidden++
				continue
			}
			lane = len(free)
			free = append(free, 0)
		}
		free[lane] = end + 8
		b.lane = lane
		out.bars = append(out.bars, b)
	}
	out.count = len(free)
	return out
}

// spansOf returns the warm-up and the changes, those of one span together.
func spansOf(s *subject) []laneBar {
	var out []laneBar
	if warmup := longestWarmup(s); warmup > 0 {
		out = append(out, laneBar{from: 0, to: warmup, label: "warm-up, not counted", warmup: true})
	}
	changes := slices.Clone(s.Changes)
	slices.SortStableFunc(changes, func(a, b experiment.Change) int {
		if a.FromS != b.FromS {
			return int(math.Copysign(1, a.FromS-b.FromS))
		}
		return int(math.Copysign(1, a.ToS-b.ToS))
	})
	merged := -1
	for _, c := range changes {
		if merged >= 0 && out[merged].from == c.FromS && out[merged].to == c.ToS {
			if !strings.Contains(out[merged].label, c.Label) {
				out[merged].label += ", " + c.Label
			}
			continue
		}
		merged = len(out)
		out = append(out, laneBar{from: c.FromS, to: c.ToS, label: c.Label, background: c.FromS <= 0 && c.ToS >= s.DurationS})
	}
	return out
}

// longestWarmup is the largest of the variants' mean warm-ups, s.
func longestWarmup(s *subject) float64 {
	longest := 0.0
	for i := range s.series {
		longest = max(longest, finite(s.series[i].WarmupS.Mean, 0))
	}
	return longest
}

// place puts the label into the bar if it fits, else after it, else before it,
// else as much of it as fits into the widest of the three. It returns what bar and label take.
func (b *laneBar) place(x scale) (begin, end float64) {
	from, to := x.at(b.from), x.at(b.to)
	need := textWidth(b.label) + 8
	inside, after, before := to-from, x.to-to, from-x.from
	switch {
	case need <= inside || inside >= max(after, before):
		b.textX, b.room = from+5, inside-8
		return from, to
	case need <= after || after >= before:
		b.textX, b.room = to+5, after-6
		return from, min(x.to, to+need)
	}
	b.textX, b.room, b.end = from-5, before-6, true
	return max(x.from, from-need), to
}

// draw draws the bars from y downwards.
func (ls *lanes) draw(out *svg, p *panel, y float64) {
	for _, b := range ls.bars {
		from, to := p.x.at(b.from), p.x.at(b.to)
		class := "change"
		if b.warmup {
			class = "change warmup"
		}
		top := y + laneHeight*float64(b.lane)
		out.told(b.label+", "+b.when(), "rect", "class", class, "x", num(from), "y", num(top+1), "width", num(max(2, to-from)), "height", num(laneHeight-3))
		class = "note"
		if b.end {
			class = "note end"
		}
		out.label(b.textX, top+laneHeight-6, b.room, class, b.label)
	}
	if ls.hidden > 0 {
		out.text(p.right, y+laneHeight*float64(ls.count)+10, "note end", "… and "+count(ls.hidden, "further change"))
	}
}

func (b *laneBar) when() string {
	if b.from == b.to {
		return fmt.Sprintf("at %s s", tickLabel(b.from))
	}
	return fmt.Sprintf("%s s to %s s", tickLabel(b.from), tickLabel(b.to))
}

// shade tints the spans behind a plot.
func (ls *lanes) shade(out *svg, p *panel) {
	for _, b := range ls.bars {
		if b.background {
			continue
		}
		from, to := p.x.at(b.from), p.x.at(b.to)
		class := "shade"
		if b.warmup {
			class = "shade warmup"
		}
		out.rect(from, p.top, max(1.5, to-from), p.bottom-p.top, class)
		if !b.warmup {
			out.line(from, p.top, from, p.bottom, "edge")
		}
	}
}

// height is what the lanes take.
func (ls *lanes) height() float64 {
	h := laneHeight * float64(ls.count)
	if ls.hidden > 0 {
		h += 14
	}
	return h
}
