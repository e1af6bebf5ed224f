package reports

import (
	"html/template"
	"math"
	"slices"

	"github.com/lbctl/lbctl/experiment"
	"github.com/lbctl/lbctl/measure"
)

// course is one plot of the time lines: a figure over time.
type course struct {
	title  string
	unit   string
	height float64
	value  func(experiment.Moment) float64
	half   func(experiment.Moment) float64 // half of its interval
	auto   bool                            // logarithmic where values range widely
}

// maxShareCourses bounds the plots of groups' shares.
const maxShareCourses = 6

// coursesOf lists the plots of a scenario: errors only where there are any, and the shares
// of groups of backends if there are several.
func coursesOf(s *subject) []course {
	out := []course{{
		"p99, ms", "ms", 210, func(m experiment.Moment) float64 { return m.P99MS },
		func(m experiment.Moment) float64 { return m.Half.P99MS }, true,
	}}
	errors := course{
		"errors, % of requests", "%", 90, func(m experiment.Moment) float64 { return m.ErrorsPct },
		func(m experiment.Moment) float64 { return m.Half.ErrorsPct }, false,
	}
	if !allZero(s, errors) {
		out = append(out, errors)
	}
	out = append(out, course{
		goodputTitle, "rps", 110, func(m experiment.Moment) float64 { return m.GoodputRPS },
		func(m experiment.Moment) float64 { return m.Half.GoodputRPS }, false,
	})
	for _, g := range sharesShown(s) {
		share := func(m experiment.Moment) float64 { return at(m.GroupShares, g) }
		half := func(m experiment.Moment) float64 { return at(m.Half.GroupShares, g) }
		out = append(out, course{"attempts on " + s.Groups[g] + ", %", "%", 110, share, half, false})
	}
	return out
}

// at returns the i-th value, NaN where there is none.
func at(values []float64, i int) float64 {
	if i >= len(values) {
		return math.NaN()
	}
	return values[i]
}

const goodputTitle = "goodput, rps (dotted: offered)"

// sharesShown returns the groups whose shares are drawn. Of two, one says all: the smaller, whose changes
// show on its own scale.
func sharesShown(s *subject) []int {
	switch n := len(s.Groups); {
	case n < 2:
		return nil
	case n == 2:
		if meanShare(s, 0) < meanShare(s, 1) {
			return []int{0}
		}
		return []int{1}
	default:
		out := make([]int, min(n, maxShareCourses))
		for g := range out {
			out[g] = g
		}
		return out
	}
}

func meanShare(s *subject, g int) float64 {
	sum := 0.0
	for i := range s.series {
		sum += finite(groupEstimate(&s.series[i], s.Groups[g], measure.SharePct).Mean, 0)
	}
	return sum
}

// timeLines shows p99, errors, goodput and shares over time, one above the other, with
// what was changed in the scenario as bars on top and as shades behind.
func timeLines(s *subject, l layout) template.HTML {
	p := &panel{left: 50, right: l.width - 14}
	if l.narrow {
		p.left, p.right = 42, l.width-8
	}
	p.x = scale{lo: 0, hi: duration(s), from: p.left, to: p.right}
	over := newLanes(s, p.x)
	courses := coursesOf(s)
	bottom := over.height() + 4
	for _, c := range courses {
		bottom += courseHead + c.height
	}
	out := drawing(l, bottom+40, "Time lines of each variant: p99, errors, goodput and shares of groups. Bands are 95% intervals over the replications. Scheduled changes are bars above and shades behind.")
	over.draw(out, p, 0)
	p.bottom = over.height() + 4
	for i, c := range courses {
		p.top = p.bottom + courseHead
		p.bottom = p.top + c.height
		p.course(out, s, c, over, l, i == len(courses)-1)
	}
	return out.done()
}

// courseHead is the room above a plot, for its title.
const courseHead = 32

// duration is the length of the time axis, s.
func duration(s *subject) float64 {
	end := s.DurationS
	for i := range s.series {
		if n := len(s.series[i].TimeLine); n > 0 {
			end = max(end, finite(s.series[i].TimeLine[n-1].ToS, 0))
		}
	}
	if end <= 0 {
		return 1
	}
	return end
}

func allZero(s *subject, c course) bool {
	for i := range s.series {
		for _, m := range s.series[i].TimeLine {
			if v := c.value(m); v != 0 && !math.IsNaN(v) {
				return false
			}
		}
	}
	return true
}

func (p *panel) course(out *svg, s *subject, c course, over *lanes, l layout, last bool) {
	values := nothing()
	for i := range s.series {
		for _, m := range s.series[i].TimeLine {
			values.add(c.value(m))
		}
	}
	most := int(c.height / 28)
	p.y = values.zeroScale(p.bottom, p.top, most)
	title := c.title
	if c.auto {
		if p.y = values.autoScale(p.bottom, p.top, most); p.y.log {
			title += " (log)"
		}
	}
	over.shade(out, p)
	p.gridY(out, most, title)
	p.timeAxis(out, l, last)
	p.hit(out, "x", c.unit)
	if c.title == goodputTitle {
		p.offered(out, s)
	}
	out.open("g", "class", "lines")
	for _, v := range s.backFirst() {
		out.open("g", "class", v.class("series"), "data-v", v.key, "data-name", v.Name)
		out.title(v.Name)
		if d := p.interval(v.TimeLine, c); d != "" {
			out.leaf("path", "class", "interval", "d", d)
		}
		out.leaf("path", "class", "line", "d", polyline(p.trace(v.TimeLine, c)), "stroke-dasharray", v.dash)
		out.shut("g")
	}
	out.shut("g")
	p.lineLabels(out, s, c)
}

// timeAxis draws the lines of time; their values only below the last plot.
func (p *panel) timeAxis(out *svg, l layout, last bool) {
	most := 10
	if l.narrow {
		most = 6
	}
	if last {
		p.gridX(out, most, "time, s")
		return
	}
	for _, t := range p.x.ticks(most) {
		out.line(p.x.at(t.value), p.top, p.x.at(t.value), p.bottom, "grid")
	}
}

func (p *panel) trace(moments []experiment.Moment, c course) []point {
	var out []point
	for _, m := range moments {
		y := c.value(m)
		if p.y.log && y <= 0 {
			y = math.NaN()
		}
		out = append(out, point{p.x.at((m.FromS + m.ToS) / 2), p.y.at(y)})
	}
	return out
}

// interval outlines the confidence intervals of a line, "" when they are narrower than
// the line itself.
func (p *panel) interval(moments []experiment.Moment, c course) string {
	const worthDrawing = 2 // pixels
	var upper, lower []point
	widest := 0.0
	for _, m := range moments {
		y, half := c.value(m), c.half(m)
		lo, hi := p.y.at(max(y-half, p.y.lo)), p.y.at(min(y+half, p.y.hi))
		if math.IsNaN(lo) || math.IsNaN(hi) {
			continue
		}
		x := p.x.at((m.FromS + m.ToS) / 2)
		upper, lower = append(upper, point{x, hi}), append(lower, point{x, lo})
		widest = max(widest, math.Abs(hi-lo))
	}
	if widest < worthDrawing {
		return ""
	}
	slices.Reverse(lower)
	return polyline(append(upper, lower...)) + "Z"
}

// offered draws the offered load behind the goodput. It is the same for all
// variants unless clients wait for answers; that of the first is shown.
func (p *panel) offered(out *svg, s *subject) {
	if len(s.series) == 0 {
		return
	}
	load := course{value: func(m experiment.Moment) float64 { return min(m.OfferedRPS, p.y.hi) }}
	out.open("g", "class", "offered")
	out.title("offered load")
	out.leaf("path", "class", "line", "d", polyline(p.trace(s.series[0].TimeLine, load)))
	out.shut("g")
}
