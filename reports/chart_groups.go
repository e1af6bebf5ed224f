package reports

import (
	"html/template"
	"math"

	"github.com/lbctl/lbctl/experiment"
	"github.com/lbctl/lbctl/measure"
)

// maxGroupsDrawn bounds the bars; the table of groups has all.
const maxGroupsDrawn = 8

const (
	barRow    = 19.0 // height of a variant's row
	barRoom   = 52.0 // right of the longest bar, for its value
	barsWide  = 4    // columns of bars side by side
	barsSlim  = 2    // … on narrow screens
	barHeader = 40.0 // above the rows
)

// bars is one column of the chart of groups: a metric of a group.
type bars struct {
	group  string
	metric measure.Metric
	fixed  float64 // end of the axis; 0: the largest value
}

// barColumns lists what to show: of a single group no share, which is all.
func barColumns(groups []string) []bars {
	var out []bars
	for i, g := range groups {
		if i == maxGroupsDrawn {
			break
		}
		if len(groups) > 1 {
			out = append(out, bars{g, measure.SharePct, 0})
		}
		out = append(out, bars{g, measure.UtilizationPct, 100})
	}
	return out
}

// groupChart shows as bars what part of the attempts each variant sent to each
// group of backends, and how busy that kept them.
func groupChart(s *subject, l layout) template.HTML {
	columns := barColumns(s.Groups)
	across, names := barsWide, s.gutter(190)
	if l.narrow {
		across, names = barsSlim, s.gutter(124)
	}
	across = min(across, len(columns))
	if across == 0 {
		return ""
	}
	block := barHeader + barRow*float64(len(s.series)) + 10
	blocks := (len(columns) + across - 1) / across
	room := min(240, (l.width-names)/float64(across))
	out := drawing(l, block*float64(blocks), "Share of the attempts and utilization of each group of backends, as bars for each variant. The figures are in the table of groups.")
	for b := range blocks {
		top := block*float64(b) + barHeader
		for i := range s.series {
			v := &s.series[i]
			out.open("g", "class", "row s "+v.look.class(), "data-v", v.key)
			y := top + barRow*float64(i)
			out.rect(0, y, l.width, barRow, "band")
			out.label(names-12, y+barRow/2+4, names-14, "name end", v.Name)
			for c := b * across; c < min(len(columns), (b+1)*across); c++ {
				columns[c].bar(out, s, v, names+room*float64(c%across), y, room)
			}
			out.shut("g")
		}
		for c := b * across; c < min(len(columns), (b+1)*across); c++ {
			x := names + room*float64(c%across)
			out.label(x, top-22, room-8, "head", columns[c].group)
			out.label(x, top-7, room-8, "axis", map[measure.Metric]string{
				measure.SharePct: "attempts, %", measure.UtilizationPct: "utilization, %",
			}[columns[c].metric])
			out.line(x, top, x, top+barRow*float64(len(s.series)), "base")
		}
	}
	return out.done()
}

// bar draws one value with its interval, and writes it at the end.
func (b bars) bar(out *svg, s *subject, v *series, x, y, room float64) {
	e := groupEstimate(v, b.group, b.metric)
	if math.IsNaN(e.Mean) {
		out.text(x+5, y+barRow/2+4, "axis", none)
		return
	}
	end := b.fixed
	for i := range s.series {
		other := groupEstimate(&s.series[i], b.group, b.metric)
		end = max(end, finite(other.Mean, 0), finite(other.Hi, 0))
	}
	if end == 0 {
		end = 1
	}
	at := scale{lo: 0, hi: end, from: x, to: x + room - barRoom}
	tip := at.at(e.Mean)
	out.told(told(v.Name+", "+b.group, b.metric, e), "rect", "class", "bar", "x", num(x), "y", num(y+3.5),
		"width", num(max(0.8, tip-x)), "height", num(barRow-7))
	if hasInterval(e) {
		out.line(at.at(e.Lo), y+barRow/2, at.at(e.Hi), y+barRow/2, "whisker")
		tip = max(tip, at.at(e.Hi))
	}
	out.text(tip+5, y+barRow/2+4, "value", experiment.FormatMean(e))
}

func groupEstimate(v *series, group string, m measure.Metric) experiment.Estimate {
	for i := range v.Groups {
		if v.Groups[i].Name == group {
			return metric(v.Groups[i].Metrics, m)
		}
	}
	return metric(nil, m)
}
