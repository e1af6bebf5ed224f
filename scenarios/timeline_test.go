package scenarios

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/lbctl/lbctl/lb"
)

// TestTimelines tells how faults show in a backend's condition.
//
//	timeline [backend=N] [seed=N]
//	<faults: of a scenario of 60 s with backends a, b[0], b[1] and two balancers>
//
//	changes
//	<sections of a scenario>
func TestTimelines(t *testing.T) {
	datadriven.Walk(t, "testdata/stories", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "timeline":
				return timelineStory(t, d)
			case "changes":
				return changesStory(t, d)
			}
			t.Fatalf("unknown command %q", d.Cmd)
			return ""
		})
	})
}

const storyBackends = "duration: 60s\nbalancers: 2\nbackends: [{name: a}, {name: b, count: 2}]\n"

func timelineStory(t *testing.T, d *datadriven.TestData) string {
	backend, seed := 0, uint64(1)
	d.MaybeScanArgs(t, "backend", &backend)
	d.MaybeScanArgs(t, "seed", &seed)
	s := mustLoad(t, storyBackends+"arrivals: {poisson: {rate_rps: 10}}\nfaults:\n"+d.Input)
	timeline := s.Model(seed).Timeline(backend)
	var out strings.Builder
	for {
		at, c, ok := timeline.Next()
		if !ok {
			return out.String()
		}
		fmt.Fprintf(&out, "%7.3fs %s\n", at.Seconds(), words(c))
	}
}

func changesStory(t *testing.T, d *datadriven.TestData) string {
	s := mustLoad(t, storyBackends+d.Input)
	var out strings.Builder
	for _, c := range s.Changes() {
		fmt.Fprintf(&out, "%v to %v: %s\n", c.From, c.To, c.Label)
	}
	fmt.Fprintf(&out, "stationary until %v\n", s.Stationary())
	return out.String()
}

// words puts what is not normal of a condition in words.
func words(c Condition) string {
	var out []string
	say := func(when bool, format string, args ...any) {
		if when {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	say(c.Speed != 1, "speed %.4g", c.Speed)
	say(c.Free != 1, "free %.4g", c.Free)
	say(c.Accept != Accepts, "%s", [...]string{"accepts", "refuses", "crashed"}[c.Accept])
	say(c.SlowPct > 0, "%v%% slow ×%v", c.SlowPct, c.SlowFactor)
	say(c.ErrorPct > 0, "%v%% errors after %v", c.ErrorPct, c.ErrorAfter)
	say(c.ResetPct > 0, "%v%% resets", c.ResetPct)
	say(c.Probe != Honest, "%s", [...]string{"honest", "says healthy", "says unhealthy"}[c.Probe])
	say(!c.Partitioned.Empty(), "cut off from 0: %v, 1: %v", c.Partitioned.Has(0), c.Partitioned.Has(1))
	if out == nil {
		return "normal"
	}
	return strings.Join(out, ", ")
}

// TestRhythms compares the share of time that random faults are active with what their parameters say.
func TestRhythms(t *testing.T) {
	for name, c := range map[string]struct {
		fault string
		want  float64
	}{
		"antagonist":      {"antagonist: {load_pct: 50, on: 2s, off: 6s}", 0.25},
		"always on":       {"antagonist: {load_pct: 50, on: 2s}", 1},
		"pauses":          {"pauses: {every: 2s, lasting: 100ms}", 0.05},
		"pauses, regular": {"pauses: {every: 2s, lasting: 100ms, jitter_pct: 0}", 0.05},
		"flap":            {"flap: {up: 3s, down: 1s}", 0.25},
	} {
		t.Run(name, func(t *testing.T) {
			s := mustLoad(t, "duration: 10000s\narrivals: {poisson: {rate_rps: 1}}\nbackends: [{name: a}]\nfaults:\n  - backend: a\n    "+c.fault)
			var active, last lb.Time
			on := false
			timeline := s.Model(1).Timeline(0)
			for {
				at, cond, ok := timeline.Next()
				if !ok {
					break
				}
				if at < last {
					t.Fatalf("a change at %v after one at %v", at, last)
				}
				if on {
					active += at - last
				}
				last, on = at, words(cond) != "normal"
			}
			if on || last > lb.Time(10000*time.Second) {
				t.Errorf("still active after the last change, at %v", last)
			}
			if got := active.Seconds() / 10000; math.Abs(got-c.want) > 0.05*c.want {
				t.Errorf("active for a share of %v, want %v", got, c.want)
			}
		})
	}
}

// TestStayingAntagonist: one that never goes is one stay. A turn for each millisecond of a day would keep Next busy
// for half a minute before it finds that nothing changes.
func TestStayingAntagonist(t *testing.T) {
	const fault = "faults: [{at: 1h, for: 20h, backend: a, antagonist: {load_pct: 50, on: 1ms, off: "
	const day = "duration: 24h\narrivals: {poisson: {rate_rps: 1}}\nbackends: [{name: a}]\n"
	for off, one := range map[string]bool{"0s": true, "1ms": false} {
		timeline := mustLoad(t, day+fault+off+"}}]").Model(1).Timeline(0)
		antagonist := timeline.tracks[0]
		if at := antagonist.next(); at != lb.Time(time.Hour) {
			t.Fatalf("off %s: starts at %v, want 1h", off, at)
		}
		antagonist.step()
		if end := antagonist.next(); (end == lb.Time(21*time.Hour)) != one {
			t.Fatalf("off %s: the first stay ends at %v", off, end)
		}
	}
	timeline := mustLoad(t, day+fault+"0s}}]").Model(1).Timeline(0)
	var got []string
	for at, c, ok := timeline.Next(); ok; at, c, ok = timeline.Next() {
		got = append(got, fmt.Sprintf("%vs %s", at.Seconds(), words(c)))
	}
	if want := "3600s free 0.5; 75600s normal"; strings.Join(got, "; ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, "; "), want)
	}
}

func TestBackendsHaveTheirOwnLuck(t *testing.T) {
	s := mustLoad(t, storyBackends+"arrivals: {poisson: {rate_rps: 1}}\nfaults: [{backend: \"*\", antagonist: {load_pct: 50, on: 2s, off: 6s}}]")
	at := func(seed uint64, backend int) lb.Time {
		timeline := s.Model(seed).Timeline(backend)
		timeline.Next()
		at, _, _ := timeline.Next()
		return at
	}
	if at(1, 0) == at(1, 1) || at(1, 0) == at(2, 0) {
		t.Error("antagonists come and go in step")
	}
	if first, again := at(1, 0), at(1, 0); first != again {
		t.Error("equal seeds gave different timelines")
	}
}

func TestBalancerSets(t *testing.T) {
	s := newBalancerSet([]int{0, 64, 1023}).union(newBalancerSet([]int{3}))
	for b := range MaxBalancers {
		if want := b == 0 || b == 3 || b == 64 || b == 1023; s.Has(b) != want {
			t.Errorf("Has(%d) is %v", b, s.Has(b))
		}
	}
	if s.Empty() || !(BalancerSet{}).Empty() || (BalancerSet{}).Has(0) || !newBalancerSet(nil).Has(1000) {
		t.Error("empty and full sets are mixed up")
	}
}
