package reports

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lbctl/lbctl/experiment"
)

func asHTML(t *testing.T, r *experiment.Result) string {
	t.Helper()
	var b strings.Builder
	if err := HTML(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// element is a node of a parsed page.
type element struct {
	name     string
	attrs    map[string]string
	text     string // of it and all below
	children []*element
}

// parse reads a page as XML, which it must be; style and script, which need not be, are left out.
func parse(t *testing.T, page string) *element {
	t.Helper()
	page = regexp.MustCompile(`(?s)(<style>|<script>).*?(</style>|</script>)`).ReplaceAllString(page, "$1$2")
	decoder := xml.NewDecoder(strings.NewReader(page))
	decoder.Entity = map[string]string{}
	root := &element{}
	stack := []*element{root}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return root
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		top := stack[len(stack)-1]
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{name: token.Name.Local, attrs: map[string]string{}}
			for _, a := range token.Attr {
				if _, twice := e.attrs[a.Name.Local]; twice {
					t.Fatalf("<%s> has %s twice", e.name, a.Name.Local)
				}
				e.attrs[a.Name.Local] = a.Value
			}
			top.children = append(top.children, e)
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			for _, e := range stack {
				e.text += string(token)
			}
		}
	}
}

// all returns the elements of that name, in order; "" for every element.
func (e *element) all(name string) []*element {
	var out []*element
	for _, c := range e.children {
		if name == "" || c.name == name {
			out = append(out, c)
		}
		out = append(out, c.all(name)...)
	}
	return out
}

// pages are those of all fixtures, as text and parsed.
var pages = sync.OnceValue(func() map[string]func(t *testing.T) (string, *element) {
	out := map[string]func(t *testing.T) (string, *element){}
	for name, r := range fixtures() {
		if name == "seven" {
			continue // as two, at four times the size
		}
		var page string
		var root *element
		out[name] = func(t *testing.T) (string, *element) {
			if root == nil {
				page = asHTML(t, r)
				root = parse(t, page)
			}
			return page, root
		}
	}
	return out
})

func TestPageIsWellFormed(t *testing.T) {
	for name, get := range pages() {
		page, root := get(t)
		ids := map[string]bool{}
		for _, e := range root.all("") {
			if id := e.attrs["id"]; id != "" && ids[id] {
				t.Errorf("%s: id %q twice", name, id)
			}
			ids[e.attrs["id"]] = true
			for attr, value := range e.attrs {
				if strings.Contains(value, "NaN") || strings.Contains(value, "Inf") && !strings.Contains(value, "Information") {
					t.Errorf("%s: <%s %s=%q>", name, e.name, attr, value)
				}
			}
		}
		for _, a := range root.all("a") {
			if target, ok := strings.CutPrefix(a.attrs["href"], "#"); !ok || !ids[target] {
				t.Errorf("%s: link to %q leads nowhere", name, a.attrs["href"])
			}
		}
		for _, s := range root.all("svg") {
			if s.attrs["class"] == "wide" || s.attrs["class"] == "narrow" {
				if s.attrs["role"] != "img" || s.attrs["aria-label"] == "" {
					t.Errorf("%s: a chart without a name", name)
				}
			} else if s.attrs["aria-hidden"] != "true" {
				t.Errorf("%s: a swatch that is read out", name)
			}
		}
		if asHTML(t, fixtures()[name]) != page {
			t.Errorf("%s: not the same bytes twice", name)
		}
	}
}

func TestPageNeedsNothingElse(t *testing.T) {
	for name, get := range pages() {
		page, root := get(t)
		for _, e := range root.all("") {
			for _, attr := range []string{"src", "srcset", "data", "action", "poster"} {
				if e.attrs[attr] != "" {
					t.Errorf("%s: <%s %s=%q>", name, e.name, attr, e.attrs[attr])
				}
			}
			if slices.Contains([]string{"link", "iframe", "img", "base", "object"}, e.name) {
				t.Errorf("%s: <%s>", name, e.name)
			}
		}
		page = strings.ReplaceAll(page, "'http://www.w3.org/2000/svg'", "") // a name, not an address
		for _, outside := range []string{"http:", "https:", "\"//", "'//", "url(", "@import", "fetch(", "XMLHttpRequest", "import("} {
			if strings.Contains(page, outside) {
				t.Errorf("%s: refers to something outside: %q", name, outside)
			}
		}
	}
}

func TestPageEscapesNames(t *testing.T) {
	page, root := pages()["edges"](t)
	if strings.Contains(page, "<script>alert") || strings.Contains(page, "<b>&amp;\"quoted") {
		t.Error("a name is not escaped")
	}
	if n := len(root.all("script")); n != 1 {
		t.Errorf("%d scripts", n)
	}
	if got := root.all("h1")[0].text; got != `edges <b>&amp;"quoted"` {
		t.Errorf("heading %q", got)
	}
}

func TestPageHasEveryChart(t *testing.T) {
	for name, want := range map[string][]string{
		"single": {"quantiles", "tail", "groups", "backends", "time"}, "edges": {"quantiles", "tail", "groups", "backends", "time"},
	} {
		var got []string
		_, root := pages()[name](t)
		for _, f := range root.all("figure") {
			got = append(got, strings.TrimPrefix(f.attrs["id"], "scenario-1-"))
			var layouts []string
			for _, s := range f.all("svg") {
				layouts = append(layouts, s.attrs["class"])
			}
			if !slices.Equal(layouts, []string{"wide", "narrow"}) {
				t.Errorf("%s, %s: layouts %q", name, f.attrs["id"], layouts)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: charts %q, want %q", name, got, want)
		}
	}
}

// TestPageDrawsEveryVariant counts marks in the charts of twelve variants.
func TestPageDrawsEveryVariant(t *testing.T) {
	_, root := pages()["single"](t)
	for _, f := range root.all("figure") {
		for _, s := range f.all("svg") {
			keys := map[string]bool{}
			for _, g := range s.all("g") {
				if key := g.attrs["data-v"]; key != "" {
					keys[key] = true
				}
			}
			if len(keys) != len(profiles) {
				t.Errorf("%s, %s: %d variants drawn", f.attrs["id"], s.attrs["class"], len(keys))
			}
		}
	}
}

func TestPageOutlineGolden(t *testing.T) {
	for name, file := range map[string]string{"single": "page-single.txt", "edges": "page-edges.txt", "two": "page-two-scenarios.txt"} {
		_, root := pages()[name](t)
		golden(t, file, outline(root, 0))
	}
}

// outline writes the texts and the structure of a page, of charts only what they are called.
func outline(e *element, depth int) string {
	var b strings.Builder
	for _, c := range e.children {
		text := strings.Join(strings.Fields(c.text), " ")
		indent := strings.Repeat("  ", depth)
		switch c.name {
		case "head", "script", "caption":
		case "svg":
			if c.attrs["aria-label"] != "" {
				fmt.Fprintf(&b, "%ssvg %s: %s\n", indent, c.attrs["class"], c.attrs["aria-label"])
			}
		case "tr":
			var cells []string
			for _, cell := range c.children {
				cells = append(cells, strings.Join(strings.Fields(cell.text), " "))
			}
			fmt.Fprintf(&b, "%s%s\n", indent, strings.Join(cells, " | "))
		case "h1", "h2", "h3", "h4", "p", "li", "dt", "dd", "button", "summary", "pre":
			fmt.Fprintf(&b, "%s%s %s\n", indent, c.name, text)
		case "section", "figure", "details", "table", "nav", "header":
			fmt.Fprintf(&b, "%s%s%s\n%s", indent, c.name, strings.TrimRight(" "+c.attrs["id"], " "), outline(c, depth+1))
		default:
			b.WriteString(outline(c, depth))
		}
	}
	return b.String()
}

// maxPage is what the page of twelve variants on a hundred backends may take.
const maxPage = 2 << 20

func TestPageSize(t *testing.T) {
	r := single()
	sc := &r.Scenarios[0]
	for i := range sc.Variants {
		for len(sc.Variants[i].Backends) < 100 {
			n := len(sc.Variants[i].Backends)
			sc.Variants[i].Backends = append(sc.Variants[i].Backends, profiles[i].part(fmt.Sprintf("slow[%d]", n), "slow", 1, 50+40*jitter("", n), 20))
		}
	}
	if size := len(asHTML(t, r)); size > maxPage {
		t.Errorf("%d bytes, at most %d are wanted", size, maxPage)
	}
}

// TestPageContrast checks the texts' colours against their grounds by WCAG 2.2, criterion 1.4.3: 4.5 to 1.
func TestPageContrast(t *testing.T) {
	light, dark, _ := strings.Cut(pageStyle, "@media (prefers-color-scheme: dark)")
	for scheme, css := range map[string]string{"light": light, "dark": dark} {
		paper := luminance(t, css, "paper")
		for _, name := range []string{"ink", "soft", "accent", "better", "worse"} {
			l := luminance(t, css, name)
			if ratio := (max(l, paper) + 0.05) / (min(l, paper) + 0.05); ratio < 4.5 {
				t.Errorf("%s: --%s on --paper has a contrast of %.2f", scheme, name, ratio)
			}
		}
	}
}

func luminance(t *testing.T, css, name string) float64 {
	t.Helper()
	m := regexp.MustCompile(`--` + name + `: #([0-9a-f]{3,6});`).FindStringSubmatch(css)
	if m == nil {
		t.Fatalf("no --%s", name)
	}
	hex := m[1]
	if len(hex) == 3 {
		hex = strings.Join([]string{hex[:1], hex[:1], hex[1:2], hex[1:2], hex[2:], hex[2:]}, "")
	}
	var rgb [3]int
	if _, err := fmt.Sscanf(hex, "%02x%02x%02x", &rgb[0], &rgb[1], &rgb[2]); err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		c := float64(rgb[i]) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
