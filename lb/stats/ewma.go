package stats

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/lbctl/lbctl/lb/instant"
)

// EWMA is an exponentially weighted moving average of samples, weighted by
// their number and not by time. Any goroutine may call it; nothing blocks, and
// under contention every sample still counts. The zero EWMA has no data.
type EWMA struct{ bits atomic.Uint64 } // 0: no data; otherwise the float's bits (a value of 0 is stored as the smallest float)

// Observe moves the average towards v by weight, 0 < weight ≤ 1; the first
// sample is taken whole.
func (e *EWMA) Observe(v, weight float64) {
	for {
		old := e.bits.Load()
		next := v
		if old != 0 {
			prev := math.Float64frombits(old)
			next = prev + weight*(v-prev)
		}
		if next == 0 {
			next = math.SmallestNonzeroFloat64
		}
		if e.bits.CompareAndSwap(old, math.Float64bits(next)) {
			return
		}
	}
}

// Value returns the average, and whether there is one.
func (e *EWMA) Value() (v float64, ok bool) {
	b := e.bits.Load()
	return math.Float64frombits(b), b != 0
}

// PeakEWMA is Finagle's peak-sensitive average of round-trip times: a sample
// above the average replaces it at once, one below pulls it down with time
// constant tau (com.twitter.finagle.loadbalancer.PeakEwma). Any goroutine may
// call it; nothing blocks. The zero PeakEWMA has no data.
type PeakEWMA struct {
	cost  atomic.Uint64 // bits of the average in nanoseconds; 0: no data
	stamp atomic.Int64  // the Time of the last update
}

// Observe takes a round-trip time seen at now. Late calls, with now before
// the last update, are weighed as if made at that update.
func (e *PeakEWMA) Observe(now instant.Time, rtt, tau time.Duration) {
	elapsed := e.claim(now)
	sample := max(float64(rtt), 1)
	for {
		old := e.cost.Load()
		next := sample
		if cost := math.Float64frombits(old); old != 0 && sample <= cost {
			w := math.Exp(-float64(elapsed) / float64(tau))
			next = cost*w + sample*(1-w)
		}
		if e.cost.CompareAndSwap(old, math.Float64bits(next)) {
			return
		}
	}
}

// claim moves the stamp to now and returns the time it skipped. Of several
// goroutines that race, each interval is given to exactly one, so that
// contention never decays the average twice.
func (e *PeakEWMA) claim(now instant.Time) time.Duration {
	for {
		last := e.stamp.Load()
		if int64(now) <= last {
			return 0
		}
		if e.stamp.CompareAndSwap(last, int64(now)) {
			return time.Duration(int64(now) - last)
		}
	}
}

// Value returns the average decayed to now, in nanoseconds, and whether there is data. Reading
// decays because an idle backend is no longer as slow as it once was; without that a backend that was slow
// once would never be tried again.
func (e *PeakEWMA) Value(now instant.Time, tau time.Duration) (ns float64, ok bool) {
	b := e.cost.Load()
	if b == 0 {
		return 0, false
	}
	elapsed := max(0, now.Sub(instant.Time(e.stamp.Load())))
	return math.Float64frombits(b) * math.Exp(-float64(elapsed)/float64(tau)), true
}
