package stats

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func TestLatencyByLoadKnowsNothingAtFirst(t *testing.T) {
	var l LatencyByLoad
	if got := l.Estimate(3); got != 0 {
		t.Errorf("Estimate of nothing = %v, want 0", got)
	}
}

func TestLatencyByLoadFollowsTheLoadAtOnce(t *testing.T) {
	var l LatencyByLoad
	for range 20 {
		l.Observe(1, ms(10))
		l.Observe(30, ms(300))
	}
	for rif, want := range map[int32]time.Duration{1: ms(10), 30: ms(300), 31: ms(300), 0: ms(10), 100: ms(300)} {
		if got := l.Estimate(rif); got != want {
			t.Errorf("Estimate(%d) = %v, want %v", rif, got, want)
		}
	}
}

func TestLatencyByLoadForgets(t *testing.T) {
	var l LatencyByLoad
	for range perLoad {
		l.Observe(5, ms(500))
	}
	for range recentSpan {
		l.Observe(50, ms(20))
	}
	if got := l.Estimate(5); got != ms(20) {
		t.Errorf("Estimate(5) = %v: latencies from %d observations ago are not recent", got, recentSpan)
	}
	for range recentSpan {
		l.Estimate(50)
	}
	if got := l.Estimate(50); got != 0 {
		t.Errorf("Estimate(50) = %v: asked %d times since the last observation, it knows nothing recent", got, recentSpan)
	}
	for range perLoad {
		l.Observe(50, ms(20))
	}
	// Within a level the ring forgets: the newest 16 alone count.
	for range perLoad/2 + 1 {
		l.Observe(50, ms(80))
	}
	if got := l.Estimate(50); got != ms(80) {
		t.Errorf("Estimate(50) = %v, want that of the newer half", got)
	}
}

func TestLatencyByLoadIgnoresTheOutlier(t *testing.T) {
	var l LatencyByLoad
	for _, d := range []int{9, 10, 11, 10, 4000, 10, 9} {
		l.Observe(2, ms(d))
	}
	if got := l.Estimate(2); got != ms(10) {
		t.Errorf("Estimate = %v, want the median 10ms", got)
	}
}

func TestLoadLevelsAreInOrderAndNarrow(t *testing.T) {
	last, from := -1, 0
	for rif := range maxLoad + 2 {
		i := loadLevelOf(int32(rif))
		switch {
		case i == last+1:
			last, from = i, rif
		case i != last:
			t.Fatalf("level of %d is %d, that of its predecessor %d", rif, i, last)
		}
		if rif <= maxLoad && rif > exactLoads && float64(rif-from) > 0.125*float64(from) {
			t.Fatalf("%d and %d share level %d", from, rif, i)
		}
	}
	if last != loadLevels-1 {
		t.Errorf("highest level is %d, want %d", last, loadLevels-1)
	}
}

// TestLatencyByLoadModel compares with a list of everything ever observed.
func TestLatencyByLoadModel(t *testing.T) {
	type seen struct {
		level   int
		latency time.Duration
		tick    int
	}
	tick := 0
	recentAt := func(all []seen, level int) (out []time.Duration) {
		for k := len(all) - 1; k >= 0 && tick-all[k].tick < recentSpan; k-- {
			if all[k].level == level && len(out) < perLoad {
				out = append(out, all[k].latency)
			}
		}
		return out
	}
	model := func(all []seen, rif int32) time.Duration {
		level := loadLevelOf(rif)
		found := recentAt(all, level)
		for d := 1; len(found) < enough && d < loadLevels; d++ {
			found = append(append(found, recentAt(all, level-d)...), recentAt(all, level+d)...)
		}
		if len(found) == 0 {
			return 0
		}
		slices.Sort(found)
		return max(1, found[(len(found)-1)/2])
	}
	rapid.Check(t, func(t *rapid.T) {
		var l LatencyByLoad
		var all []seen
		tick = 0
		top := rapid.SampledFrom([]int32{3, 40, 3000, 1 << 30}).Draw(t, "top")
		loads := rapid.Int32Range(-1, top)
		for range rapid.IntRange(0, 60).Draw(t, "rounds") {
			rif, n := loads.Draw(t, "rif"), rapid.SampledFrom([]int{0, 1, 2, 17, 600}).Draw(t, "n")
			for k := range n {
				d := time.Duration(rapid.Int64Range(-1, 1e9).Draw(t, "latency")) + time.Duration(k)
				if k > 2 { // draws are costly; the rest need not be random
					d = all[len(all)-1].latency + 7
				}
				l.Observe(rif, d)
				tick++
				all = append(all, seen{loadLevelOf(rif), max(0, d), tick})
			}
			at := loads.Draw(t, "at")
			for more := rapid.SampledFrom([]int{0, 1, 500}).Draw(t, "asked before"); more > 0; more-- {
				tick++
				l.Estimate(at)
			}
			tick++
			if got, want := l.Estimate(at), model(all, at); got != want {
				t.Fatalf("Estimate(%d) = %v, want %v", at, got, want)
			}
		}
	})
}

func BenchmarkLatencyByLoadObserve(b *testing.B) {
	var l LatencyByLoad
	for i := range b.N {
		l.Observe(int32(i%24), time.Duration(i))
	}
}

// BenchmarkLatencyByLoadEstimate asks three times for each observation, as
// Prequal's probe rate does.
func BenchmarkLatencyByLoadEstimate(b *testing.B) {
	var l LatencyByLoad
	for i := range b.N {
		if i%3 == 0 {
			l.Observe(int32(i/3%24), time.Duration(i*7919%1000))
		}
		l.Estimate(int32(i * 5 % 24))
	}
}
