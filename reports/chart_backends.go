package reports

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"github.com/lbctl/lbctl/experiment"
	"github.com/lbctl/lbctl/measure"
)

const (
	stripRow  = 22.0
	heatSteps = 20  // shades, of 5% of utilization each
	maxCells  = 160 // of a row; of more backends, neighbours share a cell, which shows the busiest
)

// stripCell is one or several neighbouring backends of a variant.
type stripCell struct {
	name        string
	utilization float64 // per cent, of the busiest
}

// backendStrip shows the utilization of every backend as a strip of shades for
// each variant: an even strip is a balanced load.
func backendStrip(s *subject, l layout) template.HTML {
	left, top := s.gutter(210), 26.0
	if l.narrow {
		left = s.gutter(124)
	}
	const row = stripRow
	out := drawing(l, top+row*float64(len(s.series))+48, "Utilization of every backend, as a strip of shades for each variant.")
	for i := range s.series {
		v := &s.series[i]
		y := top + row*float64(i)
		cells := stripCells(v.Backends, maxCells)
		out.open("g", "class", "row s "+v.look.class(), "data-v", v.key)
		out.rect(0, y, l.width, row, "band")
		out.label(left-12, y+row/2+4, left-14, "name end", v.Name)
		strip(out, v, cells, left, y+2, l.width-14-left, row-4)
		out.shut("g")
	}
	groupBrackets(out, s, left, top-6, l.width-14-left)
	heatKey(out, left, top+row*float64(len(s.series))+14, l)
	return out.done()
}

// stripCells puts neighbours together so that at most limit cells remain.
func stripCells(backends []experiment.Part, limit int) []stripCell {
	n := min(limit, len(backends))
	out := make([]stripCell, 0, n)
	for i := range n {
		of := backends[i*len(backends)/n : (i+1)*len(backends)/n]
		c := stripCell{name: of[0].Name, utilization: math.NaN()}
		if len(of) > 1 {
			c.name += " … " + of[len(of)-1].Name
		}
		for _, b := range of {
			c.utilization = most(c.utilization, metric(b.Metrics, measure.UtilizationPct).Mean)
		}
		out = append(out, c)
	}
	return out
}

// strip draws the cells of one shade as one path. What each is called and shows, the script reads from data.
func strip(out *svg, v *series, cells []stripCell, x, y, w, h float64) {
	if len(cells) == 0 {
		return
	}
	step := w / float64(len(cells))
	blank := 0.0
	if step > 6 {
		blank = 1
	}
	var paths [heatSteps + 1]strings.Builder
	var names, values []string
	low, high := math.NaN(), math.NaN()
	for i, c := range cells {
		names = append(names, c.name)
		u := c.utilization
		if math.IsNaN(u) {
			values = append(values, "")
			continue
		}
		values = append(values, fmt.Sprintf("%.1f", u))
		low, high = least(low, u), most(high, u)
		shade := max(0, min(heatSteps, int(math.Round(u/100*heatSteps))))
		fmt.Fprintf(&paths[shade], "M%s %sh%sv%sh-%sz", num(x+step*float64(i)), num(y), num(step-blank), num(h), num(step-blank))
	}
	out.open("g", "class", "strip", "data-name", v.Name, "data-names", strings.Join(names, "|"), "data-values", strings.Join(values, "|"), "data-from", num(x), "data-to", num(x+w))
	if !math.IsNaN(low) {
		out.title(fmt.Sprintf("%s, utilization of backends: %.1f%% to %.1f%%", v.Name, low, high))
	}
	out.rect(x, y, w, h, "paper")
	for shade := range paths {
		if d := paths[shade].String(); d != "" {
			out.leaf("path", "class", "heat", "fill-opacity", heatOpacity(shade), "d", d)
		}
	}
	stripNumbers(out, cells, x, y+h/2+4, step)
	out.shut("g")
}

// heatOpacity makes the least shade just visible.
func heatOpacity(shade int) string {
	return fmt.Sprintf("%.3g", 0.04+0.96*float64(shade)/heatSteps)
}

// stripNumbers writes the values into the cells where they fit.
func stripNumbers(out *svg, cells []stripCell, x, y, step float64) {
	if step < 32 {
		return
	}
	for i, c := range cells {
		if math.IsNaN(c.utilization) {
			continue
		}
		class := "value mid"
		if c.utilization > 72 {
			class = "value mid onheat"
		}
		out.text(x+step*(float64(i)+0.5), y, class, fmt.Sprintf("%.0f", c.utilization))
	}
}

// groupBrackets names the groups above the strips.
func groupBrackets(out *svg, s *subject, x, y, w float64) {
	var backends []experiment.Part
	for i := range s.series {
		if len(s.series[i].Backends) > len(backends) {
			backends = s.series[i].Backends
		}
	}
	n := float64(len(backends))
	for from := 0; from < len(backends); {
		to := from + 1
		for to < len(backends) && backends[to].Group == backends[from].Group {
			to++
		}
		x1, x2 := x+w*float64(from)/n, x+w*float64(to)/n
		out.line(x1+1, y, x2-2, y, "base")
		if textWidth(backends[from].Group) < x2-x1 {
			out.text((x1+x2)/2, y-5, "tick mid", backends[from].Group)
		} else if x2-x1 > 3*glyph {
			out.label(x1, y-5, x2-x1, "tick", backends[from].Group)
		}
		from = to
	}
}

func heatKey(out *svg, x, y float64, l layout) {
	w := min(160, l.width-x-60)
	for shade := range heatSteps + 1 {
		step := w / (heatSteps + 1)
		out.leaf("rect", "class", "heat", "fill-opacity", heatOpacity(shade), "x", num(x+step*float64(shade)), "y", num(y), "width", num(step), "height", "9")
	}
	out.text(x, y+23, "tick", "0%")
	out.text(x+w, y+23, "tick end", "100%")
	out.text(x+w/2, y+23, "tick mid", "utilization")
}
