package reports

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb/instant"
	"github.com/lbctl/lbctl/measure"
)

// observed is a made-up run of two groups, the second of which crashes for a while.
func observed() Single {
	const until = 60 * time.Second
	r := &measure.Run{
		Until: until, Warmup: 500 * time.Millisecond, Requests: 36_000, Retries: 268,
		Endings:  [measure.NumEndings]uint64{measure.OK: 35_900, measure.Refused: 88, measure.TimedOut: 12},
		Censored: map[measure.Metric]bool{measure.MaxMS: true},
		Values: map[measure.Metric]float64{
			measure.MeanMS: 21.2849, measure.P50MS: 15.17, measure.P90MS: 48, measure.P99MS: 96.208, measure.P999MS: math.NaN(), measure.MaxMS: 2000,
			measure.GoodputRPS: 597.512, measure.OfferedRPS: 1599.04,
		},
		Little: measure.Little{InSystem: 12.7612, Rate: 599.4, MeanTime: 0.02129, Holds: true},
	}
	for i := range measure.Windows {
		w := measure.Window{
			From: instant.At(until * time.Duration(i) / measure.Windows), To: instant.At(until * time.Duration(i+1) / measure.Windows),
			OK: uint64(300 + i%7), Good: uint64(300 + i%7), P50MS: 15, P99MS: 90 + float64(i%5), GroupShares: []float64{80, 20},
		}
		if i >= 40 && i < 60 {
			w.Errors, w.P99MS, w.GroupShares = 10, math.NaN(), []float64{100, 0}
		}
		r.TimeLine = append(r.TimeLine, w)
	}
	for i := range 3 {
		r.Backends = append(r.Backends, part(fmt.Sprintf("steady[%d]", i), 26.6))
	}
	r.Backends = append(r.Backends, part("victim-with-a-name-that-is-rather-long", 20))
	r.Groups = []measure.BackendRun{part("steady", 80), part("victim-with-a-name-that-is-rather-long", 20)}
	r.Events = []measure.Event{
		happened(20, -1, "victim", "crashed", "scenario"),
		happened(21.5, 0, "victim", "healthy → unhealthy", "probes failed"),
		happened(30, -1, "victim", "normal", "scenario"),
		happened(30, -1, "steady[0]", "speed ×0.5", "scenario"),
		happened(30, -1, "steady[1]", "normal", "scenario"),
	}
	return Single{
		Scenario: "crash-recovery", Variant: "p2c", Seed: 7, Run: r,
		Changes: []Span{
			{20 * time.Second, 30 * time.Second, "victim: crash"},
			{59999 * time.Millisecond, 90 * time.Second, "victim: something that takes many words to say"},
		},
	}
}

func part(name string, share float64) measure.BackendRun {
	return measure.BackendRun{Name: name, Group: name, Values: map[measure.Metric]float64{
		measure.SharePct: share, measure.UtilizationPct: 64.153, measure.ErrorsPct: 0, measure.PeakQueue: 6, measure.PeakInFlight: 10,
	}}
}

func happened(at float64, balancer int, backend, what, why string) measure.Event {
	return measure.Event{At: instant.At(time.Duration(at * 1e9)), Balancer: balancer, Backend: backend, What: what, Why: why}
}

func shown(t *testing.T, s Single, o TableOptions) string {
	t.Helper()
	var b strings.Builder
	if err := Run(&b, s, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRunGolden(t *testing.T) {
	for _, columns := range []int{40, 100} {
		golden(t, fmt.Sprintf("run-%d.txt", columns), shown(t, observed(), TableOptions{Width: columns}))
	}
}

func TestRunIsNeverWiderThanAsked(t *testing.T) {
	empty := Single{Scenario: "nothing", Variant: "p2c", Run: &measure.Run{Until: time.Second}}
	for columns := 1; columns <= 240; columns += 13 {
		for _, s := range []Single{observed(), empty} {
			text := shown(t, s, TableOptions{Width: columns})
			for line := range strings.Lines(text) {
				if w := width(strings.TrimSuffix(line, "\n")); w > max(columns, MinWidth) {
					t.Errorf("a line is %d wide where %d was asked for:\n%s", w, columns, line)
				}
			}
		}
	}
}

func TestRunOfManyBackendsShowsGroups(t *testing.T) {
	s := observed()
	for i := range maxBackendRows {
		s.Run.Backends = append(s.Run.Backends, part(fmt.Sprintf("more[%d]", i), 0))
	}
	text := shown(t, s, TableOptions{})
	if strings.Contains(text, "more[0]") || !strings.Contains(text, "\ngroup ") {
		t.Errorf("expected groups only:\n%s", text)
	}
}

func TestRunListsTheEventsThatCount(t *testing.T) {
	scheduled := func(n int) (events []measure.Event) {
		for i := range n {
			events = append(events, happened(float64(i+1)/1000, -1, "b", fmt.Sprintf("speed ×%d", i), "scenario"))
		}
		return events
	}
	health := happened(9, 0, "b", "healthy → unhealthy", "probes failed")
	s := observed()
	s.Run.TimeLine = nil
	for _, c := range []struct {
		name          string
		events        []measure.Event
		listed        int
		says, saysNot string
	}{
		{"none", nil, 0, "no events", "more"},
		{"as many as fit", append(scheduled(maxEventRows-1), health), maxEventRows, "(balancer 0)", "more"},
		{"too many, scheduled", append(scheduled(maxEventRows), health), 1, "and 40 more; --events FILE", "speed"},
		{"scheduled only", scheduled(maxEventRows + 1), 0, "\n41 scheduled changes of backends", "speed"},
		{"as many as are kept", scheduled(measure.MaxEvents), 0, "\nat least 10000 scheduled", "speed"},
	} {
		s.Run.Events = c.events
		text := shown(t, s, TableOptions{})
		if got := strings.Count(text, "s b"); got != c.listed || !strings.Contains(text, c.says) || strings.Contains(text, c.saysNot) {
			t.Errorf("%s: %d lines of events, want %d and %q:\n%s", c.name, got, c.listed, c.says, text)
		}
	}
}

func TestTogetherNamesAFewBackends(t *testing.T) {
	var events []measure.Event
	for i := range 5 {
		events = append(events, happened(1, 2, fmt.Sprintf("b[%d]", i), "gone", ""), happened(1, 2, "other", fmt.Sprint(i), ""))
	}
	all := together(events)
	if got, want := all[0].String(), "b[0], b[1], b[2] and 2 more (balancer 2): gone"; got != want || len(all) != 6 {
		t.Errorf("got %q of %d, want %q of 6", got, len(all), want)
	}
}

func TestRunReportsFailedWrites(t *testing.T) {
	if err := Run(failing{}, observed(), TableOptions{}); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}

var errFull = errors.New("disk full")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }
