package proxy

import (
	"time"

	"github.com/lbctl/lbctl/lb"
)

// clock is the driver's time: nanoseconds since the server was made, by the
// monotonic clock.
type clock struct{ epoch time.Time }

func newClock() clock { return clock{epoch: time.Now()} }

func (c clock) now() lb.Time { return lb.Time(time.Since(c.epoch)) }

// wall returns the calendar time of t.
func (c clock) wall(t lb.Time) time.Time { return c.epoch.Add(time.Duration(t)) }
