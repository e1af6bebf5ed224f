package scenarios

import (
	"math/bits"
	"strconv"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
	"github.com/lbctl/lbctl/measure"
)

// Request is what a client asks for.
type Request struct {
	Class    int           // index into Scenario.Classes
	Client   uint64        // hash of the client
	Key      uint64        // hash of the affinity key; the client where there is no other
	Demand   time.Duration // time of service at speed 1
	Deadline time.Duration // after which the client gives up, retries included; 0: never
}

// Retries says what a client does when an attempt fails.
type Retries struct {
	Max            int           // further attempts; 0: none
	Backoff        time.Duration // before the first retry
	Factor         float64       // by which the wait grows from one retry to the next; ≥ 1
	JitterPct      float64       // each wait varies by up to this share
	AttemptTimeout time.Duration // an attempt without an answer for so long has timed out; 0: only the deadline counts
	On             Endings       // what is retried
}

// Endings is a set of ways for an attempt to end.
type Endings [measure.NumEndings]bool

// Draw purposes: independent luck for each.
const (
	DrawSlow  uint64 = iota // below Condition.SlowPct/100: the request is slow
	DrawError               // below ErrorPct/100: it fails
	DrawReset               // below ResetPct/100: its connection is lost
	numDraws
)

// Model is a scenario under one seed. Every method is a pure function of its arguments, so
// any order of calls, and any number of goroutines, gets the same answers; only Arrivals
// and Timeline return something with a state.
type Model struct {
	s    *Scenario
	seed uint64

	class, client, identity, demand uint64 // seeds by purpose
	think, balancer, backoff, net   uint64
	draws                           [numDraws]uint64
}

// Model returns the model of s under seed. It is cheap.
func (s *Scenario) Model(seed uint64) *Model {
	of := func(purpose string) uint64 { return rng.Mix(seed, rng.Hash(purpose)) }
	m := &Model{
		s: s, seed: seed,
		class: of("class"), client: of("client"), identity: of("identity"), demand: of("demand"),
		think: of("think"), balancer: of("balancer"), backoff: of("backoff"), net: of("network"),
	}
	for i := range m.draws {
		m.draws[i] = of("draw/" + strconv.Itoa(i))
	}
	return m
}

// Arrivals returns a new stream of arrivals from the start; nil in a closed loop.
func (m *Model) Arrivals() *Arrivals {
	if m.s.load == nil {
		return nil
	}
	return m.s.load.stream(m.seed, m.s.Duration)
}

// Users returns the number of users of a closed loop, each of whom waits for an answer, thinks, and
// asks again; 0 when the loop is open.
func (m *Model) Users() int { return m.s.users }

// minThink is what a user needs at least to take in an answer. It keeps time
// going when answers come at once, as refusals may.
const minThink = 100 * time.Microsecond

// Think returns the time that a user of a closed loop thinks before request n; at least minThink.
func (m *Model) Think(n uint64) time.Duration {
	return max(minThink, m.s.think.Sample(rng.At(m.think, n)))
}

// Request returns request n.
func (m *Model) Request(n uint64) Request {
	if m.s.log != nil {
		return m.replayed(m.s.log, n)
	}
	return m.drawn(n, -1)
}

// drawn returns request n of the given class; −1: of a class that is drawn.
func (m *Model) drawn(n uint64, class int) Request {
	if class < 0 {
		class = m.s.classOf.choose(rng.At(m.class, n))
	}
	client := m.clientOf(n)
	c := &m.s.classes[class]
	return Request{
		Class: class, Client: client, Key: client,
		Demand: c.demand.Sample(rng.At(m.demand, n)), Deadline: c.deadline,
	}
}

func (m *Model) clientOf(n uint64) uint64 {
	return rng.At(m.identity, uint64(m.s.clients.choose(rng.At(m.client, n))))
}

// Balancer returns which balancer gets request n.
func (m *Model) Balancer(n uint64) int {
	switch {
	case m.s.Balancers == 1:
		return 0
	case m.s.byClient:
		return below(rng.At(m.balancer, m.Request(n).Client), m.s.Balancers)
	}
	return below(rng.At(m.balancer, n), m.s.Balancers)
}

// below maps 64 random bits to [0, n) (bias below n/2⁶⁴).
func below(u uint64, n int) int {
	hi, _ := bits.Mul64(u, uint64(n))
	return int(hi)
}

// Retries returns what clients do about failures.
func (m *Model) Retries() Retries { return m.s.retries }

// Backoff returns the wait before the given retry (1 is the first) of request n:
// Backoff·Factor^(retry−1), varied by JitterPct.
func (m *Model) Backoff(n uint64, retry int) time.Duration {
	r := &m.s.retries
	wait := float64(r.Backoff)
	for range retry - 1 {
		wait *= r.Factor
	}
	u := rng.Unit(rng.At(m.backoff, n*(MaxRetries+1)+uint64(retry)))
	return clamp(wait * (1 + r.JitterPct/100*(2*u-1)))
}

// Draw returns a number in [0, 1) for one attempt (0 is the first) of request n, by
// which its fate is decided when only a share of requests is hit.
func (m *Model) Draw(purpose, n uint64, attempt int) float64 {
	return rng.Unit(rng.At(m.draws[purpose], n*(MaxRetries+1)+uint64(attempt)))
}

// Backends returns the backends by index. Read only.
func (m *Model) Backends() []Backend { return m.s.backends }

// Network returns the time from a balancer to a backend, or back, for request n. All backends
// draw from the same luck.
func (m *Model) Network(balancer, backend int, n uint64) time.Duration {
	if m.s.noNetwork {
		return 0
	}
	return m.s.network.delay(balancer, backend, rng.At(m.net, n))
}

// Timeline returns a new stream of the changes of a backend's condition.
func (m *Model) Timeline(backend int) *Timeline {
	var tracks []track
	for i := range m.s.faults[backend] {
		f := &m.s.faults[backend][i]
		tracks = append(tracks, f.track(rng.Stream(m.seed, f.stream), lb.Time(m.s.Duration)))
	}
	return newTimeline(tracks)
}
