package health_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lbctl/lbctl/lb/health"
	"github.com/lbctl/lbctl/lb/instant"
	"github.com/lbctl/lbctl/lb/rng"
)

// model is a backend's health told in terms of its history: it keeps every
// result since the last transition and counts.
type model struct {
	cfg     health.Config
	state   health.State
	since   instant.Time
	results []bool
}

// result returns the state after one more result.
func (m *model) result(now instant.Time, ok bool) {
	m.results = append(m.results, ok)
	switch {
	case m.state != health.Unhealthy && m.endsWith(m.cfg.Fall, false):
		m.to(now, health.Unhealthy)
	case m.state == health.Unhealthy && m.endsWith(m.cfg.Rise, true) && m.cfg.SlowStart > 0:
		m.to(now, health.Recovering)
	case m.state == health.Unhealthy && m.endsWith(m.cfg.Rise, true):
		m.to(now, health.Healthy)
	}
}

func (m *model) endsWith(n int, ok bool) bool {
	if len(m.results) < n {
		return false
	}
	for _, r := range m.results[len(m.results)-n:] {
		if r != ok {
			return false
		}
	}
	return true
}

func (m *model) to(now instant.Time, s health.State) { m.state, m.since, m.results = s, now, nil }

// flight is a probe under way: when its answer comes, and what it will be.
type flight struct {
	probe    health.Probe
	answer   instant.Time
	deadline instant.Time
	ok       bool
}

// TestMachineModel lets probes be answered after a random time, before or after their
// deadline, and follows the machine event by event.
func TestMachineModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cfg := health.Config{
			Interval:  time.Duration(rapid.IntRange(1, 2000).Draw(rt, "interval ms")) * time.Millisecond,
			Timeout:   time.Duration(rapid.IntRange(1, 3000).Draw(rt, "timeout ms")) * time.Millisecond,
			Jitter:    rapid.SampledFrom([]float64{0, 0.1, 1}).Draw(rt, "jitter"),
			Fall:      rapid.IntRange(1, 4).Draw(rt, "fall"),
			Rise:      rapid.IntRange(1, 4).Draw(rt, "rise"),
			SlowStart: time.Duration(rapid.IntRange(0, 5000).Draw(rt, "slow start ms")) * time.Millisecond,
		}
		r := rng.New(rapid.Uint64().Draw(rt, "seed"))
		machine := health.NewMachine(cfg, 0, &r)
		h := harness{rt: rt, m: &machine, model: model{cfg: cfg}}
		for range 60 {
			h.next(&r)
		}
	})
}

type harness struct {
	rt      *rapid.T
	m       *health.Machine
	model   model
	now     instant.Time
	flights []flight // probes whose answers are still to come, late ones too
	last    health.Probe
}

// next carries out the earliest of: the machine's deadline, an answer.
func (h *harness) next(r *rng.Rand) {
	first := -1
	for i, f := range h.flights {
		if f.answer < h.m.Next() && (first < 0 || f.answer < h.flights[first].answer) {
			first = i
		}
	}
	if first >= 0 {
		h.answer(first)
	} else {
		h.advance(r)
	}
	if state, since := h.m.State(); state != h.model.state || since != h.model.since {
		h.rt.Fatalf("at %v: %v since %v, the model says %v since %v", h.now, state, since, h.model.state, h.model.since)
	}
}

func (h *harness) answer(i int) {
	f := h.flights[i]
	h.flights = append(h.flights[:i], h.flights[i+1:]...)
	h.now = f.answer
	before := h.model.state
	if f.answer < f.deadline {
		h.model.result(h.now, f.ok)
	}
	h.check(before, h.m.Result(h.now, f.probe, f.ok))
}

func (h *harness) advance(r *rng.Rand) {
	h.now = h.m.Next()
	before, timedOut := h.model.state, false
	for i, f := range h.flights {
		if f.probe == h.last && f.deadline == h.now { // nobody answered in time
			h.model.result(h.now, false)
			h.flights[i].deadline = -1 // counted
			timedOut = true
		}
	}
	if end := h.model.since.Add(h.model.cfg.SlowStart); !timedOut && h.model.state == health.Recovering && end <= h.now {
		h.model.to(h.now, health.Healthy)
	}
	step := h.m.Advance(h.now, r)
	h.check(before, step)
	if step.Start == 0 {
		return
	}
	if step.Start <= h.last || step.Deadline != h.now.Add(h.model.cfg.Timeout) {
		h.rt.Fatalf("at %v: probe %d after %d, due %v", h.now, step.Start, h.last, step.Deadline)
	}
	h.last = step.Start
	takes := time.Duration(rapid.IntRange(0, 4000).Draw(h.rt, "answer after ms"))*time.Millisecond + 1
	h.flights = append(h.flights, flight{step.Start, h.now.Add(takes), step.Deadline, rapid.Bool().Draw(h.rt, "ok")})
}

// check holds the step's transition against what the model did.
func (h *harness) check(before health.State, step health.Step) {
	changed := before != h.model.state
	if step.Changed != changed || changed && (step.From != before || step.To != h.model.state || step.Reason == "") {
		h.rt.Fatalf("at %v: step %+v, the model went %v → %v", h.now, step, before, h.model.state)
	}
}

// With jitter j, probes start Interval·(1±j) apart, and the first within one
// interval.
func TestProbesKeepTheirInterval(t *testing.T) {
	cfg := health.Config{Interval: time.Second, Timeout: 100 * time.Millisecond, Jitter: 0.25, Fall: 1, Rise: 1}
	r := rng.New(3)
	m := health.NewMachine(cfg, 0, &r)
	var starts []instant.Time
	for len(starts) < 1000 {
		now := m.Next()
		if step := m.Advance(now, &r); step.Start != 0 {
			starts = append(starts, now)
			m.Result(now, step.Start, true)
		}
	}
	if starts[0] > instant.At(time.Second) {
		t.Errorf("first probe at %v", starts[0])
	}
	sum := time.Duration(0)
	for i := 1; i < len(starts); i++ {
		gap := starts[i].Sub(starts[i-1])
		sum += gap
		if gap < 750*time.Millisecond || gap > 1250*time.Millisecond {
			t.Fatalf("probes %v apart", gap)
		}
	}
	// The mean of 999 uniform gaps has a standard error of 4.6 ms; the seed is fixed.
	if mean := sum / time.Duration(len(starts)-1); mean < 985*time.Millisecond || mean > 1015*time.Millisecond {
		t.Errorf("mean interval %v", mean)
	}
}

// A time-out longer than the interval: one probe at a time, all the same.
func TestOneProbeAtATime(t *testing.T) {
	cfg := health.Config{Interval: time.Second, Timeout: 2500 * time.Millisecond, Fall: 2, Rise: 1}
	r := rng.New(1)
	m := health.NewMachine(cfg, 0, &r)
	var open health.Probe
	for range 50 {
		now := m.Next()
		step := m.Advance(now, &r)
		if step.Start != 0 {
			if open != 0 && now < instant.At(cfg.Timeout) {
				t.Fatalf("probe %d while %d is open", step.Start, open)
			}
			open = step.Start
		}
	}
	if state, _ := m.State(); state != health.Unhealthy {
		t.Errorf("%v after many time-outs", state)
	}
}

func TestSlowStartFactor(t *testing.T) {
	const s = time.Second
	for _, tt := range []struct {
		ramp health.SlowStart
		age  time.Duration
		want float64
	}{
		{health.SlowStart{}, 0, 1},
		{health.SlowStart{Window: 10 * s, MinWeight: 0.1, Aggression: 1}, 0, 0.1}, // max(age, 1 s)
		{health.SlowStart{Window: 10 * s, MinWeight: 0.1, Aggression: 1}, 5 * s, 0.5},
		{health.SlowStart{Window: 10 * s, MinWeight: 0.1, Aggression: 2}, 5 * s, math.Sqrt(0.5)},
		{health.SlowStart{Window: 10 * s, MinWeight: 0.1, Aggression: 1}, 10 * s, 1},
		{health.SlowStart{Window: 100 * s, MinWeight: 0.1, Aggression: 1}, 2 * s, 0.1},
		{health.SlowStart{Window: 100 * s, MinWeight: 0, Aggression: 1}, 0, 0.01},
		{health.SlowStart{Window: s / 2, MinWeight: 0.1, Aggression: 1}, s / 4, 1}, // shorter than 1 s: no ramp
	} {
		if got := tt.ramp.Factor(tt.age); math.Abs(got-tt.want) > 1e-12 {
			t.Errorf("%+v at %v: %g, want %g", tt.ramp, tt.age, got, tt.want)
		}
	}
}
