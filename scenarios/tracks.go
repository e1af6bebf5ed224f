package scenarios

import (
	"math"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// fault is one fault on one backend, compiled.
type fault struct {
	from, to lb.Time // to is lb.Never for a fault that stays
	stream   string  // names its luck
	effect   effect  // while it is active
	rhythm   rhythm  // nil: active from from to to
}

// effect adds a fault's part to a condition. level says how far the fault has come, from 0 to 1;
// it is 1 for all but those that come gradually.
type effect func(c *Condition, level float64)

// A rhythm starts and stops a fault within its span.
type rhythm interface {
	// start says how the fault begins: at what level, and for how long.
	start(r *rng.Rand) (level float64, stay time.Duration)
	// turn says how it goes on from level. stay is positive.
	turn(level float64, r *rng.Rand) (next float64, stay time.Duration)
}

// track returns the fault's course under one seed. A fault with a rhythm ends with
// the run at the latest, so that a run can come to rest.
func (f *fault) track(r rng.Rand, end lb.Time) track {
	to := f.to
	if f.rhythm != nil {
		to = to.Min(end)
	}
	return &course{fault: f, rand: r, at: f.from, to: to}
}

// course is a track: a fault that is under way.
type course struct {
	fault   *fault
	rand    rng.Rand
	started bool
	level   float64 // 0: not active
	at      lb.Time // of the next change
	to      lb.Time
}

func (t *course) next() lb.Time { return t.at }

func (t *course) step() (changed bool) {
	before := t.level
	t.advance()
	return t.level != before
}

func (t *course) advance() {
	var stay time.Duration
	switch {
	case t.at >= t.to:
		t.level, t.at = 0, lb.Never
		return
	case t.fault.rhythm == nil:
		t.level, t.at = 1, t.to
		return
	case !t.started:
		t.started = true
		t.level, stay = t.fault.rhythm.start(&t.rand)
	default:
		t.level, stay = t.fault.rhythm.turn(t.level, &t.rand)
	}
	t.at = t.at.Add(stay).Min(t.to)
}

func (t *course) apply(c *Condition) {
	if t.level > 0 {
		t.fault.effect(c, t.level)
	}
}

// switching alternates between on and off with exponential times; it starts in the
// stationary distribution. off 0: always on.
type switching struct{ on, off time.Duration }

func (s switching) start(r *rng.Rand) (float64, time.Duration) {
	if s.off == 0 {
		return 1, math.MaxInt64 // one stay: turning from on to on would only cost time
	}
	if r.Float64()*float64(s.on+s.off) < float64(s.on) {
		return 1, s.stay(s.on, r)
	}
	return 0, s.stay(s.off, r)
}

func (s switching) turn(level float64, r *rng.Rand) (float64, time.Duration) {
	if level == 0 {
		return 1, s.stay(s.on, r)
	}
	return 0, s.stay(s.off, r)
}

func (switching) stay(mean time.Duration, r *rng.Rand) time.Duration {
	return max(1, clamp(float64(mean)*r.Exp()))
}

// flapping goes down first, then up, and so on, to fixed times.
type flapping struct{ up, down time.Duration }

func (f flapping) start(*rng.Rand) (float64, time.Duration) { return 1, f.down }

func (f flapping) turn(level float64, _ *rng.Rand) (float64, time.Duration) {
	if level == 0 {
		return 1, f.down
	}
	return 0, f.up
}

// pausing stops for a while at intervals that vary, from a random phase.
type pausing struct {
	every, lasting time.Duration // every is from start to start
	jitter         float64
}

func (p pausing) start(r *rng.Rand) (float64, time.Duration) {
	return 0, max(1, clamp(float64(p.every)*r.Float64()))
}

func (p pausing) turn(level float64, r *rng.Rand) (float64, time.Duration) {
	if level == 0 {
		return 1, p.lasting
	}
	between := float64(p.every-p.lasting) * (1 + p.jitter*(2*r.Float64()-1))
	return 0, max(1, clamp(between))
}

// warming fades a fault out in equal steps.
type warming struct{ over time.Duration }

// warmingSteps is how finely a cold start's ramp is drawn.
const warmingSteps = 20

func (w warming) start(*rng.Rand) (float64, time.Duration) {
	return 1 - 0.5/warmingSteps, max(1, w.over/warmingSteps)
}

func (w warming) turn(level float64, r *rng.Rand) (float64, time.Duration) {
	_, stay := w.start(r)
	return math.Max(0.5/warmingSteps, level-1.0/warmingSteps), stay
}
