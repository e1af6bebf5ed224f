package policy

import (
	"math"
	"sync"
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb"
)

func TestFailurePenalty(t *testing.T) {
	var f failureRate
	if got := f.penalty(0); got != 1 {
		t.Errorf("penalty without failures %g", got)
	}
	f.observe(0, lb.Failure)
	if want := math.Pow(0.9, -3); math.Abs(f.penalty(0)-want) > 1e-6 {
		t.Errorf("penalty after one failure %g, want %g", f.penalty(0), want)
	}
	for range 1000 {
		f.observe(0, lb.Refused)
	}
	if got := f.penalty(0); math.Abs(got-1e6) > 1 {
		t.Errorf("penalty after many failures %g, want its cap 10⁶", got)
	}
	for after, most := range map[time.Duration]float64{10 * time.Second: 4, 20 * time.Second: 1.6, time.Minute: 1.01} {
		if got := f.penalty(lb.Time(after)); got > most || got < 1 {
			t.Errorf("penalty %g %v after the last failure, want at most %g", got, after, most)
		}
	}
	for range 200 {
		f.observe(0, lb.Success)
	}
	if f.word.Load() != 0 {
		t.Errorf("200 successes leave a rate of %g", fadedRate(f.word.Load(), 0))
	}
}

// A straggler whose time is before the last update must not make the rate grow.
func TestFailureRateIgnoresABackwardClock(t *testing.T) {
	var f failureRate
	f.observe(lb.Time(time.Hour), lb.Failure)
	if got, want := f.penalty(0), math.Pow(0.9, -3); math.Abs(got-want) > 1e-6 {
		t.Errorf("penalty %g, want %g", got, want)
	}
}

func TestFailureRateCountsEverySample(t *testing.T) {
	const workers, each = 4, 5
	var f failureRate
	var done sync.WaitGroup
	for range workers {
		done.Go(func() {
			for range each {
				f.observe(0, lb.Timeout)
			}
		})
	}
	done.Wait()
	want := 1 - math.Pow(1-failureWeight, workers*each)
	if got := fadedRate(f.word.Load(), 0); math.Abs(got-want) > 1e-5 {
		t.Errorf("rate %g, want %g", got, want)
	}
}

func TestFailuresNeverLookFast(t *testing.T) {
	for _, c := range []struct {
		verdict lb.Verdict
		latency time.Duration
		known   bool
		want    bool
	}{
		{lb.Success, 1, true, true},
		{lb.Success, 1, false, true},
		{lb.Failure, 99, true, false},
		{lb.Failure, 101, true, true},
		{lb.Failure, 101, false, false},
		{lb.Refused, 1, true, false},
		{lb.Timeout, 99, true, false},
		{lb.Timeout, 1000, true, true},
		{lb.Timeout, 1000, false, true},
	} {
		if got := tellsTime(c.verdict, c.latency, 100, c.known); got != c.want {
			t.Errorf("%v after %d with average 100 (known: %v) counts: %v", c.verdict, c.latency, c.known, got)
		}
	}
}
