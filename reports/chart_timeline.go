package reports

import (
	"cmp"
	"html/template"
	"math"
	"slices"

	"github.com/lbctl/lbctl/experiment"
)

// course is one plot of the time lines: a figure over time.
type course struct {
	title  string
	unit   string
	height float64
	value  func(experiment.Moment) float64
	auto   bool // logarithmic where values range widely
	always bool // drawn even when it is 0 all the time
}

var courses = []course{
	{"p99, ms", "ms", 190, func(m experiment.Moment) float64 { return m.P99MS }, true, true},
	{"errors, %", "%", 90, func(m experiment.Moment) float64 { return m.ErrorsPct }, false, false},
	{"goodput, rps", "rps", 110, func(m experiment.Moment) float64 { return m.GoodputRPS }, false, true},
}

// labelGap is the least distance of labels at the ends of lines.
const labelGap = 14.5

// timeLines shows p99, errors and goodput over time, one above the other, with
// what was changed in the scenario as bars on top and as shades behind.
func timeLines(s *subject, l layout) template.HTML {
	p := &panel{left: 56, right: l.width - 168}
	if l.narrow {
		p.left, p.right = 42, l.width-8
	}
	p.x = scale{lo: 0, hi: duration(s), from: p.left, to: p.right}
	over := newLanes(s, p.x)
	drawn := slices.DeleteFunc(slices.Clone(courses), func(c course) bool { return !c.always && allZero(s, c) })
	bottom := over.height() + 4
	for _, c := range drawn {
		bottom += 30 + c.height
	}
	out := drawing(l, bottom+40, "Time lines of p99, errors and goodput of each variant; scheduled changes are bars above and shades behind.")
	over.draw(out, p, 0)
	p.bottom = over.height() + 4
	for i, c := range drawn {
		p.top = p.bottom + 30
		p.bottom = p.top + c.height
		p.course(out, s, c, over, l, i == len(drawn)-1)
	}
	if len(drawn) < len(courses) {
		out.text(p.left, p.bottom+34, "axis", "No errors at any time.")
	}
	return out.done()
}

// duration is the length of the time axis, s.
func duration(s *subject) float64 {
	end := s.DurationS
	for i := range s.series {
		if n := len(s.series[i].TimeLine); n > 0 {
			end = max(end, clampFinite(s.series[i].TimeLine[n-1].ToS, 0))
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
	p.y = values.zeroScale(p.bottom, p.top)
	title := c.title
	if c.auto {
		if p.y = values.autoScale(p.bottom, p.top); p.y.log {
			title += " (log)"
		}
	}
	over.shade(out, p)
	p.gridY(out, int(c.height/30), title)
	p.timeAxis(out, l, last)
	p.hit(out, "x", c.unit)
	if c.unit == "rps" {
		p.offered(out, s)
	}
	out.open("g", "class", "lines")
	for _, v := range s.backFirst() {
		out.open("g", "class", v.class("series"), "data-v", v.key, "data-name", v.Name)
		out.title(v.Name)
		out.leaf("path", "class", "line", "d", polyline(p.trace(v.TimeLine, c)), "stroke-dasharray", v.dash)
		out.shut("g")
	}
	out.shut("g")
	if !l.narrow {
		p.endLabels(out, s, c)
	}
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

// endLabels names the lines at their right ends, moved apart where they would
// cover each other. All variants are named if there is room, else those in focus.
func (p *panel) endLabels(out *svg, s *subject, c course) {
	type end struct {
		*series
		y float64
	}
	var ends []end
	all := float64(len(s.series)-1)*labelGap <= p.bottom-p.top+16
	for i := range s.series {
		v := &s.series[i]
		if !all && !v.focus {
			continue
		}
		line := p.trace(v.TimeLine, c)
		for j := len(line) - 1; j >= 0; j-- {
			if !math.IsNaN(line[j].y) {
				ends = append(ends, end{v, line[j].y})
				break
			}
		}
	}
	slices.SortStableFunc(ends, func(a, b end) int { return cmp.Compare(a.y, b.y) })
	wanted := make([]float64, len(ends))
	for i, e := range ends {
		wanted[i] = e.y
	}
	for i, y := range spread(wanted, labelGap, p.top-8, p.bottom+8) {
		v := ends[i]
		out.open("g", "class", v.class("series label"), "data-v", v.key)
		out.leaf("path", "class", "leader", "d", polyline([]point{{p.right + 2, v.y}, {p.right + 12, y}}))
		out.leaf("path", "class", "mark", "d", markerPath(v.marker, p.right+19, y, 3.4))
		out.label(p.right+27, y+4, 138, "name", v.Name)
		out.shut("g")
	}
}
