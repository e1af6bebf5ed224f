package sim

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/lbctl/lbctl/scenarios"
)

// farmYAML is 100 M/M/1 backends at 80% behind one balancer with health checks at their defaults: 8000 requests a second.
// %s are the duration and the policy.
const farmYAML = `
duration: %.6fs
warmup: auto
arrivals: {poisson: {load_pct: 80}}
clients: {deadline: 0s} # as in M/M/1: nobody gives up
classes: [{demand: {exponential: {mean: 10ms}}}]
backends: [{name: b, count: 100}]
pool: {policy: %s}
`

const farmRPS = 8000

// BenchmarkSimulate runs b.N requests, measured in full, through 100 backends at 80%. BenchmarkBareLoop is the peer to
// compare it with in the same run.
func BenchmarkSimulate(b *testing.B) {
	for _, policy := range []string{"p2c", "round_robin", "random", "least_connections", "least_time", "peak_ewma", "join_idle_queue", "c3", "prequal", "maglev"} {
		b.Run(policy+"-100", func(b *testing.B) { benchmark(b, farm(b, policy, b.N)) })
	}
	b.Run("p2c-100-eventful", func(b *testing.B) {
		benchmark(b, load(b, fmt.Sprintf(`
duration: %.6fs
arrivals: {poisson: {load_pct: 80}}
clients: {deadline: 200ms, retries: {max: 2, backoff: 20ms, attempt_timeout: 100ms}}
classes: [{demand: {exponential: {mean: 10ms}}}]
backends: [{name: b, count: 100, queue: 20, on_cancel: drop}]
network: {same_zone: {exponential: {mean: 200us}}}
faults:
  - {backend: "b[0..49]", antagonist: {load_pct: 50, on: 1s, off: 4s}}
  - {backend: "b[50..59]", errors: {rate_pct: 5}}
pool: {policy: p2c}
`, max(1, float64(b.N)/farmRPS))))
	})
}

// farm is farmYAML for about n requests.
func farm(t testing.TB, policy string, n int) *scenarios.Scenario {
	return load(t, fmt.Sprintf(farmYAML, max(0.01, float64(n)/farmRPS), policy))
}

func benchmark(b *testing.B, sc *scenarios.Scenario) {
	b.ReportAllocs()
	b.ResetTimer()
	run := simulate(b, sc, 1, Options{})
	var n uint64
	for _, w := range run.TimeLine {
		n += w.Offered
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "requests/s")
}

// TestMemoryIsBounded holds the live heap after 2 million requests against that after 200 thousand.
func TestMemoryIsBounded(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("takes time")
	}
	held := func(n int) uint64 {
		w, err := newWorld(farm(t, "p2c", n), Options{}, 1)
		if err != nil {
			t.Fatal(err)
		}
		w.run(func() bool { return false })
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		runtime.KeepAlive(w)
		return m.HeapAlloc
	}
	few, many := held(200_000), held(2_000_000)
	t.Logf("%.1f MB after 200 thousand requests, %.1f MB after 2 million", float64(few)/1e6, float64(many)/1e6)
	// What may grow is the histograms of windows that saw a larger value, by some octaves.
	if float64(many) > 1.3*float64(few)+1e6 {
		t.Errorf("%d bytes are held after 200 thousand requests, %d after 2 million", few, many)
	}
}
