package reports

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/lbctl/lbctl/experiment"
	"github.com/lbctl/lbctl/measure"
)

// matrix writes the p99 of every variant in every scenario: variants by rows if
// that fits, else scenarios by rows, without intervals where only that fits,
// and in several tables where nothing does.
func (t *terminal) matrix(r *experiment.Result) {
	t.line(bold, "p99 ms by scenario")
	t.line(plain, "")
	m := newCross(r)
	g := m.layOut(false, true)
	for _, try := range []*grid{g, m.layOut(true, true), m.layOut(false, false), m.layOut(true, false)} {
		if try.width() <= t.width {
			g = try
			break
		}
	}
	for _, part := range g.split(t.width) {
		t.grid(part)
		t.line(plain, "")
	}
	if m.daggers {
		t.paragraph(dim, "† ", "significantly more errors than the variant with the fewest: its p99 is of fewer answers")
		t.line(plain, "")
	}
}

// cross looks variants up by scenario.
type cross struct {
	scenarios []experiment.Scenario
	variants  []string // all names, the best over all first
	daggers   bool     // some cell has one
}

func newCross(r *experiment.Result) *cross {
	m := &cross{scenarios: r.Scenarios, variants: namesByMerit(r)}
	for i := range r.Scenarios {
		for j := range r.Scenarios[i].Variants {
			m.daggers = m.daggers || moreErrors(&r.Scenarios[i], &r.Scenarios[i].Variants[j])
		}
	}
	return m
}

// find returns the variant of that name in scenario sc; nil if it took no part.
func find(sc *experiment.Scenario, name string) *experiment.Variant {
	i := slices.IndexFunc(sc.Variants, func(v experiment.Variant) bool { return v.Name == name })
	if i < 0 {
		return nil
	}
	return &sc.Variants[i]
}

// headWidth is the width that a column's head is broken to, about that of a cell.
const headWidth = 12

func (m *cross) layOut(scenariosByRow, intervals bool) *grid {
	cellAt := func(s int, v string) cell {
		variant := find(&m.scenarios[s], v)
		if variant == nil {
			return cell{none, dim}
		}
		c := figure(&m.scenarios[s], variant, measure.P99MS, intervals)
		if moreErrors(&m.scenarios[s], variant) {
			c.text += " †"
		}
		return c
	}
	rows, columns := len(m.variants), len(m.scenarios)
	head := func(c int) string { return m.scenarios[c].Name }
	name := func(r int) string { return m.variants[r] }
	at := func(r, c int) cell { return cellAt(c, m.variants[r]) }
	g := &grid{heads: []string{"variant"}, left: []bool{true}}
	if scenariosByRow {
		rows, columns = columns, rows
		head, name = name, head
		at = func(r, c int) cell { return cellAt(r, m.variants[c]) }
		g.heads[0] = "scenario"
	}
	for c := range columns {
		g.heads = append(g.heads, breakName(head(c), headWidth))
		g.left = append(g.left, false)
	}
	for r := range rows {
		row := []cell{{truncate(name(r), 2*shortName), plain}}
		for c := range columns {
			row = append(row, at(r, c))
		}
		g.rows = append(g.rows, row)
	}
	return g
}

// split cuts g into tables of at most limit columns of the terminal, each with g's first column.
func (g *grid) split(limit int) []*grid {
	var out []*grid
	for from := 1; from < len(g.heads); {
		sum, to := g.columnWidth(0), from
		for to < len(g.heads) && (to == from || sum+g.columnWidth(to) <= limit) {
			sum += g.columnWidth(to)
			to++
		}
		part := &grid{
			heads: append([]string{g.heads[0]}, g.heads[from:to]...),
			left:  append([]bool{g.left[0]}, g.left[from:to]...),
		}
		for _, row := range g.rows {
			part.rows = append(part.rows, append([]cell{row[0]}, row[from:to]...))
		}
		out = append(out, part)
		from = to
	}
	return out
}

// ranking writes the variants' places over all scenarios.
func (t *terminal) ranking(ranks []experiment.Rank) {
	if len(ranks) == 0 {
		return
	}
	t.line(bold, "Ranking by p99 over all scenarios")
	t.line(plain, "")
	g := &grid{
		heads: []string{"", "variant", "mean rank", "p99 vs best", "errors %", "at worst"},
		left:  []bool{false, true, false, false, false, true},
	}
	for i, r := range ranks {
		worst := ratio(r.WorstRatio)
		if r.WorstIn != "" {
			worst += " in " + r.WorstIn
		}
		g.rows = append(g.rows, []cell{
			{strconv.Itoa(i + 1), dim}, {truncate(r.Variant, 2*shortName), plain}, {fmt.Sprintf("%.1f", r.MeanRank), plain},
			{ratio(r.GeoRatio), plain}, {percentage(r.ErrorsPct), plain}, {worst, plain},
		})
	}
	t.grid(g.fit(t.width, vital))
	t.line(plain, "")
}
