package policy

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/stats"
)

// forgetAfter is the silence after which a backend's average response time is
// believed half as much. A backend that was once slow gets no traffic and thus no chance
// to prove itself (the trap of traefik issue 12306); halving lets it back in after
// log2(slow/usual) such intervals, for one attempt at a time, since an outstanding
// attempt counts against it.
const forgetAfter = 10 * time.Second

// responseTime is what a policy remembers of one backend: its average response
// time as this balancer saw it, and how often it fails. Any goroutine may call
// it. Padded to a cache line of its own.
type responseTime struct {
	average  stats.EWMA
	heard    atomic.Int64 // Time of the last sample
	failures failureRate
	_        [40]byte
}

// observe takes an attempt's end. weight is that of the new sample; after a
// silence it grows as the old average is forgotten.
func (t *responseTime) observe(now lb.Time, latency time.Duration, v lb.Verdict, weight float64) {
	t.failures.observe(now, v)
	average, known := t.average.Value()
	if !tellsTime(v, latency, average, known) {
		return
	}
	belief := halvings(now, t.heard.Swap(int64(now)))
	t.average.Observe(float64(latency), 1-(1-weight)*belief)
}

// value returns the average in nanoseconds, at least 1, how much of it is still believed after the silence
// up to now (1, ½, ¼, …), and whether there is any.
func (t *responseTime) value(now lb.Time) (ns, belief float64, known bool) {
	ns, known = t.average.Value()
	return max(ns, 1), halvings(now, t.heard.Load()), known
}

// halvings returns 2^−⌊silence/forgetAfter⌋.
func halvings(now lb.Time, heard int64) float64 {
	silence := now.Sub(lb.Time(heard))
	if silence < forgetAfter {
		return 1
	}
	return math.Ldexp(1, -min(60, int(silence/forgetAfter)))
}
