package metrics

import (
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb"
)

// TestBucketOf compares with the obvious search, around every bound and every power of two.
func TestBucketOf(t *testing.T) {
	values := []time.Duration{0, math.MaxInt64}
	for _, b := range latencyBounds {
		values = append(values, b-1, b, b+1)
	}
	for i := range 63 {
		values = append(values, 1<<i-1, 1<<i, 1<<i+1)
	}
	for _, d := range values {
		want := slices.IndexFunc(latencyBounds[:], func(b time.Duration) bool { return d <= b })
		if want < 0 {
			want = len(latencyBounds)
		}
		if got := bucketOf(d); got != want {
			t.Errorf("%v: got bucket %d, want %d", d, got, want)
		}
	}
}

func TestSeriesAddUp(t *testing.T) {
	const goroutines, each = 4, 5000
	s := NewSet()
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			x := s.Series("r", "p", "b")
			for i := range each {
				x.Done(200+i%2, time.Millisecond, 1, 2)
				x.Attempt(lb.Verdict(i % verdicts))
				x.Retry()
			}
		})
	}
	all.Wait()
	x := s.Series("r", "p", "b")
	const total = goroutines * each
	byCode := map[string]uint64{}
	sum := x.totals(func(code string, n uint64) { byCode[code] = n })
	if byCode["200"] != total/2 || byCode["201"] != total/2 || len(byCode) != 2 {
		t.Errorf("got %v", byCode)
	}
	want := totals{requests: total, latency: total * time.Millisecond, in: total, out: 2 * total}
	want.buckets[1] = total
	if sum != want || x.retries.Load() != total {
		t.Errorf("got %+v, retries %d", sum, x.retries.Load())
	}
	if upTo := sum.upTo(); upTo[0.0005] != 0 || upTo[0.001] != total || upTo[60] != total {
		t.Errorf("got %v", upTo)
	}
	for v := range x.attempts {
		if got := x.attempts[v].Load(); got != total/uint64(verdicts) {
			t.Errorf("%v: got %d", lb.Verdict(v), got)
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	s := NewSet()
	x, l := s.Series("r", "p", "b"), s.Listener("l")
	if n := testing.AllocsPerRun(1000, func() {
		x.Done(200, time.Millisecond, 10, 20)
		x.Attempt(lb.Success)
		x.Retry()
		l.Accepted()
		l.BadRequest(400)
		l.Refused()
		l.Closed()
		s.Series("r", "p", "b")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestSeriesStayUntilForgotten(t *testing.T) {
	s := NewSet()
	a, b := s.Series("r", "p", "a"), s.Series("r", "p", "b")
	if a == b || s.Series("r", "p", "a") != a {
		t.Error("names and series do not agree")
	}
	s.Forget(func(_, _, backend string) bool { return backend == "a" })
	if s.Series("r", "p", "b") != b {
		t.Error("b was dropped")
	}
	if s.Series("r", "p", "a") == a {
		t.Error("a was kept")
	}
	l, m := s.Listener("l"), s.Listener("m")
	s.ForgetListeners(func(name string) bool { return name == "l" })
	if s.Listener("l") == l || s.Listener("m") != m {
		t.Error("the wrong listeners were dropped")
	}
}

func TestSeriesAreBounded(t *testing.T) {
	s := NewSet()
	name := make([]byte, 2)
	for i := range MaxSeries {
		name[0], name[1] = byte(i>>7), byte(i&127)
		if s.Series("r", "p", string(name)) == &s.other {
			t.Fatalf("series %d is lumped together with others", i)
		}
	}
	if s.Series("r", "p", "more") != &s.other || s.Series("r", "q", "more") != &s.other {
		t.Error("there is no bound")
	}
	if s.Series("r", "p", "\x01\x01") == &s.other {
		t.Error("what was there before is gone")
	}
}

// BenchmarkDone is what a request pays to be counted.
func BenchmarkDone(b *testing.B) {
	x := NewSet().Series("r", "p", "b")
	b.RunParallel(func(pb *testing.PB) {
		for i := uint64(0); pb.Next(); i++ {
			x.Done(200, time.Duration(1+i%16)*time.Millisecond, 0, 128)
		}
	})
}

// BenchmarkAttempt is what an attempt pays.
func BenchmarkAttempt(b *testing.B) {
	x := NewSet().Series("r", "p", "b")
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			x.Attempt(lb.Success)
		}
	})
}
