package reports

import (
	"math"
	"strings"
)

// panel is a plot's rectangle with its axes.
type panel struct {
	left, top, right, bottom float64
	x, y                     scale
}

// gridX draws vertical lines with their values below, and the axis title at the right end under them.
func (p *panel) gridX(s *svg, most int, title string) {
	for _, t := range p.x.ticks(most) {
		x := p.x.at(t.value)
		s.line(x, p.top, x, p.bottom, "grid")
		if t.label != "" {
			s.text(x, p.bottom+16, "tick mid", t.label)
		}
	}
	if title != "" {
		s.text(p.right, p.bottom+32, "axis end", title)
	}
}

// gridY draws horizontal lines with their values to the left, and the axis title above.
func (p *panel) gridY(s *svg, most int, title string) {
	for _, t := range p.y.ticks(most) {
		y := p.y.at(t.value)
		s.line(p.left, y, p.right, y, "grid")
		if t.label != "" {
			s.text(p.left-6, y+4, "tick end", t.label)
		}
	}
	if title != "" {
		s.text(p.left, p.top-7, "axis", title)
	}
}

// hit covers the panel with what the script needs to read values under the pointer: the scales
// and which of them is read along.
func (p *panel) hit(s *svg, cross, unit string) {
	s.leaf("rect", "class", "hit", "x", num(p.left), "y", num(p.top), "width", num(p.right-p.left), "height", num(p.bottom-p.top),
		"data-x", p.x.data(), "data-y", p.y.data(), "data-cross", cross, "data-unit", unit)
}

// data writes the scale for the script: "log 1 1000 50 700".
func (s scale) data() string {
	kind := "lin"
	if s.log {
		kind = "log"
	}
	return strings.Join([]string{kind, plainNumber(s.lo), plainNumber(s.hi), num(s.from), num(s.to)}, " ")
}

func plainNumber(v float64) string { return tickLabel(v) }

// spread moves labels apart so that neighbours are at least gap away from each
// other and all lie between lo and hi, staying as near to where they want to be as
// that allows. Wanted places must be ascending. If there are too many for the room the gap shrinks.
func spread(wanted []float64, gap, lo, hi float64) []float64 {
	n := len(wanted)
	if n == 0 {
		return nil
	}
	if n > 1 {
		gap = min(gap, (hi-lo)/float64(n-1))
	}
	// Blocks of touching labels sit at the mean of what their members want; blocks
	// that would overlap merge (pool adjacent violators).
	type block struct {
		sum  float64 // of wanted places less the members' offsets in the block
		size int
	}
	var blocks []block
	start := func(b block) float64 {
		at := b.sum / float64(b.size)
		return max(lo, min(at, hi-gap*float64(b.size-1)))
	}
	for _, w := range wanted {
		blocks = append(blocks, block{w, 1})
		for len(blocks) > 1 {
			a, b := blocks[len(blocks)-2], blocks[len(blocks)-1]
			if start(a)+gap*float64(a.size) <= start(b)+1e-9 {
				break
			}
			merged := block{a.sum + b.sum - float64(b.size)*gap*float64(a.size), a.size + b.size}
			blocks = append(blocks[:len(blocks)-2], merged)
		}
	}
	out := make([]float64, 0, n)
	for _, b := range blocks {
		at := start(b)
		for i := range b.size {
			out = append(out, at+gap*float64(i))
		}
	}
	return out
}

// finite replaces what cannot be drawn.
func finite(v, instead float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return instead
	}
	return v
}
