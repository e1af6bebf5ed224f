package sim

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/lbctl/lbctl/lb/policy"
	"github.com/lbctl/lbctl/measure"
)

// busyYAML has a bit of everything. %s is the policy.
const busyYAML = `
duration: 3s
warmup: 1s
balancers: {count: 3, zones: [east, west]}
arrivals: {mmpp: {states: [{load_pct: 50, mean_stay: 100ms}, {load_pct: 120, mean_stay: 50ms}]}}
clients: {count: 50, zipf: 1, deadline: 150ms, retries: {max: 2, backoff: 10ms, jitter_pct: 50, attempt_timeout: 80ms}}
classes:
  - {name: small, share_pct: 80, demand: {exponential: {mean: 2ms}}}
  - {name: large, share_pct: 20, demand: {pareto: {mean: 10ms, alpha: 2}}, deadline: 300ms}
backends:
  - {name: a, count: 4, zone: east, queue: 20}
  - {name: b, count: 3, slots: 2, discipline: ps, speed: 0.7, zone: west, on_cancel: drop, latency: {exponential: {mean: 300us}}}
network: {same_zone: 200us, cross_zone: {lognormal: {mean: 1ms, sigma: 0.5}}}
faults:
  - {at: 500ms, for: 1s, backend: "a[0]", crash: {}}
  - {at: 800ms, for: 500ms, backend: b, slow: {factor: 3}}
  - {at: 1s, for: 500ms, backend: "a[1]", errors: {rate_pct: 30, after: 1ms}}
  - {backend: "b[2]", pauses: {every: 200ms, lasting: 30ms}}
  - {at: 1200ms, for: 1s, backend: "a[2..3]", partition: {balancers: [0, 2]}}
pool: {policy: %s, health: {interval: 100ms, timeout: 50ms}, slow_start: {window: 500ms}}
`

// render writes out everything that a run says. Runs hold NaNs, which are equal in nobody's eyes but a string's.
func render(r *measure.Run) string {
	flat := *r
	flat.Latency = nil
	return fmt.Sprintf("%+v %+v", flat, r.Latency.Buckets())
}

// TestRunsRepeat runs every policy again: alone on one core, beside others on several, and watched. Nothing may
// depend on any of that; on the seed everything does.
func TestRunsRepeat(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, k := range policy.Kinds() {
		sc := load(t, fmt.Sprintf(busyYAML, k.Name))
		runtime.GOMAXPROCS(1)
		first := simulate(t, sc, 1, Options{})
		want := render(first)
		runtime.GOMAXPROCS(4)
		var got [3]string
		var errs [3]error
		var wait sync.WaitGroup
		for i := range got {
			wait.Go(func() {
				opts := Options{}
				if i > 0 {
					opts = Options{Events: func(Event) {}, Explain: func(Explanation) {}}
				}
				run, err := Run(context.Background(), sc, 1, opts)
				if errs[i] = err; err == nil {
					got[i] = render(run)
				}
			})
		}
		wait.Wait()
		for i := range got {
			if errs[i] != nil {
				t.Fatal(errs[i])
			}
			if got[i] != want {
				t.Errorf("%s: run %d differs\n%.2000s\n%.2000s", k.Name, i, got[i], want)
			}
		}
		if other := simulate(t, sc, 2, Options{}); other.EventHash == first.EventHash {
			t.Errorf("%s: seed 2 gives the same events as seed 1", k.Name)
		}
	}
}

// TestCommonRandomNumbers has every policy meet the same requests: the same arrivals and, where nobody waits for
// anybody and all backends are alike, the same times in the system.
func TestCommonRandomNumbers(t *testing.T) {
	lives := func(name string) (out []string) {
		sc := load(t, fmt.Sprintf(`
duration: 2s
warmup: 0s
balancers: 2
arrivals: {poisson: {rate_rps: 500}}
clients: {deadline: 0s}
classes: [{name: a, share_pct: 40, demand: {lognormal: {mean: 10ms, sigma: 1}}}, {name: b, share_pct: 60, demand: {exponential: {mean: 5ms}}}]
backends: [{name: b, count: 5, slots: 1000}]
network: {same_zone: {exponential: {mean: 1ms}}}
pool: {policy: %s}
`, name))
		simulate(t, sc, 1, Options{Events: func(e Event) {
			if e.Kind == "end" {
				out = append(out, fmt.Sprintf("%d of balancer %d at %.9f after %.6f ms", *e.Request, *e.Balancer, e.AtS, e.LatencyMS))
			}
		}})
		return out
	}
	want := lives("random")
	if len(want) < 900 {
		t.Fatalf("only %d requests", len(want))
	}
	for _, k := range policy.Kinds() {
		got := lives(k.Name)
		if len(got) != len(want) {
			t.Errorf("%s has %d requests, random %d", k.Name, len(got), len(want))
			continue
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%s: request %s, under random %s", k.Name, got[i], want[i])
				break
			}
		}
	}
}

// TestStops leaves a run when told to.
func TestStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	sc := load(t, `
duration: 10s
arrivals: {poisson: {rate_rps: 100000}}
backends: [{name: b, slots: 10000}]
`)
	if run, err := Run(ctx, sc, 1, Options{}); run != nil || err == nil {
		t.Errorf("got %v, %v", run, err)
	} else {
		t.Log(err)
	}
}
