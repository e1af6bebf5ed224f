package experiment

import (
	"math"

	"github.com/lbctl/lbctl/scenarios"
)

// expectations judges the expect: lines of a scenario by the means over the
// replications. A line about a variant or policy that did not take part is left out.
func (t *trial) expectations() []Expectation {
	var out []Expectation
	for _, x := range t.plan.expect {
		v := t.subject(x)
		if v < 0 {
			continue
		}
		e := t.figure(v, x)
		out = append(out, judge(x, t.plan.variants[v].Name, e))
	}
	return out
}

// subject returns the variant that a line is about: by name, or the one that runs the policy, of
// several the one that is named after it; −1: none took part.
func (t *trial) subject(x scenarios.Expectation) int {
	if x.Variant != "" {
		return t.indexOf(x.Variant)
	}
	policy := x.Policy
	if policy == "" {
		policy = t.plan.own
	}
	found := -1
	for i, v := range t.plan.variants {
		if v.Policy == policy && (found < 0 || v.Name == policy) {
			found = i
		}
	}
	return found
}

// figure returns the estimate that a line bounds: of the pool, or of a group or else a backend of that name.
func (t *trial) figure(variant int, x scenarios.Expectation) Estimate {
	v := t.tally.variants[variant]
	if x.Backend == "" {
		return v.columns[x.Metric].estimate()
	}
	for _, parts := range [][]partTally{v.groups, v.backends} {
		for _, p := range parts {
			if m := p.metrics[x.Metric]; m != nil && p.name == x.Backend {
				return m.estimate()
			}
		}
	}
	return (&moments{}).estimate()
}

// judge compares an estimate with a bound. What was not measured meets none. A figure
// among the time-outs is a lower bound itself: it can break "at most" for certain, but not keep it, or else a
// deadline below the bound would let everything pass.
func judge(x scenarios.Expectation, variant string, e Estimate) Expectation {
	out := Expectation{Line: x.Line, Variant: variant, Value: e}
	if math.IsNaN(e.Mean) {
		return out
	}
	out.Met = holds(x, e.Mean)
	out.Certain = e.N >= 2 && holds(x, e.Lo) == out.Met && holds(x, e.Hi) == out.Met
	if atMost := x.Op == "<" || x.Op == "<="; e.Censored && out.Met == atMost {
		out.Met, out.Certain = false, false
	}
	return out
}

func holds(x scenarios.Expectation, v float64) bool {
	switch x.Op {
	case "<":
		return v < x.Value
	case "<=":
		return v <= x.Value
	case ">":
		return v > x.Value
	case ">=":
		return v >= x.Value
	}
	panic("experiment: unknown comparison " + x.Op)
}
