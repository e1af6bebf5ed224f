package reports

import (
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// svg writes one drawing. Attributes come as name, value, name, value …; all
// values and texts are escaped here, so nothing unescaped can reach the page.
type svg struct{ b strings.Builder }

// layout is the shape of a chart: each is drawn twice, for wide and for narrow
// screens, and the style sheet shows one. Shrinking one drawing to a phone's
// width would shrink its text below what can be read.
type layout struct {
	class  string
	width  float64 // user units, about CSS pixels
	narrow bool
}

var (
	wide   = layout{class: "wide", width: 1000}
	narrow = layout{class: "narrow", width: 360, narrow: true}
)

// glyph is the mean width of a character at the font size of the charts, in user units.
const glyph = 7.0

// drawing begins a chart of the given height; label says what it shows to those who do not see it.
func drawing(l layout, height float64, label string) *svg {
	s := &svg{}
	s.open("svg", "class", l.class, "viewBox", "0 0 "+num(l.width)+" "+num(height),
		"role", "img", "aria-label", label)
	return s
}

// done ends the drawing. It is safe as HTML: every value went through tag, text or title, which escape.
func (s *svg) done() template.HTML {
	s.shut("svg")
	return template.HTML(s.b.String())
}

func (s *svg) tag(name string, attributes []string) {
	s.b.WriteString("<" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		if attributes[i+1] != "" {
			s.b.WriteString(" " + attributes[i] + `="` + html.EscapeString(attributes[i+1]) + `"`)
		}
	}
}

func (s *svg) open(name string, attributes ...string) {
	s.tag(name, attributes)
	s.b.WriteString(">")
}

func (s *svg) shut(name string) { s.b.WriteString("</" + name + ">\n") }

// leaf draws an element without content.
func (s *svg) leaf(name string, attributes ...string) {
	s.tag(name, attributes)
	s.b.WriteString("/>")
}

// told draws an element that says more when pointed at.
func (s *svg) told(title, name string, attributes ...string) {
	s.open(name, attributes...)
	s.title(title)
	s.b.WriteString("</" + name + ">")
}

func (s *svg) title(text string) {
	s.b.WriteString("<title>" + html.EscapeString(text) + "</title>")
}

func (s *svg) text(x, y float64, class, text string) {
	s.open("text", "x", num(x), "y", num(y), "class", class)
	s.b.WriteString(html.EscapeString(text) + "</text>")
}

// label draws text shortened to what fits into room; the whole text shows when pointed at.
func (s *svg) label(x, y, room float64, class, text string) {
	short := truncate(text, max(3, int(room/glyph)))
	s.open("text", "x", num(x), "y", num(y), "class", class)
	if short != text {
		s.title(text)
	}
	s.b.WriteString(html.EscapeString(short) + "</text>")
}

func (s *svg) line(x1, y1, x2, y2 float64, class string) {
	s.leaf("line", "x1", num(x1), "y1", num(y1), "x2", num(x2), "y2", num(y2), "class", class)
}

func (s *svg) rect(x, y, w, h float64, class string) {
	s.leaf("rect", "x", num(x), "y", num(y), "width", num(w), "height", num(h), "class", class)
}

// textWidth estimates what text takes, in user units.
func textWidth(text string) float64 { return glyph * float64(width(text)) }

// num writes a coordinate, to a tenth of a unit.
func num(v float64) string {
	return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
}

// point is a place in the drawing; NaN as y is a gap.
type point struct{ x, y float64 }

// polyline joins points into the data of a path. A point between two gaps becomes a dot.
func polyline(points []point) string {
	var b strings.Builder
	pen := false
	for i, p := range points {
		if math.IsNaN(p.y) {
			pen = false
			continue
		}
		command := "M"
		if pen {
			command = "L"
		}
		b.WriteString(command + num(p.x) + " " + num(p.y))
		if !pen && (i+1 == len(points) || math.IsNaN(points[i+1].y)) {
			b.WriteString("h0")
		}
		pen = true
	}
	return b.String()
}
