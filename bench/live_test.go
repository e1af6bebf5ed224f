package bench

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lbctl/lbctl/measure"
)

// TestLive runs a scenario with faults on sockets. Nothing is asserted of how long anything took: only that every
// request ends once, as the scenario says that it does.
func TestLive(t *testing.T) {
	sc := scenarioOf(t, `duration: 2s
warmup: 0s
arrivals: {poisson: {rate_rps: 100}}
clients: {deadline: 20s}
classes: [{demand: 2ms}]
backends: [{name: good, count: 2, slots: 10}, {name: bad, slots: 10}]
faults: [{at: 0s, backend: bad, errors: {rate_pct: 100}}]
pool: {policy: round_robin, health: {enabled: false}}
`)
	var elapsed time.Duration
	out, err := Run(context.Background(), sc, 3, Options{Elapsed: func(now time.Duration) { elapsed = now }})
	if slip := new(SlipError); err != nil && !errors.As(err, &slip) { // the machine may be busy
		t.Fatal(err)
	}
	want, err := newSchedule(sc.Model(3), 2e9)
	if err != nil {
		t.Fatal(err)
	}
	run := out.Run
	if run.Requests != uint64(len(want)) || !run.Little.Holds {
		t.Errorf("%d requests of %d, Little's law holds: %v", run.Requests, len(want), run.Little.Holds)
	}
	var ended uint64
	for _, n := range run.Endings {
		ended += n
	}
	third := run.Requests / 3
	if ended != run.Requests || run.Endings[measure.Failed] < third-1 || run.Endings[measure.Failed] > third+1 || run.Endings[measure.OK] != ended-run.Endings[measure.Failed] {
		t.Errorf("endings %v of %d requests, a third of which must fail", run.Endings, run.Requests)
	}
	for _, b := range run.Backends {
		if share := b.Values[measure.SharePct]; share < 32 || share > 35 {
			t.Errorf("%s has %g%%", b.Name, share)
		}
		if fails := b.Values[measure.ErrorsPct]; (fails == 100) != (b.Name == "bad") {
			t.Errorf("%s: %g%% errors", b.Name, fails)
		}
		if b.Values[measure.UtilizationPct] <= 0 {
			t.Errorf("%s was never busy", b.Name)
		}
	}
	if out.Path <= 0 || out.CPUPct <= 0 || elapsed <= 0 {
		t.Errorf("path %v, CPU %g%%, progress up to %v", out.Path, out.CPUPct, elapsed)
	}
	if len(run.Events) == 0 || !strings.Contains(run.Events[0].What, "100% errors") {
		t.Errorf("events %+v", run.Events)
	}
}

func TestLiveRunIsStopped(t *testing.T) {
	sc := scenarioOf(t, "duration: 1h\narrivals: {poisson: {rate_rps: 10}}\nclients: {deadline: 0s}\nbackends: [{name: a}]\n")
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(300*time.Millisecond, cancel)
	if _, err := Run(ctx, sc, 1, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestTimeout: balancers give up when clients do, so that they learn of time-outs as such.
func TestTimeout(t *testing.T) {
	for clients, want := range map[string]time.Duration{
		"deadline: 3s": 3 * time.Second,
		"deadline: 0s": 0,
		"deadline: 3s, retries: {max: 1, attempt_timeout: 500ms}": 500 * time.Millisecond,
		"deadline: 0s, retries: {max: 1, attempt_timeout: 500ms}": 500 * time.Millisecond,
	} {
		r, err := newRun(scenarioOf(t, "duration: 10s\narrivals: {poisson: {rate_rps: 50}}\nbackends: [{name: a}]\nclients: {"+clients+"}\n"), 1, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.timeout(); got != want {
			t.Errorf("%s: %v, want %v", clients, got, want)
		}
	}
}
