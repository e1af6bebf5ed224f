// Package instant holds the one notion of time that the core knows: a number
// of nanoseconds that a driver passes in.
//
// Floor 0. It imports nothing but the Duration type, and never reads a clock:
// the simulator counts virtual nanoseconds, the live proxy monotonic ones, and
// the core cannot tell which.
package instant

import (
	"math"
	"time"
)

// Time is nanoseconds since the driver's epoch. It never runs backwards within
// one driver. The zero Time is the epoch itself.
type Time int64

// Never is later than every Time a driver can reach: the deadline of something
// that is not scheduled.
const Never Time = math.MaxInt64

// Add returns t+d, saturating at Never (and staying Never).
func (t Time) Add(d time.Duration) Time {
	if t == Never || d > 0 && t > Never-Time(d) {
		return Never
	}
	return t + Time(d)
}

// Sub returns t-u.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t - u) }

// Seconds returns t as seconds since the epoch.
func (t Time) Seconds() float64 { return float64(t) / 1e9 }

// Min returns the earlier of t and u.
func (t Time) Min(u Time) Time {
	if u < t {
		return u
	}
	return t
}

// At returns the Time d after the epoch.
func At(d time.Duration) Time { return Time(d) }
