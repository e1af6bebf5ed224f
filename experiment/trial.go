package experiment

import (
	"fmt"
	"slices"

	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

// trial is a scenario whose replications are over, seen metric by metric.
type trial struct {
	plan    *plan
	tally   *tally
	columns map[measure.Metric][]*column // by variant
}

func newTrial(p *plan, t *tally) *trial {
	out := &trial{plan: p, tally: t, columns: map[measure.Metric][]*column{}}
	for _, m := range measure.Metrics() {
		for _, v := range t.variants {
			out.columns[m] = append(out.columns[m], v.columns[m])
		}
	}
	return out
}

// indexOf returns the variant of that name, −1 if there is none.
func (t *trial) indexOf(variant string) int {
	return slices.IndexFunc(t.plan.variants, func(v scenarios.Variant) bool { return v.Name == variant })
}

// everyone returns the indices of all variants.
func (t *trial) everyone() []int {
	all := make([]int, len(t.plan.variants))
	for i := range all {
		all[i] = i
	}
	return all
}

// scenario says what the trial showed.
func (t *trial) scenario() Scenario {
	p := t.plan
	out := Scenario{
		Name: p.name, About: p.about, Source: p.source, Duration: p.duration, DurationS: p.duration.Seconds(),
		Balancers: p.balancers, Seeds: t.tally.seeds, SeedsAsked: len(p.seeds), Baseline: p.variants[p.baseline].Name,
		Changes: p.changes, Groups: t.tally.groups,
	}
	order := stand(t.columns, t.everyone())
	places := order.places(len(p.variants))
	for i := range p.variants {
		v := t.variant(i)
		v.Place, v.Parameters = places[i], p.variants[i].Scenario.Pool.Settings()
		out.Variants = append(out.Variants, v)
	}
	t.compare(out.Variants)
	out.Finding = t.finding(order)
	out.Expectations = t.expectations()
	out.Warnings = t.warnings()
	return out
}

// compare fills in who is best at what, and how each differs from the baseline.
func (t *trial) compare(variants []Variant) {
	if len(variants) < 2 {
		return
	}
	for _, m := range measure.Metrics() {
		for i, d := range versus(m, t.columns[m], t.plan.baseline) {
			if i == t.plan.baseline {
				continue
			}
			if variants[i].Versus == nil {
				variants[i].Versus = map[measure.Metric]Difference{}
			}
			variants[i].Versus[m] = d
		}
	}
	if len(t.tally.seeds) < 2 {
		return
	}
	for _, m := range contested() {
		for _, i := range leaders(m, t.columns[m], t.everyone()) {
			variants[i].Best = append(variants[i].Best, m)
		}
	}
}

// fewSeeds is how many replications a claim should rest on.
const fewSeeds = 20

func (t *trial) warnings() []string {
	var out []string
	done, asked := len(t.tally.seeds), len(t.plan.seeds)
	if done < asked {
		out = append(out, fmt.Sprintf("interrupted: %d of %d replications", done, asked))
	}
	switch {
	case done == 1:
		out = append(out, "one replication: no intervals and no comparisons")
	case done < fewSeeds:
		out = append(out, fmt.Sprintf("fewer than %d replications: read the intervals with care", fewSeeds))
	}
	for i, v := range t.tally.variants {
		if v.warmupBad > 0 {
			out = append(out, fmt.Sprintf("%s: no steady state in %d of %d replications; its figures describe a system that had not settled",
				t.plan.variants[i].Name, v.warmupBad, done))
		}
	}
	return out
}
