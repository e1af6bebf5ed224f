package scenarios

import (
	"strconv"
	"time"

	"github.com/lbctl/lbctl/lb"
)

// How faults that hit one backend at the same time add up: speeds multiply, and
// so do free shares of the capacity; the worst Accept wins; shares of errors and of resets are independent chances; an error comes
// as soon as the one with the highest share says; of two gray slowdowns the one
// that costs more in the mean holds; of two lies the one that is listed last; partitions unite.

// compile returns the fault for one backend. number tells faults of a file apart.
func (f *faultSpec) compile(number, backend int) fault {
	return fault{
		from: lb.Time(f.At), to: f.until(),
		stream: "fault/" + strconv.Itoa(number) + "/" + strconv.Itoa(backend),
		effect: f.effect(), rhythm: f.rhythm(),
	}
}

func (f *faultSpec) rhythm() rhythm {
	switch {
	case f.Kind.Antagonist != nil:
		return switching{on: f.Kind.Antagonist.On, off: f.Kind.Antagonist.Off}
	case f.Kind.Flap != nil:
		return flapping{up: f.Kind.Flap.Up, down: f.Kind.Flap.Down}
	case f.Kind.ColdStart != nil:
		return warming{over: f.Kind.ColdStart.Over}
	case f.Kind.Pauses != nil:
		return pausing{every: f.Kind.Pauses.Every, lasting: f.Kind.Pauses.Lasting, jitter: f.Kind.Pauses.JitterPct / 100}
	}
	return nil
}

func (f *faultSpec) effect() effect {
	switch {
	case f.Kind.Slow != nil && f.Kind.Slow.SharePct == 100:
		return slower(1 / f.Kind.Slow.Factor)
	case f.Kind.Slow != nil:
		return graySlow(f.Kind.Slow.SharePct, f.Kind.Slow.Factor)
	case f.Kind.Antagonist != nil:
		return crowded(1 - f.Kind.Antagonist.LoadPct/100)
	case f.Kind.Crash != nil, f.Kind.Flap != nil:
		return accepting(Crashed)
	case f.Kind.Refuse != nil:
		return accepting(Refuses)
	case f.Kind.Hang != nil, f.Kind.Pauses != nil:
		return slower(0)
	case f.Kind.Errors != nil:
		return erring(f.Kind.Errors.RatePct, f.Kind.Errors.After)
	case f.Kind.Reset != nil:
		return resetting(f.Kind.Reset.RatePct)
	case f.Kind.Partition != nil:
		return cutOff(newBalancerSet(f.Kind.Partition.Balancers))
	case f.Kind.ColdStart != nil:
		return slower(f.Kind.ColdStart.FromPct / 100)
	}
	return lying(f.Kind.Lie.Says)
}

// crowded leaves only a share of the capacity. Unlike slower it does not touch a request that has
// room: a processor-sharing backend with several slots serves few requests as fast as ever.
func crowded(free float64) effect {
	return func(c *Condition, level float64) { c.Free *= level*free + (1 - level) }
}

// slower multiplies the speed; by less when it comes gradually.
func slower(speed float64) effect {
	return func(c *Condition, level float64) { c.Speed *= level*speed + (1 - level) }
}

func graySlow(pct, factor float64) effect {
	return func(c *Condition, _ float64) {
		if pct*(factor-1) > c.SlowPct*(c.SlowFactor-1) {
			c.SlowPct, c.SlowFactor = pct, factor
		}
	}
}

func accepting(a Accept) effect {
	return func(c *Condition, _ float64) { c.Accept = max(c.Accept, a) }
}

// either returns the chance, in per cent, of at least one of two independent events.
func either(a, b float64) float64 { return a + b - a*b/100 }

func erring(pct float64, after time.Duration) effect {
	return func(c *Condition, _ float64) {
		if pct > c.errorPeak {
			c.errorPeak, c.ErrorAfter = pct, after
		}
		c.ErrorPct = either(c.ErrorPct, pct)
	}
}

func resetting(pct float64) effect {
	return func(c *Condition, _ float64) { c.ResetPct = either(c.ResetPct, pct) }
}

func cutOff(s BalancerSet) effect {
	return func(c *Condition, _ float64) { c.Partitioned = c.Partitioned.union(s) }
}

func lying(says string) effect {
	answer := SaysHealthy
	if says == "unhealthy" {
		answer = SaysUnhealthy
	}
	return func(c *Condition, _ float64) { c.Probe = answer }
}

// newBalancerSet returns the set of the given balancers, all of them for nil.
func newBalancerSet(balancers []int) BalancerSet {
	s := BalancerSet{all: balancers == nil}
	for _, b := range balancers {
		for b>>6 >= len(s.bits) {
			s.bits = append(s.bits, 0)
		}
		s.bits[b>>6] |= 1 << (b & 63)
	}
	return s
}

func (s BalancerSet) union(t BalancerSet) BalancerSet {
	if len(s.bits) < len(t.bits) {
		s, t = t, s
	}
	out := BalancerSet{all: s.all || t.all, bits: append([]uint64(nil), s.bits...)}
	for i, w := range t.bits {
		out.bits[i] |= w
	}
	return out
}
