package stats_test

import (
	"math"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lbctl/lbctl/lb/instant"
	"github.com/lbctl/lbctl/lb/rng"
	"github.com/lbctl/lbctl/lb/stats"
)

// The model: Σ weight·(1−weight)^age·sample, with the first sample as what was before.
func TestEWMAModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		weight := rapid.Float64Range(0.01, 1).Draw(rt, "weight")
		samples := rapid.SliceOf(rapid.Float64Range(-1e9, 1e9)).Draw(rt, "samples")
		var e stats.EWMA
		for _, v := range samples {
			e.Observe(v, weight)
		}
		got, ok := e.Value()
		if ok != (len(samples) > 0) {
			rt.Fatalf("data: %v after %d samples", ok, len(samples))
		}
		if !ok {
			return
		}
		want := samples[0] * math.Pow(1-weight, float64(len(samples)-1))
		for i, v := range samples[1:] {
			want += weight * math.Pow(1-weight, float64(len(samples)-2-i)) * v
		}
		if math.Abs(got-want) > 1e-9*1e9 {
			rt.Fatalf("average %v, want %v", got, want)
		}
	})
}

// A value of 0 is data.
func TestEWMAOfZero(t *testing.T) {
	var e stats.EWMA
	if _, ok := e.Value(); ok {
		t.Error("the zero EWMA has data")
	}
	e.Observe(0, 0.5)
	if v, ok := e.Value(); !ok || v > 1e-300 {
		t.Errorf("%v, %v after a sample of 0", v, ok)
	}
	e.Observe(8, 0.5)
	if v, _ := e.Value(); v != 4 {
		t.Errorf("average %v, want 4", v)
	}
}

// Every sample counts under contention: with equal samples after a first one,
// the order does not matter and the result is known.
func TestEWMALosesNoSample(t *testing.T) {
	const workers, each, weight = 4, 500, 0.001
	var e stats.EWMA
	e.Observe(0, weight)
	var done sync.WaitGroup
	for range workers {
		done.Go(func() {
			for range each {
				e.Observe(1, weight)
			}
		})
	}
	done.Wait()
	got, _ := e.Value()
	if want := 1 - math.Pow(1-weight, workers*each); math.Abs(got-want) > 1e-9 {
		t.Errorf("average %v, want %v", got, want)
	}
}

const ms = time.Millisecond

// Finagle's formula, in its own words: w = exp(−Δt/τ); a sample above the cost
// replaces it, others move it by 1−w.
func TestPeakEWMAModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const tau = 10 * time.Second
		var e stats.PeakEWMA
		now, stamp, cost := instant.Time(0), instant.Time(0), 0.0
		for i := range rapid.IntRange(1, 50).Draw(rt, "samples") {
			now = now.Add(time.Duration(rapid.IntRange(0, 20_000).Draw(rt, "wait ms")) * ms)
			rtt := time.Duration(rapid.IntRange(1, 5_000).Draw(rt, "rtt ms")) * ms
			w := math.Exp(-float64(now.Sub(stamp)) / float64(tau))
			if i == 0 || float64(rtt) > cost {
				cost = float64(rtt)
			} else {
				cost = cost*w + float64(rtt)*(1-w)
			}
			stamp = now
			e.Observe(now, rtt, tau)

			later := now.Add(time.Duration(rapid.IntRange(0, 60_000).Draw(rt, "read after ms")) * ms)
			want := cost * math.Exp(-float64(later.Sub(stamp))/float64(tau))
			if got, ok := e.Value(later, tau); !ok || math.Abs(got-want) > 1e-9*want {
				rt.Fatalf("cost %v, want %v", got, want)
			}
		}
	})
}

func TestPeakEWMASaysWhenThereIsNoData(t *testing.T) {
	var e stats.PeakEWMA
	if _, ok := e.Value(instant.At(time.Hour), time.Second); ok {
		t.Error("the zero PeakEWMA has data")
	}
	e.Observe(0, 0, time.Second) // a round trip of no time is data all the same
	if v, ok := e.Value(0, time.Second); !ok || v <= 0 {
		t.Errorf("%v, %v after a sample of 0", v, ok)
	}
}

// Late calls neither decay the average again nor turn it back.
func TestPeakEWMATakesLateSamples(t *testing.T) {
	const tau = time.Second
	var e stats.PeakEWMA
	e.Observe(instant.At(10*time.Second), 100*ms, tau)
	e.Observe(instant.At(9*time.Second), 50*ms, tau)
	if v, _ := e.Value(instant.At(10*time.Second), tau); v != float64(100*ms) {
		t.Errorf("%v after a late lower sample, want 100ms", time.Duration(v))
	}
	e.Observe(instant.At(9*time.Second), 300*ms, tau)
	if v, _ := e.Value(instant.At(9*time.Second), tau); v != float64(300*ms) {
		t.Errorf("%v after a late peak, want 300ms", time.Duration(v))
	}
}

// Under contention the average stays between the least sample and the greatest, and time
// decays it once, not once for each goroutine.
func TestPeakEWMAUnderContention(t *testing.T) {
	const tau = 100 * time.Second // long: reading decays little
	var e stats.PeakEWMA
	var done sync.WaitGroup
	for worker := range 4 {
		done.Go(func() {
			r := rng.New(uint64(worker))
			for k := range 2000 {
				now := instant.At(time.Duration(k) * time.Microsecond)
				e.Observe(now, time.Duration(10+r.Intn(10))*ms, tau)
				if v, ok := e.Value(now, tau); ok && (v < 9.9*float64(ms) || v > 20*float64(ms)) {
					t.Errorf("average %v of samples from 10 to 19 ms", time.Duration(v))
					return
				}
			}
		})
	}
	done.Wait()
	// 2 ms of a time constant of 100 s have passed: the peak of 19 ms still stands.
	if v, _ := e.Value(instant.At(2*ms), tau); v < 18.99*float64(ms) {
		t.Errorf("average %v, want almost the peak of 19 ms", time.Duration(v))
	}
}

func BenchmarkEWMA(b *testing.B) {
	var e stats.EWMA
	for b.Loop() {
		e.Observe(1, 0.1)
	}
}

func BenchmarkPeakEWMA(b *testing.B) {
	var e stats.PeakEWMA
	now := instant.Time(0)
	for b.Loop() {
		now++
		e.Observe(now, ms, time.Second)
	}
}
