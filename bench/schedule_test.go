package bench

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/scenarios"
)

// scenarioOf loads the text of a scenario.
func scenarioOf(t *testing.T, text string) *scenarios.Scenario {
	t.Helper()
	all, err := scenarios.Load("test.yaml", []byte("name: test\nabout: A test.\n"+text), scenarios.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

func TestScheduleIsTheModels(t *testing.T) {
	sc := scenarioOf(t, "duration: 10s\narrivals: {poisson: {rate_rps: 50}}\nbackends: [{name: a, count: 2}]\n")
	m := sc.Model(7)
	s, err := newSchedule(m, lb.Time(sc.Duration))
	if err != nil {
		t.Fatal(err)
	}
	arrivals := m.Arrivals()
	for n, at := range s {
		if want, ok := arrivals.Next(); !ok || at != want {
			t.Fatalf("request %d is due at %v, want %v", n, at, want)
		}
	}
	if at, ok := arrivals.Next(); ok && at < lb.Time(sc.Duration) {
		t.Errorf("the request at %v is missing", at)
	}
	if n := s.due(s[10]); n != 10 {
		t.Errorf("%d requests are due before the one of number 10", n)
	}
}

func TestWhatCannotBeRunLive(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		o    Options
		want string
	}{
		"closed loop":        {"duration: 5s\narrivals: {closed_loop: {users: 10, think: {exponential: {mean: 1s}}}}\nbackends: [{name: a}]\n", Options{}, "closed loop"},
		"too many requests":  {"duration: 60s\narrivals: {poisson: {rate_rps: 30000}}\nbackends: [{name: a}]\n", Options{}, "more than 1000000 requests"},
		"too many balancers": {"duration: 5s\nbalancers: {count: 3}\narrivals: {poisson: {rate_rps: 10}}\nbackends: [{name: a}]\n", Options{Target: "http://127.0.0.1:1"}, "3 balancers"},
		"no requests":        {"duration: 1s\narrivals: {constant: {rate_rps: 1}}\nbackends: [{name: a}]\n", Options{}, "no request"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Check(scenarioOf(t, c.text), 1, c.o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want something about %q", err, c.want)
			}
		})
	}
}

// TestPacerWaits: no request is due before its time, and there are as many as are scheduled.
func TestPacerWaits(t *testing.T) {
	c := clock{time.Now()}
	p := &paced{schedule{0, lb.Time(2 * time.Millisecond), lb.Time(2 * time.Millisecond), lb.Time(5 * time.Millisecond)}, c, context.Background()}
	for n, due := range p.schedule {
		wait, stop := p.Pace(0, uint64(n))
		if now := c.now(); stop || wait != 0 || now < due {
			t.Errorf("request %d, due at %v, goes at %v (wait %v, stop %v)", n, due, now, wait, stop)
		}
	}
	if _, stop := p.Pace(0, 4); !stop {
		t.Error("the attack goes on after the last request")
	}
	if got := p.schedule.rate(lb.Time(3 * time.Millisecond)); got != 3 {
		t.Errorf("rate %g, want 3", got)
	}
}

func TestPacerStopsEarly(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := &paced{schedule{lb.Time(time.Hour)}, clock{time.Now()}, ctx}
	if _, stop := p.Pace(0, 0); !stop {
		t.Error("the attack goes on after the run is over")
	}
}
