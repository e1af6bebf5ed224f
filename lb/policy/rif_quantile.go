package policy

import (
	"math"
	"sync/atomic"
)

const (
	rifWindow = 128  // recent reports that make up the distribution
	rifLevels = 1024 // in-flight counts told apart; larger ones count as the last
)

// rifDistribution estimates the distribution of in-flight counts over the
// backends from the latest rifWindow reports. Any goroutine may call it; nothing
// blocks. The zero value is empty.
type rifDistribution struct {
	next   atomic.Uint64
	recent [rifWindow]atomic.Int32 // the report's level + 1; 0: none yet
	counts [rifLevels]atomic.Int32 // reports in recent, by level
}

func (d *rifDistribution) observe(rif int32) {
	level := max(0, min(rif, rifLevels-1))
	d.counts[level].Add(1)
	i := (d.next.Add(1) - 1) % rifWindow
	if old := d.recent[i].Swap(level + 1); old > 0 {
		d.counts[old-1].Add(-1)
	}
}

// quantile returns the least in-flight count that a share q of the reports does
// not exceed. q = 0 is below them all: −1; q = 1 above them all: the largest int32.
func (d *rifDistribution) quantile(q float64) int32 {
	if q <= 0 {
		return -1
	}
	n := min(d.next.Load(), rifWindow)
	rank := int32(math.Ceil(q * float64(n)))
	if q < 1 {
		var seen int32
		for level := range d.counts {
			if seen += d.counts[level].Load(); seen >= rank {
				return int32(level)
			}
		}
	}
	return math.MaxInt32
}
