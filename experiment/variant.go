package experiment

import (
	"math"
	"slices"

	"github.com/lbctl/lbctl/measure"
)

// variant puts the figures of one variant together.
func (t *trial) variant(i int) Variant {
	v := t.tally.variants[i]
	out := Variant{
		Name: t.plan.variants[i].Name, Policy: t.plan.variants[i].Policy,
		Metrics: map[measure.Metric]Estimate{}, Endings: map[string]Estimate{},
		Groups: parts(v.groups), Backends: parts(v.backends),
		Tail: tail(v.latency), WarmupS: v.warmup.estimate(),
		Requests: v.requests, Events: v.events, Latency: v.latency, columns: v.columns,
	}
	for m, c := range v.columns {
		out.Metrics[m] = c.estimate()
	}
	for e := range measure.NumEndings {
		if v.occurred[e] {
			out.Endings[e.String()] = v.endings[e].estimate()
		}
	}
	column := v.groupColumns(t.tally.groups)
	for i := range v.line {
		out.TimeLine = append(out.TimeLine, v.line[i].moment(column, len(t.tally.seeds)))
	}
	return out
}

func parts(tallies []partTally) []Part {
	out := make([]Part, len(tallies))
	for i, p := range tallies {
		out[i] = Part{Name: p.name, Group: p.group, Metrics: map[measure.Metric]Estimate{}}
		for m, s := range p.metrics {
			out[i].Metrics[m] = s.estimate()
		}
	}
	return out
}

// groupColumns finds the variant's groups among those of all variants: −1 for one it does not have.
func (v *variantTally) groupColumns(all []string) []int {
	out := make([]int, len(all))
	for i, name := range all {
		out[i] = slices.IndexFunc(v.groups, func(p partTally) bool { return p.name == name })
	}
	return out
}

// moment averages a slice of the time line over the runs. Rates and errors are of the requests of all
// runs together; a quantile is the mean of those runs in which something was answered.
func (m *momentTally) moment(groups []int, runs int) Moment {
	seconds := (m.to - m.from) * float64(runs)
	out := Moment{
		FromS: m.from, ToS: m.to,
		OfferedRPS: float64(m.offered) / seconds,
		GoodputRPS: float64(m.good) / seconds,
		ErrorsPct:  100 * float64(m.errors) / float64(m.offered), // NaN: nothing was asked
		P50MS:      m.p50.estimate().Mean,
		P99MS:      m.p99.estimate().Mean,
		Half: Halves{
			GoodputRPS: half(m.goodput.estimate()), ErrorsPct: half(m.errorsPct.estimate()),
			P50MS: half(m.p50.estimate()), P99MS: half(m.p99.estimate()),
		},
	}
	for _, g := range groups {
		share := Estimate{Mean: math.NaN(), Lo: math.NaN(), Hi: math.NaN()}
		if g >= 0 {
			share = m.shares[g].estimate()
		}
		out.GroupShares = append(out.GroupShares, share.Mean)
		out.Half.GroupShares = append(out.Half.GroupShares, half(share))
	}
	return out
}

// half is half of an interval.
func half(e Estimate) float64 { return (e.Hi - e.Lo) / 2 }
