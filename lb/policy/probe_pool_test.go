package policy

import (
	"math"
	"sync"
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

func TestReuse(t *testing.T) {
	for _, c := range []struct {
		name          string
		probe, remove float64
		delta, pooled float64
		want          float64
	}{
		{name: "the paper's testbed: (1+1)/((1−16/100)·3−1)", probe: 3, remove: 1, delta: 1, pooled: 0.16, want: 2 / 1.52},
		{name: "its slowest probing: (1+1)/((1−16/100)/2−1/4)", probe: 0.5, remove: 0.25, delta: 1, pooled: 0.16, want: 2 / 0.17},
		{name: "small pool", probe: 3, remove: 1, delta: 1, pooled: 0.5, want: 4},
		{name: "more probes than uses", probe: 16, remove: 0, delta: 1, pooled: 0.16, want: 1},
		{name: "removed faster than asked for", probe: 1, remove: 1, delta: 1, pooled: 0.16, want: maxReuse},
		{name: "no probes", probe: 0, remove: 0, delta: 1, pooled: 0.16, want: maxReuse},
	} {
		p := Probing{ProbeRate: c.probe, RemoveRate: c.remove, Delta: c.delta}
		if got := p.reuse(c.pooled); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: b = %g, want %g", c.name, got, c.want)
		}
	}
}

// TestReuseIsRoundedAtRandom counts the uses of many probes: their mean is b, and each count is one
// of the two whole numbers next to it.
func TestReuseIsRoundedAtRandom(t *testing.T) {
	r := rng.New(1)
	for _, b := range []float64{1, 1.315789, 3.5, 4} {
		p := prober{reuse: b}
		const probes = 20000
		uses := 0
		for range probes {
			k := 1
			for ; !p.lastUse(k, &r); k++ {
			}
			if float64(k) <= b-1 || float64(k) >= b+1 {
				t.Fatalf("b = %g: a probe was used %d times", b, k)
			}
			uses += k
		}
		if mean := float64(uses) / probes; math.Abs(mean-b) > 4*0.5/math.Sqrt(probes) {
			t.Errorf("b = %g: used %g times on average", b, mean)
		}
	}
}

func TestWholeStepsAddUp(t *testing.T) {
	for _, rate := range []float64{0, 0.25, 1.0 / 3, 0.7, 1, 2.5, 3} {
		sum := 0
		for n := range uint64(1000) {
			step := wholeSteps(rate, n)
			if step < int(rate) || float64(step) > rate+1 {
				t.Errorf("rate %g: %d steps at once", rate, step)
			}
			sum += step
		}
		if sum != int(rate*1000) {
			t.Errorf("rate %g: %d steps in 1000 calls", rate, sum)
		}
	}
}

func TestSlotStateFields(t *testing.T) {
	s := empty.next(maxProbeRIF, full)
	if s.phase() != full || s.rif() != maxProbeRIF || s.used() != 0 || s.tag() != 1 {
		t.Fatalf("fields %d %d %d %d", s.phase(), s.rif(), s.used(), s.tag())
	}
	for range maxReuse {
		s = s.using()
	}
	if s.phase() != full || s.rif() != maxProbeRIF || s.used() != maxReuse || s.tag() != 1 {
		t.Errorf("a full count spills: %d %d %d %d", s.phase(), s.rif(), s.used(), s.tag())
	}
	wrapped := slotState(math.MaxUint32<<tagShift).next(5, full)
	if wrapped.tag() != 0 || wrapped.rif() != 5 {
		t.Errorf("tag %d, RIF %d after the tag's wrap", wrapped.tag(), wrapped.rif())
	}
}

func TestRIFQuantile(t *testing.T) {
	var d rifDistribution
	for rif := range int32(100) {
		d.observe(rif + 1)
	}
	for q, want := range map[float64]int32{0: -1, 0.01: 1, 0.5: 50, 0.84: 84, 0.999: 100, 1: math.MaxInt32} {
		if got := d.quantile(q); got != want {
			t.Errorf("quantile %g = %d, want %d", q, got, want)
		}
	}
	for range rifWindow {
		d.observe(7)
	}
	if got := d.quantile(0.84); got != 7 {
		t.Errorf("after a window of sevens the quantile is %d", got)
	}
	for range rifWindow {
		d.observe(1 << 30)
	}
	if got := d.quantile(0.84); got != rifLevels-1 {
		t.Errorf("huge counts: quantile %d, want the last level", got)
	}
}

// TestProbePoolUnderContention has goroutines add, use and remove probes of 64 backends. A probe whose
// fields do not belong together would show: each backend reports a RIF and latency of its own.
func TestProbePoolUnderContention(t *testing.T) {
	const workers, rounds, backends, limit = 4, 20000, 64, 8
	var pool probePool
	pool.init(16, time.Hour)
	var done sync.WaitGroup
	for w := range workers {
		done.Go(func() {
			r := rng.New(uint64(w))
			for k := range rounds {
				id := lb.BackendID(r.Intn(backends))
				pool.add(id, lb.Time(k), lb.Report{InFlight: int32(id) * 1000, Latency: time.Duration(id) + 1}, limit)
				slot := &pool.slots[r.Intn(len(pool.slots))]
				pr, id, ok := slot.read()
				if !ok {
					continue
				}
				if pr.latency != time.Duration(id)+1 || int(pr.state.rif())-pr.state.used() != int(id)*1000 {
					t.Errorf("backend %d: RIF %d used %d latency %d", id, pr.state.rif(), pr.state.used(), pr.latency)
					return
				}
				if r.Intn(4) == 0 {
					pr.remove()
				} else {
					pr.use(pr.state.used() > 100)
				}
			}
		})
	}
	done.Wait()
	for i := range pool.slots {
		if slotState(pool.slots[i].state.Load()).phase() == writing {
			t.Errorf("slot %d is left unfinished", i)
		}
	}
}
