package health

import (
	"math"
	"time"
)

// SlowStart ramps the weight of a backend that has come back, as Envoy does
// (slow_start_config of the load-balancing policies).
type SlowStart struct {
	Window       time.Duration // length of the ramp; 0: none
	MinWeight    float64       // least share of the full weight; 0…1
	Aggression   float64       // 1: linear; above 1: faster at first; > 0
	RefreshEvery time.Duration // how often the ramp is recomputed; > 0 when Window is
}

// minAge keeps the ramp from starting at nothing (Envoy: max(age, 1 s)).
const minAge = time.Second

// Factor returns the share of its full weight that a backend carries when it has been
// Recovering for age: max(MinWeight, (max(age, 1 s)/Window)^(1/Aggression)), at most 1.
func (s SlowStart) Factor(age time.Duration) float64 {
	if s.Window <= 0 || age >= s.Window {
		return 1
	}
	ramp := math.Pow(float64(max(age, minAge))/float64(s.Window), 1/s.Aggression)
	return min(1, max(s.MinWeight, ramp))
}
