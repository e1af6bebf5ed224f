package reports

import (
	"strconv"

	"github.com/lbctl/lbctl/experiment"
	"github.com/lbctl/lbctl/measure"
)

// subject is one scenario as its charts see it: variants best first, each with its look.
type subject struct {
	*experiment.Scenario
	series []series
}

// series is one variant in the charts.
type series struct {
	*experiment.Variant
	look
	key   string // joins what belongs to the variant on the page, for the script
	focus bool   // drawn in colour at first
}

func newSubject(sc *experiment.Scenario, looks map[string]look) *subject {
	s := &subject{Scenario: sc}
	order := bestFirst(sc)
	focus := inFocus(sc, order)
	for i, v := range order {
		variant := &sc.Variants[v]
		s.series = append(s.series, series{variant, looks[variant.Name], strconv.Itoa(v), focus[i]})
	}
	return s
}

// class is that of everything drawn for the variant: its hue, and whether it stands back.
func (v *series) class(kind string) string {
	class := kind + " s " + v.look.class()
	if !v.focus {
		class += " muted"
	}
	return class
}

// gutter is the room that names at the left of a chart take, up to most.
func (s *subject) gutter(most float64) float64 {
	longest := 0.0
	for i := range s.series {
		longest = max(longest, textWidth(s.series[i].Name))
	}
	return min(most, longest+16)
}

// backFirst returns the series in the order of drawing: what is in focus comes last, on top.
func (s *subject) backFirst() []series {
	var back, front []series
	for i := len(s.series) - 1; i >= 0; i-- {
		if s.series[i].focus {
			front = append(front, s.series[i])
		} else {
			back = append(back, s.series[i])
		}
	}
	return append(back, front...)
}

// told writes an estimate in full, for pointing at: "p2c, p99: 41.2 ±1.4 ms (95% interval 39.8–42.6)".
func told(variant string, m measure.Metric, e experiment.Estimate) string {
	t := titleOf(m)
	text := variant + ", " + t.name + ": " + experiment.Format(e)
	if t.unit == "%" {
		text += "%"
	} else if t.unit != "" {
		text += " " + t.unit
	}
	if interval := experiment.FormatInterval(e); interval != "" {
		text += " (95% interval " + interval + ")"
	}
	if e.Censored {
		text += ", among the time-outs"
	}
	return text
}
