package reports

import (
	"bufio"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/lbctl/lbctl/experiment"
	"github.com/lbctl/lbctl/measure"
)

// TableOptions say what the terminal can show.
type TableOptions struct {
	Width int  // columns; 0: unknown, DefaultWidth is assumed; less than MinWidth counts as MinWidth
	Color bool // ANSI colours and bold
}

// Widths in columns.
const (
	DefaultWidth = 100
	MinWidth     = 40
)

// maxFullTables is the number of scenarios up to which each gets a table of its
// own; beyond it the matrix and a few lines about each say more.
const maxFullTables = 4

// Table writes r for a terminal: a table for each scenario with what was found
// in it; for several scenarios also a matrix of all of them, the ranking, and
// at the end, where the eye is, the headline. No line is wider than o.Width.
func Table(w io.Writer, r *experiment.Result, o TableOptions) error {
	if o.Width <= 0 {
		o.Width = DefaultWidth
	}
	o.Width = max(o.Width, MinWidth)
	t := &terminal{out: bufio.NewWriter(w), width: o.Width, color: o.Color}
	for i := range r.Scenarios {
		t.scenario(r, i, len(r.Scenarios) <= maxFullTables)
	}
	if len(r.Scenarios) > 1 {
		t.matrix(r)
		t.ranking(r.Ranking)
	}
	if len(r.Scenarios) != 1 { // of one, it is the scenario's finding
		t.paragraph(bold, "", r.Finding)
		if r.Fidelity != nil {
			t.paragraph(bold, "", r.Fidelity.Finding)
		}
	}
	if r.Fidelity != nil {
		t.paragraph(dim, "", r.Fidelity.Conditions)
	}
	t.paragraph(bold, "! ", interrupted(r))
	if err := t.out.Flush(); err != nil {
		return err
	}
	return t.err
}

// terminal writes lines; the first error sticks.
type terminal struct {
	out   *bufio.Writer
	width int
	color bool
	err   error
}

func (t *terminal) line(s style, text string) {
	_, _ = t.out.WriteString(s.paint(text, t.color) + "\n") // a bufio.Writer's errors stick until Flush
}

// paragraph writes text wrapped to the width, with bullet before its first line.
func (t *terminal) paragraph(s style, bullet, text string) {
	if text == "" {
		return
	}
	for _, line := range wrap(bullet+text, t.width, strings.Repeat(" ", width(bullet))) {
		t.line(s, line)
	}
}

func (t *terminal) grid(g *grid) {
	if err := g.write(t.out, t.color); err != nil && t.err == nil {
		t.err = err
	}
}

func (t *terminal) scenario(r *experiment.Result, i int, full bool) {
	sc := &r.Scenarios[i]
	t.paragraph(bold, "", sc.Name+": "+summary(sc))
	if full {
		t.line(plain, "")
		if r.Fidelity == nil {
			t.grid(t.variants(sc))
		} else {
			t.grid(sideBySide(sc, &r.Fidelity.Scenarios[i], t.width))
		}
		t.line(plain, "")
	}
	t.paragraph(plain, "", sc.Finding)
	if r.Fidelity != nil {
		t.paragraph(plain, "", r.Fidelity.Scenarios[i].Finding)
	}
	for _, warning := range sc.Warnings {
		t.paragraph(plain, "! ", warning)
	}
	for _, e := range sc.Expectations {
		s, text := expectation(e)
		if full || !e.Met {
			t.paragraph(s, "", text)
		}
	}
	t.line(plain, "")
}

// summary says in a line how the scenario was run.
func summary(sc *experiment.Scenario) string {
	parts := []string{
		count(len(sc.Variants), "variant"),
		replications(sc, "replication"),
		seconds(sc.DurationS) + " each",
	}
	if sc.Balancers > 1 {
		parts = append(parts, count(sc.Balancers, "balancer"))
	}
	return strings.Join(parts, ", ")
}

// replications says how many there were, and with which seeds; thing may be "".
func replications(sc *experiment.Scenario, thing string) string {
	text := strconv.Itoa(len(sc.Seeds))
	if asked := sc.SeedsAsked; asked > len(sc.Seeds) {
		text += " of " + strconv.Itoa(asked)
	}
	if thing != "" {
		text += " " + plural(max(len(sc.Seeds), sc.SeedsAsked), thing)
	}
	return text + " (" + plural(len(sc.Seeds), "seed") + " " + spans(sc.Seeds) + ")"
}

// interrupted tells what is missing of an experiment that was stopped; "" if it was not.
func interrupted(r *experiment.Result) string {
	switch {
	case !r.Interrupted:
		return ""
	case len(r.NotRun) > 0:
		return "Interrupted: this is what the complete replications show. None was complete of " + strings.Join(r.NotRun, ", ") + "."
	}
	return "Interrupted: this is what the complete replications show."
}

func expectation(e experiment.Expectation) (style, string) {
	mark, s := "✓ ", good
	if !e.Met {
		mark, s = "✗ ", bad
	}
	return s, mark + e.Line + " — " + e.Variant + ": " + experiment.Format(e.Value) + doubt(e)
}

// doubt says in brackets why a verdict is not certain. Of what was not measured, and of a lower bound,
// the value says enough.
func doubt(e experiment.Expectation) string {
	switch {
	case e.Certain || e.Value.Censored || math.IsNaN(e.Value.Mean):
		return ""
	case e.Value.N == 1:
		return " (one replication)"
	}
	return " (uncertain: the limit lies within the interval)"
}

// column is a column of figures in the table of a scenario.
type column struct {
	metric measure.Metric
	always bool // its interval is the last to go
}

// figures are the columns after the variant's name, the most important first.
var figures = []column{
	{metric: measure.P50MS}, {metric: measure.P90MS}, {metric: measure.P99MS, always: true},
	{metric: measure.ErrorsPct}, {metric: measure.P999MS}, {metric: measure.MeanMS},
	{metric: measure.GoodputRPS}, {metric: measure.Imbalance},
	// The rest shows on wide terminals only.
	{metric: measure.TimeoutsPct}, {metric: measure.RetriesPct}, {metric: measure.UtilizationPct},
	{metric: measure.Fairness}, {metric: measure.PeakQueue}, {metric: measure.PeakInFlight}, {metric: measure.MaxMS},
}

const (
	important = 10 // columns that are worth leaving out intervals for: up to the imbalance
	vital     = 2  // columns that are never dropped
	shortName = 20 // names may be cut down to this
	leastName = 8  // … and to this when even the vital columns do not fit
)

// variants lays out the table of one scenario in the first way in which the important columns fit:
// with all intervals, or with those of the p99 only; with names in full, or cut short.
// Where nothing fits, columns are dropped.
func (t *terminal) variants(sc *experiment.Scenario) *grid {
	quarter := max(shortName, t.width/4)
	for _, try := range []struct {
		intervals bool
		name      int
		verdicts  map[experiment.Verdict]string
	}{
		{true, t.width, longVerdicts}, {true, quarter, longVerdicts},
		{false, t.width, longVerdicts}, {false, quarter, longVerdicts},
		{false, t.width, shortVerdicts}, {false, quarter, shortVerdicts}, {false, shortName, shortVerdicts},
	} {
		g := layOut(sc, try.intervals, try.name, try.verdicts)
		if g.keep(min(important, len(g.heads))).width() <= t.width {
			return g.fit(t.width, vital)
		}
	}
	g := layOut(sc, false, shortName, shortVerdicts)
	if over := g.keep(vital).width() - t.width; over > 0 {
		g = layOut(sc, false, max(leastName, shortName-over), shortVerdicts)
	}
	return g.fit(t.width, vital)
}

// How verdicts are put in a column: in full, or as short as they stay plain.
var (
	longVerdicts  = map[experiment.Verdict]string{}
	shortVerdicts = map[experiment.Verdict]string{experiment.NoDifference: "not significant"}
)

func layOut(sc *experiment.Scenario, intervals bool, name int, verdicts map[experiment.Verdict]string) *grid {
	g := &grid{heads: []string{"variant"}, left: []bool{true}}
	order := bestFirst(sc)
	for _, i := range order {
		g.rows = append(g.rows, []cell{{truncate(sc.Variants[i].Name, name), plain}})
	}
	versus := sc.Baseline != "" && len(sc.Variants) > 1
	for _, c := range figures {
		g.heads = append(g.heads, strings.ReplaceAll(titleOf(c.metric).String(), " ", "\n"))
		g.left = append(g.left, false)
		for row, i := range order {
			g.rows[row] = append(g.rows[row], figure(sc, &sc.Variants[i], c.metric, intervals || c.always))
		}
		if c.metric == measure.P99MS && versus {
			g.heads = append(g.heads, "vs "+truncate(sc.Baseline, name))
			g.left = append(g.left, true)
			for row, i := range order {
				g.rows[row] = append(g.rows[row], against(sc, &sc.Variants[i], verdicts))
			}
		}
	}
	return g
}

func figure(sc *experiment.Scenario, v *experiment.Variant, m measure.Metric, interval bool) cell {
	e := metric(v.Metrics, m)
	text := experiment.FormatMean(e)
	if interval {
		text = experiment.Format(e)
	}
	if isBest(sc, v, m) {
		return cell{"★ " + text, bold}
	}
	return cell{text, plain}
}

// against says how v's p99 compares with the baseline's.
func against(sc *experiment.Scenario, v *experiment.Variant, verdicts map[experiment.Verdict]string) cell {
	if v.Name == sc.Baseline {
		return cell{"baseline", dim}
	}
	d, ok := v.Versus[measure.P99MS]
	switch {
	case !ok:
		return cell{none, dim}
	case d.Verdict == experiment.Better:
		return cell{relative(d.RelativePct) + " better", good}
	case d.Verdict == experiment.Worse:
		return cell{relative(d.RelativePct) + " worse", bad}
	}
	if words, ok := verdicts[d.Verdict]; ok {
		return cell{words, dim}
	}
	return cell{string(d.Verdict), dim}
}
