package sim

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/lbctl/lbctl/measure"
)

// TestStories runs testdata/stories/*.txt: small scenarios whose every number can be worked out by hand, and is, in the
// comments. The commands:
//
//	run seed=6 show=(send,answer,end,health,condition,snapshot)
//	        simulates the scenario and logs the kinds of events to show (without show: send, answer, end).
//	        Below a line "rows:" are the requests, as time_s,client,class,demand_ms.
//	explain the same, and logs how backends are picked
//	numbers what the last run counted
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/stories/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			s := &story{t: t}
			datadriven.RunTest(t, file, s.command)
		})
	}
}

type story struct {
	t    *testing.T
	run  *measure.Run
	log  strings.Builder
	show []string
}

func (s *story) command(t *testing.T, d *datadriven.TestData) string {
	s.log.Reset()
	switch d.Cmd {
	case "run":
		s.simulate(d, Options{Events: s.event})
	case "explain":
		s.simulate(d, Options{Events: s.event, Explain: s.explain})
	case "numbers":
		s.numbers()
	default:
		d.Fatalf(t, "no such command: %s", d.Cmd)
	}
	return s.log.String()
}

func (s *story) simulate(d *datadriven.TestData, opts Options) {
	seed := uint64(6) // under which rotations start at the first backend
	d.MaybeScanArgs(s.t, "seed", &seed)
	s.show = []string{"send", "answer", "end"}
	if arg, ok := d.Arg("show"); ok {
		s.show = arg.Vals
	}
	yaml, rows, replays := strings.Cut(d.Input, "\nrows:\n")
	if replays {
		yaml += "\narrivals: {replay: {file: log.csv, format: csv}}\n"
	}
	s.run = simulate(s.t, loadReplay(s.t, yaml, rows), seed, opts)
}

func (s *story) event(e Event) {
	for _, kind := range s.show {
		if kind == e.Kind {
			fmt.Fprintf(&s.log, "%10.3f ms  %s\n", e.AtS*1e3, line(e))
		}
	}
}

// line puts an event in words. A try is called request.try.
func line(e Event) string {
	try := ""
	if e.Request != nil {
		try = fmt.Sprintf("#%d.%d", *e.Request, e.Try)
	}
	switch e.Kind {
	case "send":
		return try + " → " + e.Backend
	case "answer":
		return try + " " + e.Backend + ": " + e.What
	case "end":
		return fmt.Sprintf("#%d ends %s after %.3f ms, retries %d", *e.Request, e.What, e.LatencyMS, e.Try)
	case "health":
		return fmt.Sprintf("balancer %d: %s is %s, %s", *e.Balancer, e.Backend, e.What, e.Why)
	case "snapshot":
		return fmt.Sprintf("balancer %d: snapshot %s", *e.Balancer, e.What)
	}
	return e.Backend + ": " + e.What
}

func (s *story) explain(x Explanation) {
	fmt.Fprintf(&s.log, "%10.3f ms  #%d.%d picks: %s", x.At.Seconds()*1e3, x.Request, x.Try, x.Trace)
}

// numbers logs the run's results, as far as there are any.
func (s *story) numbers() {
	r := s.run
	fmt.Fprintf(&s.log, "requests %d", r.Requests)
	for e := range measure.NumEndings {
		if n := r.Endings[e]; n > 0 {
			fmt.Fprintf(&s.log, ", %v %d", e, n)
		}
	}
	fmt.Fprintf(&s.log, ", retries %d\n", r.Retries)
	for _, m := range []measure.Metric{measure.MeanMS, measure.MaxMS, measure.UtilizationPct, measure.PeakQueue, measure.PeakInFlight} {
		fmt.Fprintf(&s.log, "%s %.4g\n", m, r.Values[m])
	}
	for _, b := range r.Backends {
		fmt.Fprintf(&s.log, "%s:", b.Name)
		for _, m := range measure.BackendMetrics() {
			fmt.Fprintf(&s.log, " %s %.4g", m, b.Values[m])
		}
		s.log.WriteByte('\n')
	}
}
