package lb

import (
	"errors"
	"strconv"
	"time"

	"github.com/lbctl/lbctl/lb/health"
	"github.com/lbctl/lbctl/lb/rng"
)

// Config is what a pool is made of. Its zero values mean: no probes, no panic,
// a balancer alone.
type Config struct {
	Policy         Policy
	Health         *health.Config   // nil: no probes, everybody stays healthy; its SlowStart is set from SlowStart.Window
	SlowStart      health.SlowStart // RefreshEvery is at least MinRefresh
	PanicThreshold float64          // below this share of healthy backends health is disregarded; 0…1 (Envoy: 0.5)
	Phase          uint32           // where rotations start: different in balancers of one fleet, lest they march in step
	Peers          int              // balancers that share the backends, this one included; 0 counts as 1
}

// complete returns c with what its fields imply for each other.
func (c Config) complete() Config {
	c.Peers = max(1, c.Peers)
	c.SlowStart.RefreshEvery = max(MinRefresh, c.SlowStart.RefreshEvery)
	if c.Health != nil {
		h := *c.Health
		h.SlowStart = c.SlowStart.Window // one ramp, one length
		c.Health = &h
	}
	return c
}

// MinRefresh is the least time between two snapshots that only a slow-start
// ramp calls for.
const MinRefresh = 10 * time.Millisecond

// Controller is the control plane of a pool. It has one owner: no two calls at a time.
type Controller struct {
	cfg      Config
	balancer *Balancer
	rand     rng.Rand
	seats    []*seat             // by BackendID; nil: removed
	names    map[string]struct{} // of the backends in the pool
	version  uint64
	dirty    bool     // something changed that picks must see
	refresh  Time     // when slow-start weights are due to be recomputed
	effects  []Effect // not yet handed out
}

// seat is a backend's place in the pool with all that the control plane knows of it.
type seat struct {
	backend *Backend
	weight  float64
	drain   bool
	machine health.Machine
}

// New returns the two planes of an empty pool. Feed it Add inputs, then
// Advance. seed drives probe phases and jitter.
func New(cfg Config, seed uint64) (*Balancer, *Controller) {
	cfg = cfg.complete()
	c := &Controller{cfg: cfg, balancer: new(Balancer), names: make(map[string]struct{}), rand: rng.Stream(seed, "controller"), refresh: Never}
	c.balancer.snapshot.Store(&Snapshot{policy: cfg.Policy.Name(), peers: cfg.Peers})
	return c.balancer, c
}

// The errors of Step.
var (
	ErrUnknownBackend = errors.New("lb: no such backend in the pool")
	ErrDuplicateName  = errors.New("lb: a backend of that name is in the pool already")
	ErrTooMany        = errors.New("lb: more than " + strconv.Itoa(MaxBackends) + " backends")
	ErrWeight         = errors.New("lb: a weight must be from 1e-9 to 1e9")
)

// Step takes one input. What follows from it (effects, a new snapshot) comes
// with the next Advance, which is due at once. An input that cannot be taken changes nothing and says
// why.
func (c *Controller) Step(now Time, in Input) error {
	switch in := in.(type) {
	case Add:
		return c.add(now, in.Spec)
	case Remove:
		return c.with(in.Backend, func(s *seat) error { c.remove(s); return nil })
	case SetWeight:
		return c.with(in.Backend, func(s *seat) error { return c.setWeight(s, in.Weight) })
	case SetDrain:
		return c.with(in.Backend, func(s *seat) error { c.dirty = c.dirty || s.drain != in.Drain; s.drain = in.Drain; return nil })
	case ProbeResult:
		return c.with(in.Backend, func(s *seat) error { c.apply(s, s.machine.Result(now, in.Probe, in.OK)); return nil })
	case Reconfigure:
		c.reconfigure(now, in.Config.complete())
		return nil
	}
	panic("lb: unknown input")
}

func (c *Controller) with(id BackendID, do func(*seat) error) error {
	if int(id) >= len(c.seats) || c.seats[id] == nil {
		return ErrUnknownBackend
	}
	return do(c.seats[id])
}

func (c *Controller) add(now Time, spec Spec) error {
	if !validWeight(spec.Weight) {
		return ErrWeight
	}
	if _, taken := c.names[spec.Name]; taken {
		return ErrDuplicateName
	}
	if len(c.names) >= MaxBackends {
		return ErrTooMany
	}
	s := &seat{backend: newBackend(BackendID(len(c.seats)), spec.Name), weight: spec.Weight}
	if c.cfg.Health != nil {
		s.machine = health.NewMachine(*c.cfg.Health, now, &c.rand)
	}
	c.seats = append(c.seats, s)
	c.names[spec.Name] = struct{}{}
	c.dirty = true
	return nil
}

func (c *Controller) remove(s *seat) {
	c.seats[s.backend.id] = nil
	delete(c.names, s.backend.name)
	c.dirty = true
}

func (c *Controller) reconfigure(now Time, cfg Config) {
	probed := c.cfg.Health != nil
	c.cfg, c.dirty = cfg, true
	for _, s := range c.seats {
		switch {
		case s == nil:
		case cfg.Health == nil:
			if from, _ := s.machine.State(); from != health.Healthy {
				c.apply(s, health.Step{Changed: true, From: from, To: health.Healthy, Reason: health.ProbesStopped})
			}
			s.machine = health.Machine{}
		case probed:
			s.machine.Reconfigure(*cfg.Health, now)
		default:
			s.machine = health.NewMachine(*cfg.Health, now, &c.rand)
		}
	}
}

func (c *Controller) setWeight(s *seat, w float64) error {
	if !validWeight(w) {
		return ErrWeight
	}
	c.dirty = c.dirty || s.weight != w
	s.weight = w
	return nil
}

func validWeight(w float64) bool { return w >= MinWeight && w <= MaxWeight } // not NaN either

// Advance does all that is due at now, appends the effects to buf, and returns
// it with the Time of the next deadline (Never: none). Call it at that time and
// after every Step.
func (c *Controller) Advance(now Time, buf []Effect) (effects []Effect, next Time) {
	if c.cfg.Health != nil {
		c.advanceHealth(now)
	}
	if c.dirty || c.refresh <= now {
		c.publish(now)
	}
	effects = append(buf, c.effects...)
	c.effects = c.effects[:0]
	return effects, c.next()
}

func (c *Controller) advanceHealth(now Time) {
	for _, s := range c.seats {
		for s != nil && s.machine.Next() <= now {
			c.apply(s, s.machine.Advance(now, &c.rand))
		}
	}
}

func (c *Controller) apply(s *seat, step health.Step) {
	if step.Changed {
		c.dirty = true
		c.effects = append(c.effects, Effect{Kind: StateChanged, Backend: s.backend.id, From: step.From, To: step.To, Reason: step.Reason})
	}
	if step.Start != 0 {
		c.effects = append(c.effects, Effect{Kind: StartProbe, Backend: s.backend.id, Probe: step.Start, Deadline: step.Deadline})
	}
}

func (c *Controller) next() Time {
	next := c.refresh
	for _, s := range c.seats {
		if s != nil && c.cfg.Health != nil {
			next = next.Min(s.machine.Next())
		}
	}
	return next
}

// publish compiles and installs a snapshot of the pool as it is.
func (c *Controller) publish(now Time) {
	c.version++
	s := &Snapshot{version: c.version, peers: c.cfg.Peers, phase: c.cfg.Phase, index: make([]int32, len(c.seats)), known: make([]bool, len(c.seats))}
	s.panics = c.inPanic()
	c.dirty, c.refresh = false, Never
	for id, st := range c.seats {
		s.index[id] = -1
		if st == nil {
			continue
		}
		s.known[id] = true
		if why := st.excluded(s.panics); why != "" {
			s.excluded = append(s.excluded, Exclusion{Backend: st.backend.name, Reason: why})
			continue
		}
		s.index[id] = int32(len(s.members))
		s.members = append(s.members, Member{Backend: st.backend, Weight: c.weightOf(st, now)})
	}
	s.compile(c.cfg.Policy)
	c.balancer.snapshot.Store(s)
	c.effects = append(c.effects, Effect{Kind: SnapshotPublished, Version: s.version, Panic: s.panics})
}

func (s *seat) excluded(panics bool) string {
	state, _ := s.machine.State()
	switch {
	case s.drain:
		return "draining"
	case state == health.Unhealthy && !panics:
		return "unhealthy"
	}
	return ""
}

// inPanic tells whether so few backends are healthy that it is better to try
// them all (Envoy's panic threshold). Draining backends do not count.
func (c *Controller) inPanic() bool {
	healthy, all := 0, 0
	for _, s := range c.seats {
		if s == nil || s.drain {
			continue
		}
		all++
		if state, _ := s.machine.State(); state != health.Unhealthy {
			healthy++
		}
	}
	return healthy < all && float64(healthy) < c.cfg.PanicThreshold*float64(all)
}

// weightOf returns the effective weight, and sees to it that a ramp is looked at again.
func (c *Controller) weightOf(s *seat, now Time) float64 {
	state, since := s.machine.State()
	if state != health.Recovering {
		return s.weight
	}
	c.refresh = c.refresh.Min(now.Add(c.cfg.SlowStart.RefreshEvery))
	return max(MinWeight, s.weight*c.cfg.SlowStart.Factor(now.Sub(since)))
}
