package reports

import (
	"fmt"
	"io"
	"math"
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
	maxEventRows   = 30 // more events are counted only
	labelWidth     = 20 // of the time line's labels
)

// Run writes one run in detail: its figures, backends, time line and events. A single run has
// no intervals: it shows what happened, not what to expect.
func Run(w io.Writer, s Single, o TableOptions) error {
	if o.Width <= 0 {
		o.Width = DefaultWidth
	}
	var b strings.Builder
	s.headline(&b)
	s.figures(&b)
	if _, err := io.WriteString(w, b.String()+"\n"); err != nil {
		return err
	}
	if err := s.backends().write(w, o.Color); err != nil {
		return err
	}
	b.Reset()
	s.timeLine(&b, o)
	s.events(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *Single) headline(b *strings.Builder) {
	fmt.Fprintf(b, "%s, %s, seed %d: %v simulated", s.Scenario, s.Variant, s.Seed, s.Run.Until)
	if s.Run.Warmup > 0 {
		fmt.Fprintf(b, ", the first %v cut off as warm-up", s.Run.Warmup)
	}
	if s.Run.WarmupBad {
		b.WriteString(" (no steady state was found: simulate longer)")
	}
	b.WriteString("\n\n")
}

func (s *Single) figures(b *strings.Builder) {
	r := s.Run
	fmt.Fprintf(b, "requests %d", r.Requests)
	for e, n := range r.Endings {
		if n > 0 {
			fmt.Fprintf(b, "  %s %d (%s%%)", measure.Ending(e), n, brief(100*float64(n)/float64(r.Requests)))
		}
	}
	if r.Retries > 0 {
		fmt.Fprintf(b, "  retries %d", r.Retries)
	}
	b.WriteByte('\n')
	for _, m := range measure.Metrics() {
		if !m.IsLatency() {
			continue
		}
		sign := ""
		if r.Censored[m] {
			sign = "≥ "
		}
		fmt.Fprintf(b, "%s %s%s  ", strings.TrimSuffix(string(m), "_ms"), sign, brief(r.Values[m]))
	}
	b.WriteString("ms\n")
	l := r.Little
	fmt.Fprintf(b, "goodput %s/s of %s/s offered; Little's law: L %s = λ %s/s · W %s s\n",
		brief(r.Values[measure.GoodputRPS]), brief(r.Values[measure.OfferedRPS]), brief(l.InSystem), brief(l.Rate), brief(l.MeanTime))
}

func (s *Single) backends() *grid {
	rows := s.Run.Backends
	head := "backend"
	if len(rows) > maxBackendRows {
		rows, head = s.Run.Groups, "group"
	}
	g := &grid{heads: []string{head}, left: []bool{true}}
	for _, m := range measure.BackendMetrics() {
		g.heads = append(g.heads, metricHeads[m])
		g.left = append(g.left, false)
	}
	for _, b := range rows {
		row := []cell{{text: b.Name}}
		for _, m := range measure.BackendMetrics() {
			row = append(row, cell{text: brief(b.Values[m])})
		}
		g.rows = append(g.rows, row)
	}
	return g
}

var metricHeads = map[measure.Metric]string{
	measure.SharePct: "share %", measure.UtilizationPct: "utilization %", measure.ErrorsPct: "errors %",
	measure.PeakQueue: "peak queue", measure.PeakInFlight: "peak in-flight",
}

func (s *Single) timeLine(b *strings.Builder, o TableOptions) {
	line := s.Run.TimeLine
	columns := min(len(line), max(20, o.Width-labelWidth-16))
	draw := func(label string, value func(w measure.Window) float64) {
		values := make([]float64, len(line))
		most := math.NaN()
		for i, w := range line {
			values[i] = value(w)
			most = math.Max(zeroIfNaN(most), zeroIfNaN(values[i]))
		}
		fmt.Fprintf(b, "%s %s  max %s\n", padded(label), Sparkline(values, columns), brief(most))
	}
	fmt.Fprintf(b, "\n%s 0%ss\n", padded("time"), padLeft(strconv.FormatFloat(s.Run.Until.Seconds(), 'g', 4, 64), columns-2))
	draw("goodput /s", func(w measure.Window) float64 { return float64(w.OK) / w.To.Sub(w.From).Seconds() })
	draw("p50 ms", func(w measure.Window) float64 { return w.P50MS })
	draw("p99 ms", func(w measure.Window) float64 { return w.P99MS })
	draw("errors /s", func(w measure.Window) float64 { return float64(w.Errors) / w.To.Sub(w.From).Seconds() })
	for g, group := range s.Run.Groups {
		if len(s.Run.Groups) > 1 {
			draw("share "+group.Name+" %", func(w measure.Window) float64 { return w.GroupShares[g] })
		}
	}
	for _, c := range s.Changes {
		fmt.Fprintf(b, "%s %s  %s\n", padded("change"), shade(c, s.Run.Until, columns), c.Label)
	}
}

func zeroIfNaN(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}

// shade marks the part of a line of so many columns in which the change is in force.
func shade(c Span, until time.Duration, columns int) string {
	from := int(float64(c.From) / float64(until) * float64(columns))
	to := int(math.Ceil(float64(min(c.To, until)) / float64(until) * float64(columns)))
	from = min(from, columns-1)
	to = max(to, from+1)
	return strings.Repeat("·", from) + strings.Repeat("█", to-from) + strings.Repeat("·", columns-to)
}

func padded(label string) string {
	label = truncate(label, labelWidth)
	return label + strings.Repeat(" ", labelWidth-width(label))
}

func padLeft(s string, n int) string { return strings.Repeat(" ", max(0, n-len(s))) + s }

func (s *Single) events(b *strings.Builder) {
	events := s.Run.Events
	if len(events) == 0 {
		b.WriteString("\nno events\n")
		return
	}
	b.WriteString("\nevents\n")
	for _, e := range events[:min(len(events), maxEventRows)] {
		fmt.Fprintf(b, "  %s %s", padLeft(clock(e.At), 10), e.Backend)
		if e.Balancer >= 0 {
			fmt.Fprintf(b, " (balancer %d)", e.Balancer)
		}
		fmt.Fprintf(b, ": %s", e.What)
		if e.Why != "" {
			fmt.Fprintf(b, " (%s)", e.Why)
		}
		b.WriteByte('\n')
	}
	if more := len(events) - maxEventRows; more > 0 {
		fmt.Fprintf(b, "  and %d more; --events FILE writes them all\n", more)
	}
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
