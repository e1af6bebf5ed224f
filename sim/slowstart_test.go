package sim

import (
	"fmt"
	"math"
	"testing"
)

// TestSlowStart counts what a backend gets after it has recovered: its weight grows with its age from 10% to
// all of that of the other one.
func TestSlowStart(t *testing.T) {
	for _, policy := range []string{"weighted_round_robin", "weighted_random"} {
		sc := load(t, fmt.Sprintf(`
duration: 40s
arrivals: {constant: {rate_rps: 5000}}
classes: [{demand: 1ms}]
backends: [{name: a, slots: 100}, {name: b, slots: 100}]
faults: [{at: 5s, for: 5s, backend: a, crash: {}}]
pool: {policy: %s, health: {interval: 1s, timeout: 500ms, jitter_pct: 0}, slow_start: {window: 10s}}
`, policy))
		recovered := math.Inf(1)
		var of, all [12]float64 // by seconds since
		simulate(t, sc, 1, Options{Events: func(e Event) {
			if e.Kind == "health" && e.What == "recovering" {
				recovered = e.AtS
			}
			if second := int(e.AtS - recovered); e.Kind == "send" && e.AtS >= recovered && second < len(of) {
				all[second]++
				if e.Backend == "a" {
					of[second]++
				}
			}
		}})
		for second := range of {
			// The weight is recomputed every 200 ms, the youngest age counts as 1 s.
			weight := 0.0
			for step := range 5 {
				weight += min(1, max(1, float64(second)+0.2*float64(step))/10) / 5
			}
			got, want := of[second]/all[second], weight/(1+weight)
			if !(math.Abs(got-want) < 0.02) {
				t.Errorf("%s: %d s after recovery a gets %.3f of the requests, want %.3f", policy, second, got, want)
			}
		}
	}
}
