package stats

import (
	"math/bits"
	"time"
)

const (
	perLoad     = 16   // latencies kept for each level of load
	enough      = 5    // recent latencies that make an estimate without the neighbours'
	recentSpan  = 1024 // a latency is recent for this many observations and estimates
	exactLoads  = 16   // in-flight counts below this have a level each
	levelBits   = 3    // above, 2^3 levels an octave: within 12.5%
	maxLoad     = 1<<20 - 1
	loadLevels  = exactLoads + (20-4)<<levelBits
	gatherLimit = 2*perLoad + enough
)

// LatencyByLoad is the latency signal that a backend gives to load probes, as
// Prequal has it (Wydrowski et al., NSDI'24, section 4): the median of recent
// latencies of requests that were admitted when about as many were in flight
// as are now. So the estimate answers at once to a change of the load, while a
// plain average would lag behind it.
//
// For each level of load (each count below 16, then 8 an octave) it keeps the
// latest 16 latencies. A level with fewer than 5 recent ones borrows from the
// levels next to it. Recent are those since the last 1024 calls: each
// observation and each estimate is a tick of its clock. So a backend that nobody sends to but many ask
// forgets how slow it once was, and reports that it does not know; otherwise it would never be tried
// again.
//
// Memory grows with the highest in-flight count seen, to at most 40 KB (2.3 KB
// for 8 levels). The zero value is empty and ready. One goroutine at a time.
type LatencyByLoad struct {
	levels []loadLevel
	tick   uint64 // observations and estimates so far
	newest uint64 // tick of the last observation
}

// loadLevel is a ring of the latest latencies at one level of load.
type loadLevel struct {
	latency [perLoad]time.Duration
	stamp   [perLoad]uint64 // tick of the observation, from 1; 0: none yet
	next    uint8

	median time.Duration // of the recent latencies here, as long as
	until  uint64        // tick is below this: none of them expired, and none was added
}

// Observe records the latency of a request that was admitted when rif requests were in flight. Negative values count as 0.
func (l *LatencyByLoad) Observe(rif int32, latency time.Duration) {
	i := loadLevelOf(rif)
	if i >= len(l.levels) {
		l.levels = append(l.levels, make([]loadLevel, i+1-len(l.levels))...)
	}
	l.tick++
	l.newest = l.tick
	level := &l.levels[i]
	level.latency[level.next] = max(0, latency)
	level.stamp[level.next] = l.tick
	level.next = (level.next + 1) % perLoad
	level.until = 0
}

// Estimate returns the median of recent latencies at about rif requests in
// flight (the lower of the middle two), at least 1 ns; 0 when nothing recent is known.
func (l *LatencyByLoad) Estimate(rif int32) time.Duration {
	l.tick++
	if l.newest == 0 || l.tick-l.newest >= recentSpan {
		return 0
	}
	i := loadLevelOf(rif)
	if i < len(l.levels) && l.tick < l.levels[i].until {
		return l.levels[i].median
	}
	return l.estimate(i)
}

// estimate gathers from level i and, while that is not enough, from the next lower and higher levels
// together. The newest observation is recent, so something is found.
func (l *LatencyByLoad) estimate(i int) time.Duration {
	var buf [gatherLimit]time.Duration
	found, oldest := l.appendRecent(buf[:0], i)
	if len(found) >= enough {
		level := &l.levels[i]
		level.median, level.until = lowerMedian(found), oldest+recentSpan
		return level.median
	}
	for distance := 1; len(found) < enough && distance <= max(i, len(l.levels)-1-i); distance++ {
		found, _ = l.appendRecent(found, i-distance)
		found, _ = l.appendRecent(found, i+distance)
	}
	return lowerMedian(found)
}

// appendRecent appends the recent latencies of level i to dst, and returns the stamp of the oldest.
func (l *LatencyByLoad) appendRecent(dst []time.Duration, i int) (recent []time.Duration, oldest uint64) {
	if i < 0 || i >= len(l.levels) {
		return dst, l.tick
	}
	level := &l.levels[i]
	oldest = l.tick
	for k, stamp := range level.stamp {
		if stamp != 0 && l.tick-stamp < recentSpan {
			dst = append(dst, level.latency[k])
			oldest = min(oldest, stamp)
		}
	}
	return dst, oldest
}

// lowerMedian sorts d, by insertion since it is short, and returns its median, at least 1 ns.
func lowerMedian(d []time.Duration) time.Duration {
	for k := 1; k < len(d); k++ {
		v, j := d[k], k
		for ; j > 0 && d[j-1] > v; j-- {
			d[j] = d[j-1]
		}
		d[j] = v
	}
	return max(1, d[(len(d)-1)/2])
}

// loadLevelOf returns the level of an in-flight count.
func loadLevelOf(rif int32) int {
	load := int(max(0, min(rif, maxLoad)))
	if load < exactLoads {
		return load
	}
	octave := bits.Len(uint(load)) - 5 // 0 for 16…31
	return exactLoads + octave<<levelBits + (load>>(octave+1) - 1<<levelBits)
}
