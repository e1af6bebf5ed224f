package reports

import (
	"fmt"
	"html/template"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/lbctl/lbctl/experiment"
	"github.com/lbctl/lbctl/measure"
)

// tableView is a table of variants by rows.
type tableView struct {
	Caption string
	Heads   []headView
	Rows    []rowView
}

type headView struct {
	Name, Unit string
	Words      bool // of words, not figures
}

type rowView struct {
	Key, Name string
	Swatch    template.HTML
	Cells     []cellView
}

// cellView is a figure, or a comparison in words.
type cellView struct {
	Value, Interval string // "41.2", "±1.4"
	Best            bool
	Verdict         string // instead of a value; Tone colours it
	Tone            string // "better", "worse" or "same"
	Told            string // in full, when pointed at
}

var mainMetrics = []measure.Metric{
	measure.P50MS, measure.P90MS, measure.P99MS, measure.P999MS, measure.MeanMS, measure.ErrorsPct,
	measure.GoodputRPS,
}

func mainTable(s *subject) *tableView {
	t := s.table("Latency in ms; ±: half of the 95% interval over the replications.")
	versus := s.Baseline != "" && len(s.series) > 1
	for _, m := range mainMetrics {
		t.metric(s, m)
		if m != measure.P99MS || !versus {
			continue
		}
		t.Heads = append(t.Heads, headView{Name: "p99 vs " + s.Baseline, Words: true})
		for i := range s.series {
			t.Rows[i].Cells = append(t.Rows[i].Cells, versusCell(s, &s.series[i]))
		}
	}
	return t
}

// moreTable has the metrics for which the main one has no room, and how requests ended.
func moreTable(s *subject) *tableView {
	t := s.table("Further figures.")
	for _, m := range measure.Metrics() {
		if !slices.Contains(mainMetrics, m) {
			t.metric(s, m)
		}
	}
	endings := map[string]bool{}
	for i := range s.series {
		for ending := range s.series[i].Endings {
			endings[ending] = true
		}
	}
	for _, ending := range slices.Sorted(maps.Keys(endings)) {
		t.Heads = append(t.Heads, headView{Name: "ended: " + strings.ReplaceAll(ending, "_", " "), Unit: "%"})
		for i := range s.series {
			e, ok := s.series[i].Endings[ending]
			if !ok {
				e = experiment.Estimate{Lo: math.NaN(), Hi: math.NaN()}
			}
			t.Rows[i].Cells = append(t.Rows[i].Cells, cellOf(e))
		}
	}
	return t
}

// groupTable has all figures of the groups of backends.
func groupTable(s *subject) *tableView {
	t := s.table("Groups of backends. Peaks are those of the worst backend of the group.")
	for _, g := range s.Groups {
		for _, m := range measure.BackendMetrics() {
			title := titleOf(m)
			t.Heads = append(t.Heads, headView{Name: g + ": " + title.name, Unit: title.unit})
			for i := range s.series {
				t.Rows[i].Cells = append(t.Rows[i].Cells, cellOf(groupEstimate(&s.series[i], g, m)))
			}
		}
	}
	return t
}

// table begins a table with a row for each variant.
func (s *subject) table(caption string) *tableView {
	t := &tableView{Caption: caption}
	for i := range s.series {
		v := &s.series[i]
		t.Rows = append(t.Rows, rowView{Key: v.key, Name: v.Name, Swatch: v.swatch()})
	}
	return t
}

func (t *tableView) metric(s *subject, m measure.Metric) {
	title := titleOf(m)
	t.Heads = append(t.Heads, headView{Name: title.name, Unit: title.unit})
	for i := range s.series {
		v := &s.series[i]
		e := metric(v.Metrics, m)
		c := cellOf(e)
		c.Best = isBest(s.Scenario, v.Variant, m)
		c.Told = told(v.Name, m, e)
		if d, ok := v.Versus[m]; ok {
			c.Told += "; " + comparison(d, s.Baseline)
		}
		t.Rows[i].Cells = append(t.Rows[i].Cells, c)
	}
}

func cellOf(e experiment.Estimate) cellView {
	value, interval, ok := strings.Cut(experiment.Format(e), " ±")
	if ok {
		interval = "±" + interval
	}
	return cellView{Value: value, Interval: interval}
}

func versusCell(s *subject, v *series) cellView {
	if v.Name == s.Baseline {
		return cellView{Verdict: "baseline", Tone: "same"}
	}
	d, ok := v.Versus[measure.P99MS]
	if !ok {
		return cellView{Verdict: none, Tone: "same"}
	}
	c := cellView{Verdict: string(d.Verdict), Tone: "same", Told: comparison(d, s.Baseline)}
	if d.Verdict == experiment.Better || d.Verdict == experiment.Worse {
		c.Tone = string(d.Verdict)
		c.Verdict = relative(d.RelativePct) + " " + c.Verdict
	}
	return c
}

// comparison writes a difference in full.
func comparison(d experiment.Difference, baseline string) string {
	text := "against " + baseline + ": " + string(d.Verdict)
	if math.IsNaN(d.Mean) {
		return text
	}
	text += ", difference " + experiment.Format(d.Estimate)
	if r := relative(d.RelativePct); r != "" {
		text += " (" + r + ")"
	}
	if !math.IsNaN(d.P) {
		text += ", adjusted p " + probability(d.P)
	}
	return text
}

func probability(p float64) string {
	if p < 0.001 {
		return "< 0.001"
	}
	return fmt.Sprintf("%.2g", p)
}

// overview is what stands before several scenarios.
type overview struct {
	Heads   []linkView
	Rows    []matrixRow
	Daggers bool
	Ranks   []rankView
}

type linkView struct{ ID, Name string }

type matrixRow struct {
	Name   string
	Swatch template.HTML
	Cells  []matrixCell
}

type matrixCell struct {
	cellView
	Missing bool
	Dagger  bool
	Heat    string // class t0 (the best) to t9
	Ratio   string // to the best of the scenario
}

type rankView struct {
	Place              int
	Swatch             template.HTML
	Name               string
	MeanRank, GeoRatio string
	Worst, WorstIn     string
	Errors             string
}

func newOverview(r *experiment.Result, looks map[string]look) *overview {
	o := &overview{}
	best := make([]float64, len(r.Scenarios))
	for i := range r.Scenarios {
		o.Heads = append(o.Heads, linkView{sceneID(i), r.Scenarios[i].Name})
		best[i] = lowestP99(&r.Scenarios[i])
	}
	for _, name := range namesByMerit(r) {
		row := matrixRow{Name: name, Swatch: looks[name].swatch()}
		for i := range r.Scenarios {
			row.Cells = append(row.Cells, newMatrixCell(&r.Scenarios[i], name, best[i]))
			o.Daggers = o.Daggers || row.Cells[i].Dagger
		}
		o.Rows = append(o.Rows, row)
	}
	for i, rank := range r.Ranking {
		o.Ranks = append(o.Ranks, rankView{
			Place: i + 1, Swatch: looks[rank.Variant].swatch(), Name: rank.Variant, MeanRank: strconv.FormatFloat(rank.MeanRank, 'f', 1, 64),
			GeoRatio: ratio(rank.GeoRatio), Worst: ratio(rank.WorstRatio), WorstIn: rank.WorstIn, Errors: percentage(rank.ErrorsPct),
		})
	}
	return o
}

func lowestP99(sc *experiment.Scenario) float64 {
	lowest := math.NaN()
	for i := range sc.Variants {
		if p99 := metric(sc.Variants[i].Metrics, measure.P99MS).Mean; !math.IsNaN(p99) {
			lowest = least(lowest, p99)
		}
	}
	return lowest
}

// Heat goes from the best p99 of the scenario to this many times that.
const (
	hottest    = 30.0
	heatLevels = 10
)

func newMatrixCell(sc *experiment.Scenario, name string, best float64) matrixCell {
	v := find(sc, name)
	if v == nil {
		return matrixCell{Missing: true}
	}
	e := metric(v.Metrics, measure.P99MS)
	c := matrixCell{cellView: cellOf(e), Dagger: moreErrors(sc, v)}
	c.Best = isBest(sc, v, measure.P99MS)
	c.Told = sc.Name + ": " + told(name, measure.P99MS, e)
	if errors := metric(v.Metrics, measure.ErrorsPct); !math.IsNaN(errors.Mean) {
		c.Told += "; errors " + experiment.Format(errors) + "%"
	}
	if times := e.Mean / best; times >= 1 {
		level := int(math.Log(times) / math.Log(hottest) * heatLevels)
		c.Heat, c.Ratio = "t"+strconv.Itoa(min(heatLevels-1, level)), ratio(times)
	} else if math.IsNaN(e.Mean) {
		c.Heat = "t" + strconv.Itoa(heatLevels-1)
	}
	return c
}
