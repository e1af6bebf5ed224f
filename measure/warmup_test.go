package measure

import (
	"math"
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb/instant"
)

// wobble is a fixed noise in [−1, 1) that no batch of five averages out: its period is prime to five.
func wobble(i int) float64 { return float64(i*37%101)/50.5 - 1 }

// observed makes a series of n observations a millisecond apart.
func observed(n int, x func(i int) float64) *Series {
	s := new(Series)
	for i := range n {
		s.Observe(ms(i), x(i))
	}
	return s
}

func ms(i int) instant.Time { return instant.At(time.Duration(i) * time.Millisecond) }

func TestMSERCutsOffAStep(t *testing.T) {
	for _, transient := range []int{50, 333, 1000} {
		s := observed(5000, func(i int) float64 {
			if i < transient {
				return 100 + wobble(i)
			}
			return 10 + wobble(i)
		})
		cut, ok := s.MSER(instant.Never)
		// The batch that straddles the step is part of the transient; the noise may take a few more.
		if !ok || cut < ms(transient) || cut > ms(transient+250) {
			t.Errorf("step at %d ms: cut at %v s, ok %v", transient, cut.Seconds(), ok)
		}
	}
}

func TestMSERCutsOffADecay(t *testing.T) {
	s := observed(10_000, func(i int) float64 { return 50*math.Exp(-float64(i)/300) + wobble(i) })
	cut, ok := s.MSER(instant.Never)
	if !ok || cut < ms(600) || cut > ms(2500) {
		t.Errorf("decay with a time constant of 0.3 s: cut at %v s, ok %v; want 2 to 8 time constants", cut.Seconds(), ok)
	}
}

func TestMSERLeavesASteadySeriesAlone(t *testing.T) {
	constant := observed(1000, func(int) float64 { return 7 })
	if cut, ok := constant.MSER(instant.Never); cut != 0 || !ok {
		t.Errorf("constant series: cut at %v s, ok %v; want none", cut.Seconds(), ok)
	}
	noise := observed(5000, wobble)
	if cut, ok := noise.MSER(instant.Never); cut > ms(500) || !ok {
		t.Errorf("noise alone: cut at %v s, ok %v; want less than a tenth", cut.Seconds(), ok)
	}
}

func TestMSERRejectsASeriesThatNeverSettles(t *testing.T) {
	late := observed(1000, func(i int) float64 {
		if i < 800 {
			return 100 + wobble(i)
		}
		return wobble(i)
	})
	if cut, ok := late.MSER(instant.Never); ok {
		t.Errorf("step in the last half: cut at %v s, ok; want a refusal", cut.Seconds())
	}
}

func TestMSERIsBlindToWhatComesAfter(t *testing.T) {
	// A fault at 2 s is not warm-up: only what lies before it may be looked at.
	s := observed(4000, func(i int) float64 {
		switch {
		case i < 200:
			return 50 + wobble(i)
		case i < 2000:
			return 10 + wobble(i)
		}
		return 1000 + wobble(i)
	})
	cut, ok := s.MSER(ms(2000))
	if !ok || cut < ms(200) || cut > ms(450) {
		t.Errorf("cut at %v s, ok %v; want just after 0.2 s", cut.Seconds(), ok)
	}
}

func TestMSERSaysNothingOfAShortSeries(t *testing.T) {
	s := observed(9*mserBatch+mserBatch-1, func(i int) float64 { return float64(-i) })
	if cut, ok := s.MSER(instant.Never); cut != 0 || !ok {
		t.Errorf("9 batches: cut at %v s, ok %v; want 0, true", cut.Seconds(), ok)
	}
	if cut, ok := new(Series).MSER(instant.Never); cut != 0 || !ok {
		t.Errorf("empty series: cut at %v s, ok %v; want 0, true", cut.Seconds(), ok)
	}
}

// bruteMSER is the rule as it is written, in O(n²).
func bruteMSER(means []float64) (best int) {
	least := math.Inf(1)
	for d := 0; len(means)-d >= 5; d++ {
		rest := means[d:]
		mean, squares := 0.0, 0.0
		for _, x := range rest {
			mean += x / float64(len(rest))
		}
		for _, x := range rest {
			squares += (x - mean) * (x - mean)
		}
		if z := squares / float64(len(rest)*len(rest)); z < least {
			least, best = z, d
		}
	}
	return best
}

func TestMSERAgreesWithTheFormula(t *testing.T) {
	for phase := range 40 {
		s := observed(700, func(i int) float64 {
			return 1e6 + 20*math.Exp(-float64(i)/float64(20+5*phase)) + 3*wobble(i*(phase+1)+phase)
		})
		var means []float64
		for _, b := range s.batches {
			means = append(means, b.mean)
		}
		want := bruteMSER(means)
		if cut, _ := s.MSER(instant.Never); cut != s.batches[want].start && want > 0 || want == 0 && cut != 0 {
			t.Errorf("phase %d: cut at %v s, want batch %d", phase, cut.Seconds(), want)
		}
	}
}

func TestSeriesMergesInBoundedMemory(t *testing.T) {
	const n = 5 * MaxBatches * mserBatch
	x := func(i int) float64 { return float64(i % 1000) }
	s := observed(n, x)
	if len(s.batches) >= MaxBatches || cap(s.batches) > MaxBatches {
		t.Errorf("%d batches (capacity %d), want fewer than %d", len(s.batches), cap(s.batches), MaxBatches)
	}
	// Each batch is still the mean of its own observations, and none is missing.
	at := 0
	for k, b := range s.batches {
		if b.start != ms(at) {
			t.Fatalf("batch %d starts at %v s, want %v", k, b.start.Seconds(), ms(at).Seconds())
		}
		mean := 0.0
		for i := at; i < at+s.size; i++ {
			mean += x(i) / float64(s.size)
		}
		if math.Abs(b.mean-mean) > 1e-9*1000 {
			t.Fatalf("batch %d: mean %v, want %v", k, b.mean, mean)
		}
		at += s.size
	}
	if at+s.n != n {
		t.Errorf("batches cover %d observations and %d are open, want %d in all", at, s.n, n)
	}
}
