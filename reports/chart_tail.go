package reports

import (
	"html/template"
	"math"

	"github.com/lbctl/lbctl/experiment"
)

// The tail is drawn from the slowest tenth of the requests down to at most one in a hundred thousand.
const (
	tailFrom = 0.1
	tailTo   = 1e-5
)

// tailNames are the quantiles that lie on the decades.
var tailNames = map[float64]string{0.1: "p90", 0.01: "p99", 0.001: "p99.9", 0.0001: "p99.99", 0.00001: "p99.999"}

// tailChart shows which share of the requests took longer than each latency, both by logarithm.
func tailChart(s *subject, l layout) template.HTML {
	p := &panel{left: 66, top: 32, right: l.width - 14, bottom: 360}
	if l.narrow {
		p.left, p.bottom = 62, 300
	}
	values, shares := nothing(), nothing()
	for i := range s.series {
		for _, t := range inTail(s.series[i].Tail) {
			values.addPositive(t.MS)
			shares.addPositive(t.Above)
		}
	}
	p.x = values.logScale(p.left, p.right)
	p.y = scale{log: true, lo: tailFrom, hi: tailTo, from: p.top, to: p.bottom}
	if !shares.empty() {
		p.y.hi = min(tailFrom/10, math.Pow(10, math.Floor(math.Log10(shares.lo)+0.02)))
	}
	p.y.hi = max(p.y.hi, tailTo)
	out := drawing(l, p.bottom+40, "Tail of the latencies: the share of requests that took longer, by latency, one line for each variant, on logarithmic axes.")
	most := 12
	if l.narrow {
		most = 6
	}
	p.gridX(out, most, "latency, ms (log)")
	for _, decade := range []float64{0.1, 0.01, 0.001, 0.0001, 0.00001} {
		if decade >= p.y.hi*(1-1e-9) {
			y := p.y.at(decade)
			out.line(p.left, y, p.right, y, "grid")
			out.text(p.left-6, y, "tick end strong", tailNames[decade])
			out.text(p.left-6, y+13, "tick end", tickLabel(100*decade)+"%")
		}
	}
	out.text(0, p.top-18, "axis", "share of requests that took longer (log)")
	p.hit(out, "y", "ms")
	out.open("g", "class", "lines")
	for _, v := range s.backFirst() {
		p.tail(out, &v)
	}
	out.shut("g")
	return out.done()
}

// tail draws one variant's line, and its marker on every decade.
func (p *panel) tail(out *svg, v *series) {
	var line []point
	for _, t := range inTail(v.Tail) {
		line = append(line, point{p.x.at(max(t.MS, p.x.lo)), p.y.at(t.Above)})
	}
	line = thinned(line)
	if len(line) == 0 {
		return
	}
	out.open("g", "class", v.class("series"), "data-v", v.key, "data-name", v.Name)
	out.title(v.Name)
	out.leaf("path", "class", "line", "d", polyline(line), "stroke-dasharray", v.dash)
	for decade := tailFrom; decade >= p.y.hi*(1-1e-9); decade /= 10 {
		if x, ok := crossing(line, p.y.at(decade)); ok {
			out.leaf("path", "class", "mark", "d", markerPath(v.marker, x, p.y.at(decade), 3.6))
		}
	}
	out.shut("g")
}

// thinned leaves out points that are hardly a step away from the one before.
func thinned(line []point) []point {
	const step = 1.5
	var out []point
	for i, p := range line {
		if i > 0 && i < len(line)-1 && math.Hypot(p.x-out[len(out)-1].x, p.y-out[len(out)-1].y) < step {
			continue
		}
		out = append(out, p)
	}
	return out
}

// crossing returns where line, which goes down, first reaches y.
func crossing(line []point, y float64) (x float64, ok bool) {
	for i, b := range line {
		if b.y < y-1e-6 {
			continue
		}
		if i == 0 || b.y == line[i-1].y {
			return b.x, b.y < y+1e-6
		}
		a := line[i-1]
		return a.x + (b.x-a.x)*(y-a.y)/(b.y-a.y), true
	}
	return 0, false
}

// inTail returns the points from tailFrom to tailTo; the first is interpolated to lie at tailFrom exactly.
func inTail(all []experiment.TailPoint) []experiment.TailPoint {
	var out []experiment.TailPoint
	for i, t := range all {
		if math.IsNaN(t.MS) || t.Above > tailFrom || t.Above < tailTo*(1-1e-9) {
			continue
		}
		if len(out) == 0 && i > 0 && t.Above < tailFrom && all[i-1].Above > tailFrom {
			before := all[i-1]
			share := math.Log(before.Above/tailFrom) / math.Log(before.Above/t.Above)
			out = append(out, experiment.TailPoint{MS: before.MS + share*(t.MS-before.MS), Above: tailFrom})
		}
		out = append(out, t)
	}
	return out
}
