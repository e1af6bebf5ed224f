package scenarios

import (
	"time"

	"github.com/lbctl/lbctl/config"
)

// Scenario is one compiled scenario: immutable, and safe for any number of
// goroutines.
type Scenario struct {
	Name      string        // the file's name; "name/case" when it has cases
	About     string        // the first line says what it shows
	Duration  time.Duration // requests arrive in [0, Duration)
	Warmup    time.Duration // measure.Auto, or fixed
	Seed      uint64        // of the first replication; the others follow
	Seeds     int           // replications
	Balancers int           // each sees only its own traffic
	Pool      config.Pool   // of the scenario itself; variants and policies are compared with it
	Policies  []string      // compared by default
	Expect    []Expectation

	yaml     string
	variants []Variant
	changes  []Change
	settled  time.Duration // Stationary
	behaviour
}

// behaviour is what models of all seeds share.
type behaviour struct {
	classes   []class
	shares    []float64 // of the classes; they sum to 1
	classOf   chooser
	clients   chooser
	byClient  bool // a client keeps its balancer
	retries   Retries
	users     int // closed loop, else 0
	think     Dist
	load      load       // nil: a closed loop
	log       *accessLog // that load replays, if it does
	backends  []Backend
	network   network
	noNetwork bool
	faults    [][]fault // by backend
}

// A class of requests.
type class struct {
	name     string
	demand   Dist
	deadline time.Duration
}

// Variant is one configuration of a scenario that is compared with others.
type Variant struct {
	Name     string
	Policy   string
	Scenario *Scenario   // with the variant's overlay applied
	Pool     config.Pool // that the balancers run
}

// Change is a span of a scenario in which something scheduled is different, for
// shading time lines.
type Change struct {
	From, To time.Duration
	Label    string
}

// Changes returns the scheduled changes in order of their start.
func (s *Scenario) Changes() []Change { return s.changes }

// Stationary returns until when nothing scheduled changes: a warm-up is to be looked for
// before. Random pauses, antagonists and bursts that go on from start to end are
// stationary; it is Duration then, and 0 when the load drifts from the start.
func (s *Scenario) Stationary() time.Duration { return s.settled }

// Source returns the scenario as YAML, cases and overrides applied.
func (s *Scenario) Source() string { return s.yaml }

// Variants returns what is compared by default: the policies and the variants that the file lists, or else
// its own pool alone.
func (s *Scenario) Variants() []Variant { return s.variants }

// Classes returns the names of the request classes, by Request.Class.
func (s *Scenario) Classes() []string {
	var names []string
	for _, c := range s.classes {
		names = append(names, c.name)
	}
	return names
}

// Capacity returns the requests a second that the backends can serve together: Σ slots·speed
// over the mean demand.
func (s *Scenario) Capacity() float64 {
	return capacity(s.backends, s.classes, s.shares)
}

// load makes open-loop arrivals.
type load interface {
	stream(seed uint64, until time.Duration) *Arrivals
}

// capacity is Σ slots·speed over the mean demand.
func capacity(backends []Backend, classes []class, shares []float64) float64 {
	speed, mean := 0.0, 0.0
	for _, b := range backends {
		speed += float64(b.Slots) * b.Speed
	}
	for i, c := range classes {
		mean += shares[i] * c.demand.Mean().Seconds()
	}
	return speed / mean
}
