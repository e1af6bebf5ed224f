package bench

import (
	"context"
	"time"

	"github.com/lbctl/lbctl/lb"
)

// clock tells the time of a run: nanoseconds since its schedule began, below 0 before.
type clock struct{ begin time.Time }

func (c clock) now() lb.Time { return lb.Time(time.Since(c.begin)) }

// at returns the time of the run at a moment.
func (c clock) at(t time.Time) lb.Time { return lb.Time(t.Sub(c.begin)) }

// wall returns when t is.
func (c clock) wall(t lb.Time) time.Time { return c.begin.Add(time.Duration(t)) }

// waitUntil waits until t; false if ctx ended first.
func (c clock) waitUntil(ctx context.Context, t lb.Time) bool {
	timer := time.NewTimer(t.Sub(c.now()))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// maxNap bounds how long sleepUntil sleeps before it looks at its context again.
const maxNap = 50 * time.Millisecond

// sleepUntil is waitUntil with a better timer, which holds a thread meanwhile.
func (c clock) sleepUntil(ctx context.Context, t lb.Time) {
	for ctx.Err() == nil {
		left := t.Sub(c.now())
		if left <= 0 {
			return
		}
		sleep(min(left, maxNap))
	}
}
