package scenarios

import (
	"fmt"
	"strings"
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

// Stalled says that the backend makes no progress: whatever it accepts, it does not answer.
func (c *Condition) Stalled() bool { return c.Speed <= 0 || c.Free <= 0 }

// Reachable says that every balancer can send it requests.
func (c *Condition) Reachable() bool { return c.Accept == Accepts && c.Partitioned.Empty() }

// Probed returns what the backend's health endpoint says, and whether it says anything
// at all. luck is uniform in [0, 1).
func (c *Condition) Probed(luck float64) (ok, answers bool) {
	switch {
	case c.Accept != Accepts || c.Probe == SaysUnhealthy:
		return false, true
	case c.Probe == SaysHealthy:
		return true, true
	case c.Stalled():
		return false, false
	}
	return luck*100 >= c.ErrorPct+c.ResetPct, true
}

// String puts the condition in words, for people: "crashed, 5% errors"; "normal" without a fault.
func (c *Condition) String() string {
	var words []string
	say := func(when bool, format string, args ...any) {
		if when {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	say(c.Accept == Crashed, "crashed")
	say(c.Accept == Refuses, "refuses connections")
	say(c.Stalled(), "makes no progress")
	say(c.Speed > 0 && c.Speed != 1, "speed ×%.3g", c.Speed)
	say(c.Free > 0 && c.Free < 1, "%.3g%% of capacity taken", 100*(1-c.Free))
	say(c.SlowPct > 0, "%.3g%% of requests ×%.3g slower", c.SlowPct, c.SlowFactor)
	say(c.ErrorPct > 0 && c.ErrorAfter > 0, "%.3g%% errors after %v", c.ErrorPct, c.ErrorAfter)
	say(c.ErrorPct > 0 && c.ErrorAfter == 0, "%.3g%% errors", c.ErrorPct)
	say(c.ResetPct > 0, "%.3g%% resets", c.ResetPct)
	say(!c.Partitioned.Empty(), "partitioned")
	say(c.Probe == SaysHealthy, "health endpoint says healthy")
	say(c.Probe == SaysUnhealthy, "health endpoint says unhealthy")
	if len(words) == 0 {
		return "normal"
	}
	return strings.Join(words, ", ")
}

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
