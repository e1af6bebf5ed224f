package scenarios

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// TestRecentRate compares the count over the last second with a list of all arrivals: it is off by
// what a tenth of a second may hide, never more.
func TestRecentRate(t *testing.T) {
	for seed := range uint64(50) {
		r := rng.New(seed)
		var rate recentRate
		var all []lb.Time
		now := lb.Time(0)
		for range 300 {
			gap := math.Pow(10, 6+3.5*r.Float64()) // 1 ms to 3 s
			now = now.Add(time.Duration(gap))
			within := func(from, to time.Duration) (n float64) {
				for _, at := range all {
					if at > now.Add(-to) && at <= now.Add(-from) {
						n++
					}
				}
				return n
			}
			low, high := within(0, 900*time.Millisecond), within(0, 1100*time.Millisecond)
			if got := rate.add(now); got < low || got > high {
				t.Fatalf("seed %d: %v in the second before %v, want %v to %v", seed, got, now, low, high)
			}
			all = append(all, now)
			all = slices.DeleteFunc(all, func(at lb.Time) bool { return at < now.Add(-2*time.Second) })
		}
	}
}
