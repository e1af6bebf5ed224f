package reports

import (
	"slices"
	"strings"
	"testing"

	"github.com/lbctl/lbctl/config"
	"github.com/lbctl/lbctl/experiment"
)

// TestPageShowsParameters finds what each variant was given, and a dash where it has no such parameter.
func TestPageShowsParameters(t *testing.T) {
	_, root := pages()["single"](t)
	rows := parameterRows(root)
	if len(rows) == 0 {
		t.Fatal("no effective parameters")
	}
	for _, want := range []struct{ path, variant, value string }{
		{"policy.use", "maglev", "maglev"},
		{"policy.peak_ewma.default_rtt", "peak_ewma", "30ms"},
		{"policy.peak_ewma.default_rtt", "p2c", none},
		{"policy.p2c.choices", "p2c", "2"},
		{"health.interval", "c3", "2s"},
		{"panic_threshold_pct", "ring_hash", "50"},
	} {
		column := slices.Index(rows["parameter"], want.variant)
		values := rows[want.path]
		if column < 0 || len(values) != len(profiles) {
			t.Errorf("%s of %s: column %d of %q", want.path, want.variant, column, values)
		} else if values[column] != want.value {
			t.Errorf("%s of %s: %q, want %q", want.path, want.variant, values[column], want.value)
		}
	}
}

// parameterRows returns the cells of the table of parameters by the text at the left.
func parameterRows(root *element) map[string][]string {
	rows := map[string][]string{}
	for _, table := range root.all("table") {
		if table.attrs["class"] != "params" {
			continue
		}
		for _, tr := range table.all("tr") {
			var cells []string
			for _, c := range tr.children {
				cells = append(cells, strings.TrimSpace(c.text))
			}
			rows[cells[0]] = cells[1:]
		}
	}
	return rows
}

func TestParameterPaths(t *testing.T) {
	variant := func(paths ...string) series {
		v := &experiment.Variant{}
		for _, p := range paths {
			v.Parameters = append(v.Parameters, config.Setting{Path: p})
		}
		return series{Variant: v}
	}
	s := &subject{series: []series{
		variant("use", "a.x", "a.y", "health", "panic"), variant(), variant("use", "health", "panic"),
		variant("use", "b.x", "health", "panic"), variant("use", "a.x", "a.y", "health", "panic", "z"),
	}}
	want := []string{"use", "b.x", "a.x", "a.y", "health", "panic", "z"}
	if got := parameterPaths(s); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	s.series = s.series[:4]
	want = []string{"use", "a.x", "a.y", "b.x", "health", "panic"}
	if got := parameterPaths(s); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	s.series = s.series[1:2]
	if got := newParameterTable(s); got != nil {
		t.Errorf("a table of nothing: %+v", got)
	}
}
