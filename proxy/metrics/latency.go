package metrics

import (
	"math/bits"
	"time"
)

// latencyBounds are the upper bounds of the latency histogram's buckets; above
// the last one is one more bucket.
var latencyBounds = [...]time.Duration{
	500 * time.Microsecond, time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond,
	25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute,
}

const latencyBuckets = len(latencyBounds) + 1

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

// bucketOf returns the bucket of d, which is not negative.
func bucketOf(d time.Duration) int {
	i := int(firstBucket[bits.Len64(uint64(d))])
	for i < len(latencyBounds) && d > latencyBounds[i] {
		i++
	}
	return i
}
