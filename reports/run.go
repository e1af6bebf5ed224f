package reports

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lbctl/lbctl/lb/instant"
	"github.com/lbctl/lbctl/measure"
)

// Single is one run to be shown in detail.
type Single struct {
	Scenario, Variant string
	Seed              uint64
	Changes           []Span // scheduled changes, for the time line
	Run               *measure.Run
}

// Span is a part of the time line in which something was different.
type Span struct {
	From, To time.Duration
	Label    string
}

const (
	maxBackendRows = 24 // more backends are shown by group only
	maxEventRows   = 40 // more events are counted only
	maxLabel       = 20 // columns of the time line's labels, where there is room
	eventIndent    = 13 // columns before what happened
	maxNamed       = 3  // more backends of one event are counted only
)

// Run writes one run in detail: its figures, backends, time line and events. A single run has
// no intervals: it shows what happened, not what to expect. No line is wider than o.Width.
func Run(w io.Writer, s Single, o TableOptions) error {
	if o.Width <= 0 {
		o.Width = DefaultWidth
	}
	t := &terminal{out: bufio.NewWriter(w), width: max(o.Width, MinWidth), color: o.Color}
	t.paragraph(bold, "", s.headline())
	t.line(plain, "")
	s.figures(t)
	t.line(plain, "")
	t.grid(s.backends(t.width).fit(t.width, vital))
	t.line(plain, "")
	s.timeLine(t)
	t.line(plain, "")
	s.events(t)
	if err := t.out.Flush(); err != nil {
		return err
	}
	return t.err
}

func (s *Single) headline() string {
	text := fmt.Sprintf("%s, %s, seed %d: %s simulated", s.Scenario, s.Variant, s.Seed, seconds(s.Run.Until.Seconds()))
	if s.Run.Warmup > 0 {
		text += fmt.Sprintf(", the first %s cut off as warm-up", seconds(s.Run.Warmup.Seconds()))
	}
	if s.Run.WarmupBad {
		text += " (no steady state was found: simulate longer)"
	}
	return text
}

// figures writes how requests ended and how long they took.
func (s *Single) figures(t *terminal) {
	r := s.Run
	t.paragraph(plain, "", fmt.Sprintf("requests %d: %s", r.Requests, strings.Join(s.endings(), ", ")))
	var latencies []string
	for _, m := range measure.Metrics() {
		if m.IsLatency() {
			sign := ""
			if r.Censored[m] {
				sign = "≥ "
			}
			latencies = append(latencies, titleOf(m).name+" "+sign+brief(r.Values[m]))
		}
	}
	t.paragraph(plain, "", "latency ms: "+strings.Join(latencies, ", "))
	l := r.Little
	t.paragraph(plain, "", fmt.Sprintf("goodput %s/s of %s/s offered; Little's law: L %s = λ %s/s · W %s s",
		brief(r.Values[measure.GoodputRPS]), brief(r.Values[measure.OfferedRPS]), brief(l.InSystem), brief(l.Rate), brief(l.MeanTime)))
}

// endings says how many requests ended how.
func (s *Single) endings() []string {
	var parts []string
	for e, n := range s.Run.Endings {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d (%s%%)", measure.Ending(e), n, brief(100*float64(n)/float64(s.Run.Requests))))
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "none counts")
	}
	if s.Run.Retries > 0 {
		parts = append(parts, fmt.Sprintf("retries %d", s.Run.Retries))
	}
	return parts
}

func (s *Single) backends(limit int) *grid {
	rows, head := s.Run.Backends, "backend"
	if len(rows) > maxBackendRows {
		rows, head = s.Run.Groups, "group"
	}
	g := &grid{heads: []string{head}, left: []bool{true}}
	for _, m := range measure.BackendMetrics() {
		g.heads = append(g.heads, titleOf(m).String())
		g.left = append(g.left, false)
	}
	for _, b := range rows {
		row := []cell{{text: truncate(b.Name, max(leastName, limit/3))}}
		for _, m := range measure.BackendMetrics() {
			row = append(row, cell{text: brief(b.Values[m])})
		}
		g.rows = append(g.rows, row)
	}
	return g
}

// track is a row of the time line: what it is, its course in so many columns, and a note.
type track struct {
	label  string
	course func(columns int) string
	note   string
}

// timeLine draws the tracks below each other, to one scale of time.
func (s *Single) timeLine(t *terminal) {
	tracks := s.tracks()
	label, note := 0, 0
	for _, k := range tracks {
		label, note = max(label, width(k.label)), max(note, width(k.note))
	}
	label, note = min(label, maxLabel, t.width/3), min(note, t.width/3)
	columns := min(max(1, len(s.Run.TimeLine)), t.width-label-note-3)
	for _, k := range tracks {
		line := padRight(truncate(k.label, label), label) + " " + k.course(columns) + "  " + truncate(k.note, max(1, note))
		t.line(plain, strings.TrimRight(line, " "))
	}
}

func (s *Single) tracks() []track {
	end := seconds(s.Run.Until.Seconds())
	all := []track{{label: "time", course: func(columns int) string {
		return "0" + strings.Repeat(" ", max(1, columns-1-width(end))) + end
	}}}
	add := func(label string, value func(w measure.Window) float64) {
		all = append(all, s.sparkline(label, value))
	}
	add("goodput /s", func(w measure.Window) float64 { return perSecond(w, w.Good) })
	add("p50 ms", func(w measure.Window) float64 { return w.P50MS })
	add("p99 ms", func(w measure.Window) float64 { return w.P99MS })
	add("errors /s", func(w measure.Window) float64 { return perSecond(w, w.Errors) })
	for g, group := range s.Run.Groups {
		if len(s.Run.Groups) > 1 {
			add("share "+group.Name+" %", func(w measure.Window) float64 { return w.GroupShares[g] })
		}
	}
	for _, c := range s.Changes {
		all = append(all, track{"change", func(columns int) string { return shade(c, s.Run.Until, columns) }, c.Label})
	}
	return all
}

// sparkline is a track of values that notes the largest.
func (s *Single) sparkline(label string, value func(w measure.Window) float64) track {
	values := make([]float64, len(s.Run.TimeLine))
	for i, w := range s.Run.TimeLine {
		values[i] = value(w)
	}
	return track{label, func(columns int) string { return Sparkline(values, columns) }, "max " + brief(largest(values))}
}

func perSecond(w measure.Window, n uint64) float64 { return float64(n) / w.To.Sub(w.From).Seconds() }

// shade marks the part of a line of so many columns in which the change is in force.
func shade(c Span, until time.Duration, columns int) string {
	from := int(float64(c.From) / float64(until) * float64(columns))
	to := int(math.Ceil(float64(min(c.To, until)) / float64(until) * float64(columns)))
	from = min(from, columns-1)
	to = max(to, from+1)
	return strings.Repeat("·", from) + strings.Repeat("█", to-from) + strings.Repeat("·", columns-to)
}

func padLeft(s string, n int) string { return strings.Repeat(" ", max(0, n-width(s))) + s }

func padRight(s string, n int) string { return s + strings.Repeat(" ", max(0, n-width(s))) }

// events lists what happened to backends. What happens to several backends alike at one moment is
// one line. Where lines are too many, those that the scenario scheduled go first: the time line shows them.
func (s *Single) events(t *terminal) {
	lines := together(s.Run.Events)
	if len(lines) == 0 {
		t.line(plain, "no events")
		return
	}
	left := lines
	if len(lines) > maxEventRows {
		left = slices.DeleteFunc(slices.Clone(lines), func(h happening) bool { return h.Balancer < 0 })
		left = left[:min(len(left), maxEventRows)]
	}
	t.line(plain, "events")
	for _, h := range left {
		at := padLeft(clock(h.At), eventIndent-1)
		for _, text := range wrap(h.String(), t.width-eventIndent, "") {
			t.line(plain, at+" "+text)
			at = strings.Repeat(" ", eventIndent-1)
		}
	}
	if more := len(lines) - len(left); more > 0 {
		t.paragraph(plain, "", s.unlisted(more, len(left) > 0))
	}
}

// unlisted says how many events are not listed, after those that are.
func (s *Single) unlisted(more int, others bool) string {
	text := strconv.Itoa(more)
	if len(s.Run.Events) == measure.MaxEvents {
		text = "at least " + text
	}
	if !others {
		return text + " scheduled changes of backends; --events FILE writes all"
	}
	return "and " + text + " more; --events FILE writes all"
}

// happening is an event of one or more backends.
type happening struct {
	measure.Event
	backends []string
}

// together joins events that differ in the backend only.
func together(events []measure.Event) []happening {
	var all []happening
	index := map[measure.Event]int{}
	for _, e := range events {
		key := e
		key.Backend = ""
		i, known := index[key]
		if !known {
			i = len(all)
			index[key] = i
			all = append(all, happening{Event: key})
		}
		all[i].backends = append(all[i].backends, e.Backend)
	}
	return all
}

func (h happening) String() string {
	names := h.backends
	rest := ""
	if len(names) > maxNamed {
		names, rest = names[:maxNamed], fmt.Sprintf(" and %d more", len(names)-maxNamed)
	}
	text := strings.Join(names, ", ") + rest
	if h.Balancer >= 0 {
		text += fmt.Sprintf(" (balancer %d)", h.Balancer)
	}
	text += ": " + h.What
	if h.Why != "" {
		text += " (" + h.Why + ")"
	}
	return text
}

func clock(t instant.Time) string { return strconv.FormatFloat(t.Seconds(), 'f', 3, 64) + "s" }

// brief writes a figure of a single run, which has no interval to take its digits from.
func brief(v float64) string {
	switch {
	case math.IsNaN(v):
		return none
	case math.Abs(v) >= 1000 || v == math.Trunc(v):
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}
