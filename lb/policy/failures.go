package policy

import (
	"math"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/lbctl/lbctl/lb"
)

// Failure aversion. A backend that fails its attempts at once looks fast and idle,
// and a policy that goes by response time or in-flight would send it
// ever more: a sinkhole. So every policy that learns also keeps, for each backend, the
// share of attempts that fail, and multiplies the backend's cost by
// (1/(1−f))³: 1.4 after one stray failure, 8 when half of them fail, 10⁶ at most.
// f fades with time whatever the traffic, so that the backend is tried again and
// recovers once its errors stop: 10 s (failureMemory) after the last failure the penalty is
// at most 4, after 20 s at most 1.6. Each failed trial raises f again, so a
// backend that goes on failing is tried a few times a second at most, however high
// the load. The cube is our choice: with the plain 1/(1−f), the expected number of tries until one
// succeeds, that equilibrium lies several times higher.
//
// This is a softening for the time until breakers and ejection decide, not a replacement for them.
const (
	failureWeight = 0.1              // of the newest attempt in f
	failureMemory = 10 * time.Second // time constant of fading
	minSuccess    = 0.01             // floor of 1−f, so that the penalty stays finite
	negligible    = 1e-4             // an f below this is none

	// failureTick is the resolution of the stamp, about 17 ms; 2³¹ of them are more than a year.
	failureTick = 24 // bits
)

// failureRate is a fading average of the share of failed attempts, in one word so that
// concurrent updates are exact: the bits of a float32, then the tick of the
// last update. Zero: no failures. Any goroutine may call it.
type failureRate struct{ word atomic.Uint64 }

func (f *failureRate) observe(now lb.Time, v lb.Verdict) {
	for {
		old := f.word.Load()
		if old == 0 && v == lb.Success {
			return // the usual case costs one load
		}
		rate := fadedRate(old, now)
		if v == lb.Success {
			rate -= failureWeight * rate
		} else {
			rate += failureWeight * (1 - rate)
		}
		if f.word.CompareAndSwap(old, packRate(rate, now)) {
			return
		}
	}
}

// penalty returns the factor on the backend's cost at now, 1 … 10⁶.
func (f *failureRate) penalty(now lb.Time) float64 {
	word := f.word.Load()
	if word == 0 {
		return 1
	}
	success := max(minSuccess, 1-fadedRate(word, now))
	return 1 / (success * success * success)
}

// note says so in a trace when there is a penalty.
func (f *failureRate) note(now lb.Time) string {
	if p := f.penalty(now); p > 1 {
		return ", penalty " + strconv.FormatFloat(p, 'g', 3, 64)
	}
	return ""
}

func packRate(rate float64, now lb.Time) uint64 {
	if rate < negligible {
		return 0
	}
	return uint64(math.Float32bits(float32(rate)))<<32 | uint64(uint32(now>>failureTick))
}

func fadedRate(word uint64, now lb.Time) float64 {
	rate := float64(math.Float32frombits(uint32(word >> 32)))
	ticks := int32(uint32(now>>failureTick) - uint32(word))
	if ticks <= 0 || rate == 0 {
		return rate
	}
	return rate * math.Exp(-float64(ticks)*float64(1<<failureTick)/float64(failureMemory))
}

// tellsTime says whether an attempt's duration may enter its backend's average
// response time: that of a success always, that of a failure only if it makes the backend look slower.
// A time-out counts as a first sample too, since the true time is longer still.
func tellsTime(v lb.Verdict, latency time.Duration, average float64, known bool) bool {
	if !known {
		return v == lb.Success || v == lb.Timeout
	}
	return v == lb.Success || float64(latency) > average
}
