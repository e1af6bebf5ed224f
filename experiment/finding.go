package experiment

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/lbctl/lbctl/measure"
)

// finding says in a sentence what the trial showed, and no more than it showed.
func (t *trial) finding(order standing) string {
	everyone := t.everyone()
	first := order[0]
	p99 := t.columns[measure.P99MS]
	switch lead := first[0]; {
	case leader(measure.P99MS, p99, everyone) < 0:
		return "Nothing was answered."
	case len(everyone) == 1:
		return fmt.Sprintf("%s: p99 %s; errors %s.", t.name(0), t.latency(0), t.errors(0))
	case len(t.tally.seeds) == 1:
		return t.loneFinding(order)
	case len(first) == len(everyone) && p99[lead].allCensored():
		return fmt.Sprintf("%s: the p99 of each lies among the time-outs, %s ms.", capital(t.noDifference(first)), FormatMean(p99[lead].estimate()))
	case len(first) == len(everyone):
		return fmt.Sprintf("%s: p99 %s.", capital(t.noDifference(first)), t.span(first))
	}
	return t.claim(order) + t.contrast(order) + t.ties(first) + "."
}

// loneFinding is that of one replication.
func (t *trial) loneFinding(order standing) string {
	lead, other := order[0][0], t.other(order)
	return fmt.Sprintf("In this one replication %s comes first: p99 %s and errors %s, against %s and %s with %s; one replication shows no significance.",
		t.name(lead), t.latency(lead), t.errors(lead), t.latency(other), t.errors(other), t.name(other))
}

// claim names the first and what it is first at.
func (t *trial) claim(order standing) string {
	lead := order[0][0]
	sound := t.soundest()
	switch len(sound) {
	case len(t.plan.variants):
		return fmt.Sprintf("%s has the lowest p99: %s", t.name(lead), t.latency(lead))
	case 1:
		return fmt.Sprintf("%s has the fewest errors: %s of requests; its p99 is %s", t.name(lead), t.errors(lead), t.latency(lead))
	}
	if t.columns[measure.P99MS][lead].allCensored() {
		return fmt.Sprintf("%s have the fewest errors, at best %s of requests; their p99 lies among the time-outs, %s ms",
			t.list(sound), t.errors(leader(measure.ErrorsPct, t.columns[measure.ErrorsPct], sound)), FormatMean(t.columns[measure.P99MS][lead].estimate()))
	}
	return fmt.Sprintf("Of the %d variants with %s %s has the lowest p99: %s", len(sound), t.fewest(sound), t.name(lead), t.latency(lead))
}

// soundest are the variants than which none has significantly fewer errors.
func (t *trial) soundest() []int {
	return peel(measure.ErrorsPct, t.columns[measure.ErrorsPct], t.everyone())[0]
}

// fewest words what the soundest have in common.
func (t *trial) fewest(sound []int) string {
	for _, i := range sound {
		if t.columns[measure.ErrorsPct][i].estimate().Mean != 0 {
			return "the fewest errors"
		}
	}
	return "no errors"
}

// contrast sets the first against the baseline, or against the last if it is the baseline itself.
func (t *trial) contrast(order standing) string {
	lead, other := order[0][0], t.other(order)
	if slices.Contains(order[0], other) {
		return ""
	}
	if math.IsNaN(t.columns[measure.P99MS][other].estimate().Mean) {
		return "; " + t.name(other) + " answers nothing"
	}
	if !slices.Contains(t.soundest(), other) {
		return fmt.Sprintf("; %s has %s errors and a p99 of %s", t.name(other), t.errors(other), t.latency(other))
	}
	p99 := t.columns[measure.P99MS]
	x, y := p99[lead].estimate(), p99[other].estimate()
	if y.Mean <= x.Mean {
		return ""
	}
	return fmt.Sprintf(", %s below %s (%s ms)", below(x, y), t.name(other), FormatMean(y))
}

// other is whom the first is set against.
func (t *trial) other(order standing) int {
	if order[0][0] != t.plan.baseline {
		return t.plan.baseline
	}
	last := order[len(order)-1]
	return last[len(last)-1]
}

// below says how far x lies below y: "7.3×", "12%".
func below(x, y Estimate) string {
	r := y.Mean / x.Mean
	s := times(r)
	if r < 2 {
		s = fmt.Sprintf("%.2g%%", 100*(1-1/r))
	}
	if y.Censored {
		return "at least " + s
	}
	return s
}

func times(r float64) string {
	if r >= 9.95 {
		return fmt.Sprintf("%.0f×", r)
	}
	return fmt.Sprintf("%.1f×", r)
}

func (t *trial) ties(first []int) string {
	if len(first) == 1 {
		return ""
	}
	return "; " + t.noDifference(first)
}

// maxNames bounds the names listed in a sentence.
const maxNames = 6

func (t *trial) noDifference(equals []int) string {
	if len(equals) > maxNames {
		return fmt.Sprintf("no significant difference between %s and %d others", t.name(equals[0]), len(equals)-1)
	}
	return "no significant difference between " + t.list(equals)
}

func (t *trial) list(variants []int) string {
	var names []string
	for _, i := range variants {
		names = append(names, t.name(i))
	}
	return enumerate(names)
}

func (t *trial) name(i int) string { return t.plan.variants[i].Name }

// span writes the range of the p99 of equals, which are sorted by it.
func (t *trial) span(equals []int) string {
	p99 := t.columns[measure.P99MS]
	lo, hi := FormatMean(p99[equals[0]].estimate()), FormatMean(p99[equals[len(equals)-1]].estimate())
	if lo == hi {
		return t.latency(equals[0])
	}
	return "from " + lo + " to " + hi + " ms"
}

// latency writes a p99: "41.2 ms (39.8–42.6)".
func (t *trial) latency(i int) string {
	c := t.columns[measure.P99MS][i]
	switch e := c.estimate(); {
	case math.IsNaN(e.Mean):
		return "unknown, as nothing was answered"
	case c.allCensored():
		return FormatMean(e) + " ms (timed out)"
	default:
		return withInterval(e, " ms")
	}
}

func (t *trial) errors(i int) string {
	return withInterval(t.columns[measure.ErrorsPct][i].estimate(), "%")
}

func withInterval(e Estimate, unit string) string {
	s := FormatMean(e) + unit
	if in := FormatInterval(e); in != "" {
		s += " (" + in + ")"
	}
	return s
}

func enumerate(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
