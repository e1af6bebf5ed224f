package health

import (
	"time"

	"github.com/lbctl/lbctl/lb/instant"
	"github.com/lbctl/lbctl/lb/rng"
)

// State is a backend's health.
type State uint8

// The states. A backend starts Healthy: until a probe says otherwise, traffic
// is the best evidence there is (HAProxy does the same).
const (
	Healthy    State = iota // takes its full weight
	Unhealthy               // takes nothing, save in panic
	Recovering              // takes traffic through slow start
)

func (s State) String() string {
	return [...]string{"healthy", "unhealthy", "recovering"}[s]
}

// Config says when to probe and what to make of the answers. Defaults are HAProxy's.
type Config struct {
	Interval  time.Duration // between the starts of two probes of one backend; > 0
	Timeout   time.Duration // a probe without an answer for this long has failed; > 0
	Jitter    float64       // each interval is drawn from Interval·(1±Jitter); 0…1
	Fall      int           // consecutive failures that make a backend Unhealthy; ≥ 1
	Rise      int           // consecutive successes that make it usable again; ≥ 1
	SlowStart time.Duration // how long it then stays Recovering; 0: straight to Healthy
}

// Probe names one probe of one backend, so that an answer that comes after its
// time-out is not taken for the next one's. 0 names none.
type Probe uint64

// Reason says why a state changed; the words of events, logs and reports.
type Reason string

// The reasons.
const (
	ProbesFailed    Reason = "probes failed"
	ProbesSucceeded Reason = "probes succeeded"
	SlowStartOver   Reason = "slow start over"
	ProbesStopped   Reason = "probes switched off"
)

// Step is what came of stepping a machine: at most one transition and at most
// one probe to start.
type Step struct {
	Changed  bool
	From, To State
	Reason   Reason

	Start    Probe        // the probe to start now, 0: none
	Deadline instant.Time // when that probe will be taken for failed
}

// Machine is the health of one backend. One owner at a time; the caller passes
// the time and the randomness.
type Machine struct {
	cfg       Config
	state     State
	streak    int // consecutive results that speak against the state
	last      Probe
	open      bool         // probe last is under way
	deadline  instant.Time // of the open probe
	next      instant.Time // start of the next probe
	recovered instant.Time // end of slow start
	since     instant.Time // of the present state
}

// NewMachine returns a healthy backend's machine. The first probe is due at a
// random point of the first interval, so that a fleet does not probe in step.
func NewMachine(cfg Config, now instant.Time, r *rng.Rand) Machine {
	phase := time.Duration(r.Float64() * float64(cfg.Interval))
	return Machine{cfg: cfg, next: now.Add(phase), recovered: instant.Never, since: now}
}

// Reconfigure makes the machine work by cfg from now on. What it knows of the
// backend stays: its state, and the results in a row.
func (m *Machine) Reconfigure(cfg Config, now instant.Time) {
	m.cfg = cfg
	m.next = m.next.Min(now.Add(cfg.Interval))
	if m.state == Recovering {
		m.recovered = m.since.Add(cfg.SlowStart)
	}
}

// State returns the present state, and since when.
func (m *Machine) State() (s State, since instant.Time) { return m.state, m.since }

// Next returns when Advance is due.
func (m *Machine) Next() instant.Time {
	due := m.next.Min(m.recovered)
	if m.open {
		due = due.Min(m.deadline)
	}
	return due
}

// Advance does what is due at now. Call it again while Next() ≤ now.
func (m *Machine) Advance(now instant.Time, r *rng.Rand) Step {
	switch {
	case m.open && m.deadline <= now:
		m.open = false
		return m.result(now, false)
	case m.recovered <= now:
		return m.to(now, Healthy, SlowStartOver)
	case m.next <= now:
		return m.start(now, r)
	}
	return Step{}
}

// Result takes a probe's answer. An answer to another probe than the one under
// way is late, already counted as failed, and ignored.
func (m *Machine) Result(now instant.Time, p Probe, ok bool) Step {
	if !m.open || p != m.last {
		return Step{}
	}
	m.open = false
	return m.result(now, ok)
}

func (m *Machine) start(now instant.Time, r *rng.Rand) Step {
	stretch := 1 + m.cfg.Jitter*(2*r.Float64()-1)
	m.next = now.Add(max(1, time.Duration(stretch*float64(m.cfg.Interval))))
	if m.open { // a time-out longer than the interval: wait for that answer first
		return Step{}
	}
	m.last++
	m.open = true
	m.deadline = now.Add(m.cfg.Timeout)
	return Step{Start: m.last, Deadline: m.deadline}
}

func (m *Machine) result(now instant.Time, ok bool) Step {
	if agrees := ok == (m.state != Unhealthy); agrees {
		m.streak = 0
		return Step{}
	}
	m.streak++
	switch {
	case !ok && m.streak >= m.cfg.Fall:
		return m.to(now, Unhealthy, ProbesFailed)
	case ok && m.streak >= m.cfg.Rise && m.cfg.SlowStart > 0:
		return m.to(now, Recovering, ProbesSucceeded)
	case ok && m.streak >= m.cfg.Rise:
		return m.to(now, Healthy, ProbesSucceeded)
	}
	return Step{}
}

func (m *Machine) to(now instant.Time, s State, why Reason) Step {
	step := Step{Changed: true, From: m.state, To: s, Reason: why}
	m.state, m.since, m.streak = s, now, 0
	m.recovered = instant.Never
	if s == Recovering {
		m.recovered = now.Add(m.cfg.SlowStart)
	}
	return step
}
