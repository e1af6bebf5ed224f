package reports

import (
	"html"
	"html/template"
	"math"
	"slices"

	"github.com/lbctl/lbctl/experiment"
)

// look is how a variant is drawn everywhere on the page, so that it can be told
// from the others by colour, by the pattern of its line, and by the shape of its marker.
type look struct {
	hue    int    // class h0, h1 … of the style sheet; 0 is ink
	dash   string // stroke-dasharray
	marker int
}

// The hues are those of Okabe and Ito ("Color Universal Design", 2008), which
// people with any common colour blindness can tell apart. Yellow is left out: on white
// paper a yellow line can hardly be seen. Ink is kept for the baseline.
const hues = 6

var dashes = []string{"", "7 3", "2 3", "9 3 2 3"}

// looksOf gives each variant its look. Variants come in order of merit. Those that are looked at most, the best
// few and the last, come first, so that they differ in hue.
func looksOf(names []string, baseline string) map[string]look {
	if last := len(names) - 1; last > focusBest {
		names = slices.Concat(names[:focusBest], names[last:], names[focusBest:last])
	}
	out := make(map[string]look, len(names))
	n := 0
	for _, name := range names {
		if _, ok := out[name]; ok {
			continue
		}
		if name == baseline {
			out[name] = look{marker: len(markers) - 1}
			continue
		}
		// One marker fewer than there are is in turn, a number prime to that of hues.
		out[name] = look{hue: 1 + n%hues, dash: dashes[n/hues%len(dashes)], marker: n % (len(markers) - 1)}
		n++
	}
	return out
}

// markers are closed shapes around the origin as angles (in turns, from the top) and radii.
// The last one, for the baseline, is a cross.
var markers = [][]struct{ turn, radius float64 }{
	polygon(16, 0, 0.95), polygon(4, 0.125, 1.15), polygon(3, 0, 1.3), polygon(4, 0, 1.2), polygon(3, 0.5, 1.3),
	polygon(5, 0, 1.15), polygon(6, 0, 1.1),
	cross4(),
}

func polygon(corners int, turn, radius float64) []struct{ turn, radius float64 } {
	out := make([]struct{ turn, radius float64 }, corners)
	for i := range out {
		out[i].turn, out[i].radius = turn+float64(i)/float64(corners), radius
	}
	return out
}

func cross4() []struct{ turn, radius float64 } {
	out := make([]struct{ turn, radius float64 }, 12)
	for i := range out {
		quarter := float64(i/3) / 4
		out[i] = [3]struct{ turn, radius float64 }{
			{quarter + 0.125, 0.5}, {quarter + 0.205, 1.25}, {quarter + 0.295, 1.25},
		}[i%3]
	}
	return out
}

// markerPath draws marker kind around (x, y) with radius r.
func markerPath(kind int, x, y, r float64) string {
	var points []point
	for _, c := range markers[kind] {
		sin, cos := math.Sincos(2 * math.Pi * c.turn)
		points = append(points, point{x + r*c.radius*sin, y - r*c.radius*cos})
	}
	return polyline(points) + "Z"
}

// swatch is a variant's line and marker, for legends and tables.
func (l look) swatch() template.HTML {
	return template.HTML(`<svg class="swatch ` + l.class() + `" viewBox="0 0 26 12" aria-hidden="true">` +
		`<path class="line" d="M1 6H25" stroke-dasharray="` + html.EscapeString(l.dash) + `"/>` +
		`<path class="mark" d="` + markerPath(l.marker, 13, 6, 4) + `"/></svg>`)
}

// class names the hue for the style sheet.
func (l look) class() string { return "h" + string(rune('0'+l.hue)) }

// focusLimit is the number of variants up to which all are drawn in colour; of
// more, the best few, the baseline and, for contrast, the last are, and the others stay grey until asked for.
const (
	focusLimit = 6
	focusBest  = 4
)

// inFocus says which variants, in order of merit, are drawn in colour at first.
func inFocus(sc *experiment.Scenario, order []int) []bool {
	out := make([]bool, len(order))
	for i, v := range order {
		out[i] = len(order) <= focusLimit || i < focusBest || i == len(order)-1 || sc.Variants[v].Name == sc.Baseline
	}
	return out
}
