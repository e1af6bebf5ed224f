package scenarios

import (
	"time"

	"github.com/lbctl/lbctl/lb"
)

// Accept is what a backend does with a connection.
type Accept uint8

// The ways, from best to worst.
const (
	Accepts Accept = iota
	Refuses        // new connections; what is inside goes on
	Crashed        // refuses, and everything inside is lost at the transition
)

// ProbeAnswer is what a backend's health endpoint says.
type ProbeAnswer uint8

// The answers.
const (
	Honest        ProbeAnswer = iota // as the driver finds it
	SaysHealthy                      // whatever happens, as long as a connection can be had
	SaysUnhealthy                    // whatever happens
)

// Condition is the state of a backend at a moment. The normal one is Normal().
type Condition struct {
	Speed       float64       // multiplies the backend's speed; 0: no progress
	Free        float64       // share of the capacity that nobody else takes; 0: no progress
	Accept      Accept        //
	SlowPct     float64       // this share of requests …
	SlowFactor  float64       // … takes so many times its demand
	ErrorPct    float64       // share answered with an error
	ErrorAfter  time.Duration // > 0: that soon, without service; 0: after normal service
	ResetPct    float64       // share whose connection is lost after half of its service
	Probe       ProbeAnswer   //
	Partitioned BalancerSet   // balancers that cannot reach it: packets vanish

	errorPeak float64 // the highest share of errors of a single fault, whose ErrorAfter holds
}

// Normal returns the condition of a backend that has no fault.
func Normal() Condition { return Condition{Speed: 1, Free: 1, SlowFactor: 1} }

// BalancerSet is an immutable set of balancers.
type BalancerSet struct {
	all  bool
	bits []uint64
}

// Has tells whether balancer b is in the set.
func (s BalancerSet) Has(b int) bool {
	return s.all || b>>6 < len(s.bits) && s.bits[b>>6]>>(b&63)&1 != 0
}

// Empty tells whether no balancer is in the set.
func (s BalancerSet) Empty() bool { return !s.all && s.bits == nil }

// Timeline yields the changes of one backend's condition. One goroutine at a time.
type Timeline struct {
	tracks  []track
	pending []lb.Time // when each track changes next
}

// A track is one fault on one backend: a sequence of effects.
type track interface {
	// next returns when the effect changes next, lb.Never when it stays.
	next() lb.Time
	// step makes that change. It returns false when the effect is the same as before, after all.
	step() (changed bool)
	// apply adds the present effect to c.
	apply(c *Condition)
}

// Next returns the time of the next change and the condition from then on; ok is
// false when there are no more. Times increase. There is a change at 0 only if the
// backend does not start out normal.
func (t *Timeline) Next() (at lb.Time, c Condition, ok bool) {
	for changed := false; !changed; {
		at = lb.Never
		for _, p := range t.pending {
			at = at.Min(p)
		}
		if at == lb.Never {
			return 0, Condition{}, false
		}
		for i, tr := range t.tracks {
			for t.pending[i] <= at {
				changed = tr.step() || changed
				t.pending[i] = tr.next()
			}
		}
	}
	c = Normal()
	for _, tr := range t.tracks {
		tr.apply(&c)
	}
	return at, c, true
}

func newTimeline(tracks []track) *Timeline {
	t := &Timeline{tracks: tracks}
	for _, tr := range tracks {
		t.pending = append(t.pending, tr.next())
	}
	return t
}
