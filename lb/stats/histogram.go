package stats

import (
	"math"
	"math/bits"
	"time"
)

const (
	// subBucketBits sets the histogram's resolution: 2^7 buckets an octave, so
	// that a bucket is at most 1/128 of its lower bound wide and its middle is
	// within 0.4% of every value in it.
	subBucketBits = 7
	subBuckets    = 1 << subBucketBits

	// MaxRecordable is the largest duration told apart, about 9.8 hours; longer
	// ones count in the last bucket.
	MaxRecordable = time.Duration(1)<<45 - 1

	// MaxRelativeError bounds |Quantile − exact| / exact, for exact values up to MaxRecordable.
	MaxRelativeError = 1.0 / (2 * subBuckets)

	maxBuckets = (45-subBucketBits)*subBuckets + subBuckets
)

// Histogram counts durations in log-linear buckets: exact below 128 ns, then
// 128 buckets an octave (the layout of HdrHistogram). Its size depends on the
// largest value seen, never on the number of values: at most 39 KB. The zero
// Histogram is empty and ready. One goroutine at a time.
type Histogram struct {
	counts []uint64
	n      uint64
	sum    float64 // nanoseconds
	max    time.Duration
}

// Record counts one duration. Negative ones count as 0.
func (h *Histogram) Record(d time.Duration) {
	d = max(0, d)
	i := bucketOf(d)
	if i >= len(h.counts) {
		h.grow(i)
	}
	h.counts[i]++
	h.n++
	h.sum += float64(d)
	h.max = max(h.max, d)
}

func (h *Histogram) grow(i int) {
	size := min(maxBuckets, (i/subBuckets+1)*subBuckets)
	h.counts = append(h.counts, make([]uint64, size-len(h.counts))...)
}

// Count returns how many durations were recorded.
func (h *Histogram) Count() uint64 { return h.n }

// Sum returns the total of the recorded durations in nanoseconds. It is kept apart from
// the buckets, so a mean from it has no bucketing error.
func (h *Histogram) Sum() float64 { return h.sum }

// Mean returns the mean duration in nanoseconds, NaN when empty.
func (h *Histogram) Mean() float64 {
	if h.n == 0 {
		return math.NaN()
	}
	return h.sum / float64(h.n)
}

// Max returns the largest duration recorded, exactly.
func (h *Histogram) Max() time.Duration { return h.max }

// Add counts everything in o as well.
func (h *Histogram) Add(o *Histogram) {
	if len(o.counts) > len(h.counts) {
		h.grow(len(o.counts) - 1)
	}
	for i, c := range o.counts {
		h.counts[i] += c
	}
	h.n += o.n
	h.sum += o.sum
	h.max = max(h.max, o.max)
}

// Reset empties h and keeps its memory.
func (h *Histogram) Reset() {
	clear(h.counts)
	*h = Histogram{counts: h.counts}
}

// Quantile returns the p-quantile, 0 ≤ p ≤ 1, as the middle of the bucket that
// holds the ⌈p·n⌉-th smallest duration (never beyond Max). Its relative error is at most
// MaxRelativeError. An empty histogram has no quantile: NaN. In nanoseconds.
func (h *Histogram) Quantile(p float64) float64 {
	if h.n == 0 {
		return math.NaN()
	}
	return h.AtRank(Rank(p, h.n))
}

// Rank returns which of n values, counted from 1 in ascending order, is their p-quantile; n ≥ 1.
func Rank(p float64, n uint64) uint64 {
	return max(1, min(uint64(math.Ceil(p*float64(n))), n))
}

// AtRank returns the rank-th smallest duration, 1 ≤ rank ≤ Count, with the error of Quantile.
func (h *Histogram) AtRank(rank uint64) float64 {
	var seen uint64
	for i, c := range h.counts {
		if seen += c; seen >= rank {
			lo, hi := bucketBounds(i)
			return min(float64(lo)+float64(hi-lo-1)/2, float64(h.max))
		}
	}
	panic("stats: no value of that rank in the histogram")
}

// Bucket is one non-empty bucket: Count durations in [Lo, Hi).
type Bucket struct {
	Lo, Hi time.Duration
	Count  uint64
}

// Buckets returns the non-empty buckets in ascending order.
func (h *Histogram) Buckets() []Bucket {
	var out []Bucket
	for i, c := range h.counts {
		if c > 0 {
			lo, hi := bucketBounds(i)
			out = append(out, Bucket{lo, hi, c})
		}
	}
	return out
}

func bucketOf(d time.Duration) int {
	if d < subBuckets {
		return int(d)
	}
	d = min(d, MaxRecordable)
	shift := bits.Len64(uint64(d)) - 1 - subBucketBits
	return shift<<subBucketBits + int(d>>shift)
}

func bucketBounds(i int) (lo, hi time.Duration) {
	if i < subBuckets {
		return time.Duration(i), time.Duration(i + 1)
	}
	shift := i>>subBucketBits - 1
	lo = time.Duration(i-shift<<subBucketBits) << shift
	return lo, lo + 1<<shift
}
