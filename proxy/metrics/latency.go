package metrics

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// latencyBounds are the upper bounds of the latency histogram's buckets; above
// the last one is one more bucket.
var latencyBounds = [...]time.Duration{
	500 * time.Microsecond, time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond,
	25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute,
}

// firstBucket holds, by the number of a duration's binary digits, the first
// bucket that such a duration can be in. At most two others follow.
var firstBucket = func() (first [65]uint8) {
	for digits := 1; digits < len(first); digits++ {
		least := uint64(1) << (digits - 1)
		for int(first[digits]) < len(latencyBounds) && uint64(latencyBounds[first[digits]]) < least {
			first[digits]++
		}
	}
	return first
}()

// latencies is a histogram of durations.
type latencies struct {
	sum     atomic.Int64 // nanoseconds: wraps after 292 years of latency
	buckets [len(latencyBounds) + 1]atomic.Uint64
}

// add counts a duration; a negative one as 0.
func (l *latencies) add(d time.Duration) {
	d = max(d, 0)
	l.sum.Add(int64(d))
	l.buckets[bucketOf(d)].Add(1)
}

func bucketOf(d time.Duration) int {
	i := int(firstBucket[bits.Len64(uint64(d))])
	for i < len(latencyBounds) && d > latencyBounds[i] {
		i++
	}
	return i
}

// read returns the number of durations, their sum in seconds, and how many
// there are up to each bound in seconds.
func (l *latencies) read() (n uint64, sum float64, upTo map[float64]uint64) {
	upTo = make(map[float64]uint64, len(latencyBounds))
	for i, bound := range latencyBounds {
		n += l.buckets[i].Load()
		upTo[bound.Seconds()] = n
	}
	n += l.buckets[len(latencyBounds)].Load()
	return n, time.Duration(l.sum.Load()).Seconds(), upTo
}
