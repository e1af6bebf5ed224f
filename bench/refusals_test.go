package bench

import (
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb"
)

func TestRefusals(t *testing.T) {
	sc := scenarioOf(t, `duration: 10s
arrivals: {poisson: {rate_rps: 50}}
backends: [{name: a}, {name: b}, {name: c}]
faults:
  - {at: 2s, for: 3s, backend: a, crash: {}}
  - {at: 3s, backend: b, crash: {}}
`)
	r := newRefusals(sc.Model(1))
	at := func(s float64) int { return r.backend(lb.Time(s * float64(time.Second))) }
	for s, want := range map[float64]int{0: -1, 1.999: -1, 2: 0, 2.5: 0, 5: 1, 9: 1, 100: 1} {
		if got := at(s); got != want {
			t.Errorf("at %g s: backend %d, want %d", s, got, want)
		}
	}
	count := map[int]int{}
	for range 100 {
		count[at(4)]++
	}
	if count[0] != 50 || count[1] != 50 {
		t.Errorf("of two that refuse: %v", count)
	}
}
