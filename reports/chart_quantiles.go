package reports

import (
	"html/template"
	"math"

	"github.com/lbctl/lbctl/measure"
)

// dot is how a quantile is marked in the chart of quantiles.
type dot struct {
	metric measure.Metric
	marker int
	radius float64
	hollow bool
}

// dots are drawn in this order: the p99, which decides, on top. The p99.9 is hollow and the
// largest, so that it shows around another in the same place.
var dots = []dot{
	{measure.P50MS, 0, 3.4, false}, {measure.P90MS, 3, 3.8, false},
	{measure.P999MS, 2, 5.2, true}, {measure.P99MS, 1, 4.2, false},
}

// quantileChart shows each variant's latency quantiles in a row of dots, with
// their intervals as bands, on a logarithmic axis.
func quantileChart(s *subject, l layout) template.HTML {
	row := 27.0
	p := &panel{left: s.gutter(210), top: 34, right: l.width - 14}
	if l.narrow {
		row, p.left, p.top = 40, 10, 42
	}
	p.bottom = p.top + row*float64(len(s.series))
	values := nothing()
	for i := range s.series {
		for _, d := range dots {
			e := metric(s.series[i].Metrics, d.metric)
			values.addPositive(e.Mean, e.Lo, e.Hi)
		}
	}
	p.x = values.logScale(p.left+8, p.right-8)
	out := drawing(l, p.bottom+40, "Latency quantiles of each variant with intervals, on a logarithmic axis. The figures are in the table above.")
	quantileKey(out, p, l)
	most := 12
	if l.narrow {
		most = 7
	}
	p.gridX(out, most, "latency, ms (log)")
	for i := range s.series {
		v := &s.series[i]
		y := p.top + row*float64(i)
		out.open("g", "class", "row s "+v.look.class(), "data-v", v.key)
		out.rect(0, y, l.width, row, "band")
		if l.narrow { // the name stands above the dots
			out.label(p.left, y+14, p.right-p.left, "name", v.Name)
			quantileDots(out, p, v, y+27)
		} else {
			out.label(p.left-12, y+row/2+4, p.left-14, "name end", v.Name)
			quantileDots(out, p, v, y+row/2)
		}
		out.shut("g")
	}
	return out.done()
}

// quantileKey explains the dots above the plot.
func quantileKey(out *svg, p *panel, l layout) {
	x, y := p.left+8, p.top-18
	for _, m := range []int{0, 1, 3, 2} {
		d := dots[m]
		d.draw(out, x, y, "")
		name := titleOf(d.metric).name
		out.text(x+5+1.4*d.radius, y+4, "key", name)
		x += 30 + textWidth(name)
	}
	out.rect(x-2, y-4, 22, 8, "interval keyed")
	out.text(x+26, y+4, "key", "95% interval")
	if !l.narrow {
		out.text(x+26+textWidth("95% interval")+18, y+4, "key", "› at least: among the time-outs")
	}
}

func (d dot) draw(out *svg, x, y float64, title string) {
	class := "mark"
	if d.hollow {
		class = "mark hollow"
	}
	if title == "" {
		out.leaf("path", "class", class, "d", markerPath(d.marker, x, y, d.radius))
		return
	}
	out.told(title, "path", "class", class, "d", markerPath(d.marker, x, y, d.radius))
}

func quantileDots(out *svg, p *panel, v *series, y float64) {
	var from, to float64 = math.NaN(), math.NaN()
	for _, d := range dots {
		if e := metric(v.Metrics, d.metric); e.Mean > 0 {
			x := p.x.at(e.Mean)
			from, to = least(from, x), most(to, x)
		}
	}
	if math.IsNaN(from) {
		out.text(p.left+8, y+4, "axis", "nothing answered")
		return
	}
	out.line(from, y, to, y, "stem")
	for _, d := range dots {
		e := metric(v.Metrics, d.metric)
		if !(e.Mean > 0) {
			continue
		}
		if hasInterval(e) {
			lo, hi := p.x.at(max(e.Lo, p.x.lo)), p.x.at(max(e.Hi, p.x.lo))
			out.rect(lo, y-4.5, hi-lo, 9, "interval")
		}
	}
	for _, d := range dots {
		e := metric(v.Metrics, d.metric)
		if !(e.Mean > 0) {
			continue
		}
		d.draw(out, p.x.at(e.Mean), y, told(v.Name, d.metric, e))
		if e.Censored {
			out.text(p.x.at(e.Mean)+7, y+4.5, "atleast", "›")
		}
	}
}

// least and most ignore NaN.
func least(a, b float64) float64 {
	if math.IsNaN(a) || b < a {
		return b
	}
	return a
}

func most(a, b float64) float64 {
	if math.IsNaN(a) || b > a {
		return b
	}
	return a
}
