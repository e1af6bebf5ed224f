package lb_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/health"
	"github.com/lbctl/lbctl/lb/policy"
)

// modelSeat is what the model knows of a backend.
type modelSeat struct {
	name          string
	weight        float64
	drained, gone bool
	state         health.State
	open          health.Probe // asked for and not answered
}

// model follows a controller from the outside: inputs and effects go in, and the
// snapshot must be what they add up to.
type model struct {
	seats   []*modelSeat
	panics  float64
	version uint64
}

// TestControllerModel does random things at random times to a pool whose probes
// are answered well, badly, late or never.
func TestControllerModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cfg := randomConfig(rt)
		m := model{panics: cfg.PanicThreshold}
		b, c := lb.New(cfg, rapid.Uint64().Draw(rt, "seed"))
		now := lb.Time(0)
		for range rapid.IntRange(1, 80).Draw(rt, "steps") {
			if in := m.randomInput(rt); in != nil {
				if err := c.Step(now, in); err != nil {
					rt.Fatalf("%T: %v", in, err)
				}
			}
			effects, next := c.Advance(now, nil)
			m.take(rt, now, effects)
			m.compare(rt, b.Snapshot())
			if next <= now {
				rt.Fatalf("at %v the next deadline is %v", now, next)
			}
			wait := time.Duration(rapid.Int64Range(0, int64(2*time.Second)).Draw(rt, "wait"))
			now = now.Add(wait).Min(next)
		}
	})
}

func randomConfig(rt *rapid.T) lb.Config {
	cfg := lb.Config{
		Policy:         policy.RoundRobin{}.New(),
		PanicThreshold: rapid.SampledFrom([]float64{0, 0.5, 1}).Draw(rt, "panic"),
		SlowStart: health.SlowStart{
			Window:    rapid.SampledFrom([]time.Duration{0, 5 * time.Second}).Draw(rt, "slow start"),
			MinWeight: 0.1, Aggression: 1, RefreshEvery: time.Second,
		},
	}
	if rapid.Bool().Draw(rt, "probes") {
		cfg.Health = &health.Config{
			Interval: time.Second, Timeout: rapid.SampledFrom([]time.Duration{300 * time.Millisecond, 1500 * time.Millisecond}).Draw(rt, "timeout"),
			Jitter: rapid.SampledFrom([]float64{0, 0.2}).Draw(rt, "jitter"), Fall: 2, Rise: 1,
		}
	}
	return cfg
}

// randomInput returns something that the controller must accept, or nil.
func (m *model) randomInput(rt *rapid.T) lb.Input {
	do := rapid.IntRange(0, 7).Draw(rt, "input")
	if do == 0 && len(m.seats) < 6 {
		m.seats = append(m.seats, &modelSeat{name: "b" + strconv.Itoa(len(m.seats)), weight: 1})
		return lb.Add{Spec: lb.Spec{Name: m.seats[len(m.seats)-1].name, Weight: 1}}
	}
	if len(m.seats) == 0 {
		return nil
	}
	id := lb.BackendID(rapid.IntRange(0, len(m.seats)-1).Draw(rt, "backend"))
	s := m.seats[id]
	if s.gone {
		return nil
	}
	switch do {
	case 1:
		s.gone = true
		return lb.Remove{Backend: id}
	case 2:
		s.weight = rapid.Float64Range(1, 9).Draw(rt, "weight")
		return lb.SetWeight{Backend: id, Weight: s.weight}
	case 3:
		s.drained = !s.drained
		return lb.SetDrain{Backend: id, Drain: s.drained}
	case 4, 5, 6:
		return lb.ProbeResult{Backend: id, Probe: s.open, OK: do != 4}
	}
	return nil
}

func (m *model) take(rt *rapid.T, now lb.Time, effects []lb.Effect) {
	for _, e := range effects {
		switch e.Kind {
		case lb.StateChanged:
			s := m.seats[e.Backend]
			if e.From != s.state || e.To == e.From || e.Reason == "" {
				rt.Fatalf("transition %+v of a backend that is %v", e, s.state)
			}
			s.state = e.To
		case lb.StartProbe:
			s := m.seats[e.Backend]
			if s.gone || e.Probe <= s.open || e.Deadline <= now {
				rt.Fatalf("at %v probe %+v after %d (removed: %v)", now, e, s.open, s.gone)
			}
		case lb.SnapshotPublished:
			if m.version++; e.Version != m.version {
				rt.Fatalf("snapshot %d follows %d", e.Version, m.version-1)
			}
		}
	}
}

// compare holds a snapshot against what the effects said.
func (m *model) compare(rt *rapid.T, s *lb.Snapshot) {
	healthy, all := 0, 0
	for _, seat := range m.seats {
		if !seat.gone && !seat.drained {
			all++
			if seat.state != health.Unhealthy {
				healthy++
			}
		}
	}
	panics := healthy < all && float64(healthy) < m.panics*float64(all)
	var members, excluded []string
	for id, seat := range m.seats {
		usable := !seat.drained && (seat.state != health.Unhealthy || panics)
		switch {
		case seat.gone:
		case usable:
			members = append(members, seat.name)
			m.checkMember(rt, s, lb.BackendID(id))
		default:
			excluded = append(excluded, seat.name)
		}
		if s.Known(lb.BackendID(id)) == seat.gone {
			rt.Fatalf("backend %d: known %v, gone %v", id, !seat.gone, seat.gone)
		}
	}
	if got := fmt.Sprint(names(s), s.Panic()); got != fmt.Sprint(members, panics) {
		rt.Fatalf("snapshot %v, want %v %v", got, members, panics)
	}
	if len(s.Excluded()) != len(excluded) {
		rt.Fatalf("excluded %v, want %v", s.Excluded(), excluded)
	}
}

func (m *model) checkMember(rt *rapid.T, s *lb.Snapshot, id lb.BackendID) {
	seat, i := m.seats[id], s.Index(id)
	if i < 0 || s.Members()[i].ID() != id {
		rt.Fatalf("backend %d has index %d", id, i)
	}
	weight := s.Members()[i].Weight
	ramping := seat.state == health.Recovering
	if !ramping && weight != seat.weight || ramping && (weight < 0.1*seat.weight*(1-1e-9) || weight > seat.weight) {
		rt.Fatalf("backend %d, %v: weight %g of %g", id, seat.state, weight, seat.weight)
	}
}

func names(s *lb.Snapshot) (out []string) {
	for _, m := range s.Members() {
		out = append(out, m.Name())
	}
	return out
}

// Same seed, same inputs: same effects at the same times.
func TestControllerIsDeterministic(t *testing.T) {
	run := func() (log []string) {
		cfg := lb.Config{Policy: policy.RoundRobin{}.New(), Health: &health.Config{
			Interval: time.Second, Timeout: 500 * time.Millisecond, Jitter: 0.3, Fall: 1, Rise: 1,
		}}
		_, c := lb.New(cfg, 42)
		for i := range 20 {
			_ = c.Step(0, lb.Add{Spec: lb.Spec{Name: strconv.Itoa(i), Weight: 1}})
		}
		effects, now := c.Advance(0, nil)
		for len(log) < 500 {
			for _, e := range effects {
				log = append(log, fmt.Sprint(now, e))
			}
			effects, now = c.Advance(now, effects[:0])
		}
		return log
	}
	if a, b := run(), run(); !slices.Equal(a, b) {
		t.Error("two runs differ")
	}
}
