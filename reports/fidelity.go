package reports

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"

	"github.com/lbctl/lbctl/experiment"
	"github.com/lbctl/lbctl/measure"
)

// The worlds, as a result with live runs names them.
const (
	worldLive      = "live"
	worldSimulated = "simulated"
	worldError     = "error"
)

// fidelityColumn is a figure that a table sets side by side: of the pool, or the share of a group.
type fidelityColumn struct {
	scope  experiment.Scope
	name   string
	metric measure.Metric
}

func (c fidelityColumn) title() title {
	t := titleOf(c.metric)
	if c.name != "" {
		t.name = c.name + ": " + t.name
	}
	return t
}

// fidelityColumns are what tables show of a scenario: the pool's figures, and the groups' shares where there are
// several groups.
func fidelityColumns(sc *experiment.Scenario, f *experiment.FidelityScenario) []fidelityColumn {
	var out []fidelityColumn
	for _, r := range f.Rows {
		if r.Variant != sc.Variants[0].Name || r.Scope == experiment.ScopeBackend || r.Scope == experiment.ScopeGroup && len(sc.Groups) < 2 {
			continue
		}
		out = append(out, fidelityColumn{r.Scope, r.Name, r.Metric})
	}
	return out
}

// fidelityRow finds a variant's row for a column; nil if there is none.
func fidelityRow(f *experiment.FidelityScenario, variant string, c fidelityColumn) *experiment.FidelityRow {
	for i := range f.Rows {
		if r := &f.Rows[i]; r.Variant == variant && r.Scope == c.scope && r.Name == c.name && r.Metric == c.metric {
			return r
		}
	}
	return nil
}

// worstShare finds the backend whose share is simulated worst under a variant; nil if nothing is known of any.
func worstShare(f *experiment.FidelityScenario, variant string) *experiment.FidelityRow {
	var worst *experiment.FidelityRow
	for i := range f.Rows {
		r := &f.Rows[i]
		if r.Variant != variant || r.Scope != experiment.ScopeBackend || math.IsNaN(r.Error.Mean) {
			continue
		}
		if worst == nil || math.Abs(r.Error.Mean) > math.Abs(worst.Error.Mean) {
			worst = r
		}
	}
	return worst
}

// errorText writes the error of a simulated figure: "+4.1 ±1.2%", "−0.30 points".
func errorText(r *experiment.FidelityRow) string {
	e := r.Error
	if math.IsNaN(e.Mean) {
		return none
	}
	decimals := 1
	if r.Points {
		decimals = 2
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', decimals, 64) }
	text := "+" + number(math.Abs(e.Mean))
	if e.Mean < 0 && strings.Trim(text, "+0.") != "" {
		text = "−" + text[1:]
	}
	if half := (e.Hi - e.Lo) / 2; half > 0 && !e.Censored {
		text += " ±" + number(half)
	}
	if !r.Points {
		text += "%"
	}
	return text
}

// errorStyle says by colour whether an error is inside its band; the text says how large it is.
func errorStyle(r *experiment.FidelityRow) style {
	switch {
	case r.Band == 0 || math.IsNaN(r.Error.Mean):
		return dim
	case r.Within:
		return good
	}
	return bad
}

// sideBySide lays out what was live and what was simulated, three lines for each variant, in the first way that
// fits: with the intervals of the errors or without them, with names in full or cut short. Where nothing fits,
// columns are dropped.
func sideBySide(sc *experiment.Scenario, f *experiment.FidelityScenario, limit int) *grid {
	for _, intervals := range []bool{true, false} {
		if g := layOutWorlds(sc, f, shortName, intervals); g.width() <= limit {
			return g
		}
	}
	const names, figure = 2, 1
	g := layOutWorlds(sc, f, shortName, false)
	if over := g.keep(names+figure).width() - limit; over > 0 {
		g = layOutWorlds(sc, f, max(leastName, shortName-over), false)
	}
	return g.fit(limit, names+figure)
}

func layOutWorlds(sc *experiment.Scenario, f *experiment.FidelityScenario, name int, intervals bool) *grid {
	g := &grid{heads: []string{"variant", ""}, left: []bool{true, true}}
	order := bestFirst(sc)
	for _, i := range order {
		g.rows = append(g.rows,
			[]cell{{truncate(sc.Variants[i].Name, name), plain}, {worldLive, plain}},
			[]cell{{"", plain}, {worldSimulated, plain}},
			[]cell{{"", plain}, {worldError, dim}})
	}
	add := func(head string, figures func(variant string) [3]cell) {
		g.heads = append(g.heads, head)
		g.left = append(g.left, false)
		for row, i := range order {
			for k, c := range figures(sc.Variants[i].Name) {
				g.rows[3*row+k] = append(g.rows[3*row+k], c)
			}
		}
	}
	for _, c := range fidelityColumns(sc, f) {
		add(strings.ReplaceAll(c.title().String(), " ", "\n"), func(variant string) [3]cell {
			return worldCells(fidelityRow(f, variant, c), intervals)
		})
	}
	add("worst\nshare\n%", func(variant string) [3]cell { return worldCells(worstShare(f, variant), intervals) })
	return g
}

// worldCells are a figure live and simulated, and the error; r is nil where there is none.
func worldCells(r *experiment.FidelityRow, intervals bool) [3]cell {
	if r == nil {
		return [3]cell{{none, dim}, {none, dim}, {none, dim}}
	}
	text := errorText(r)
	if before, half, ok := strings.Cut(text, " ±"); ok && !intervals {
		text = before
		if strings.HasSuffix(half, "%") {
			text += "%"
		}
	}
	return [3]cell{{experiment.FormatMean(r.Live), plain}, {experiment.FormatMean(r.Simulated), plain}, {text, errorStyle(r)}}
}

// fidelityView is the side-by-side table on the page.
type fidelityView struct {
	Finding string
	Caption string
	Heads   []headView
	Rows    []fidelityRowView
}

type fidelityRowView struct {
	Key, Name string
	Swatch    template.HTML
	Lines     []fidelityLine // live, simulated, error
}

type fidelityLine struct {
	World string
	First bool
	Cells []cellView
}

func newFidelityView(s *subject, f *experiment.FidelityScenario) *fidelityView {
	out := &fidelityView{
		Finding: f.Finding,
		Caption: fmt.Sprintf("Live runs and simulations with the same seeds. The error is that of the simulation, seed by seed, with half of its 95%% interval; shares and errors differ in points. It is marked as inside or outside the band of %g%% for quantiles and %g points for shares.", experiment.FidelityLatencyPct, experiment.FidelitySharePoints),
	}
	columns := fidelityColumns(s.Scenario, f)
	for _, c := range columns {
		t := c.title()
		out.Heads = append(out.Heads, headView{Name: t.name, Unit: t.unit})
	}
	for i := range s.series {
		v := &s.series[i]
		row := fidelityRowView{Key: v.key, Name: v.Name, Swatch: v.swatch(), Lines: []fidelityLine{{World: worldLive, First: true}, {World: worldSimulated}, {World: worldError}}}
		for _, c := range columns {
			cells := [3]cellView{{Value: none}, {Value: none}, {Value: none}}
			if r := fidelityRow(f, v.Name, c); r != nil {
				cells = [3]cellView{cellOf(r.Live), cellOf(r.Simulated), errorCell(r)}
			}
			for k := range row.Lines {
				row.Lines[k].Cells = append(row.Lines[k].Cells, cells[k])
			}
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

// errorCell words an error; its tone says whether it is inside the band.
func errorCell(r *experiment.FidelityRow) cellView {
	c := cellView{Verdict: errorText(r), Tone: "same"}
	if r.Band > 0 && !math.IsNaN(r.Error.Mean) {
		if c.Tone = "worse"; r.Within {
			c.Tone = "better"
		}
	}
	return c
}
