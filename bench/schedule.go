package bench

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/scenarios"
)

// schedule is when each request is due, by number, from the start of the run. Times never decrease.
type schedule []lb.Time

// newSchedule lays out the arrivals of a model before until.
func newSchedule(m *scenarios.Model, until lb.Time) (schedule, error) {
	arrivals := m.Arrivals()
	if arrivals == nil {
		return nil, errors.New("the scenario's users wait for answers before they ask again (a closed loop): bench drives open loops only")
	}
	var s schedule
	for {
		at, ok := arrivals.Next()
		if !ok || at >= until {
			break
		}
		if len(s) == MaxRequests {
			return nil, fmt.Errorf("more than %d requests: take a shorter --duration or a lower load", MaxRequests)
		}
		s = append(s, at)
	}
	if len(s) == 0 {
		return nil, errors.New("no request within the duration")
	}
	return s, nil
}

// paced paces an attack by a schedule (a vegeta.Pacer).
//
// It waits itself, where vegeta would sleep: the runtime's timers are up to a millisecond late when the process
// is idle, since epoll waits for whole milliseconds.
type paced struct {
	schedule schedule
	clock    clock
	over     context.Context // done: no further requests
}

// Pace waits until the next request is due.
func (p *paced) Pace(_ time.Duration, sent uint64) (wait time.Duration, stop bool) {
	if sent >= uint64(len(p.schedule)) {
		return 0, true
	}
	p.clock.sleepUntil(p.over, p.schedule[sent])
	return 0, p.over.Err() != nil
}

// Rate returns the requests a second that were due lately. Vegeta wants to be able to ask.
func (p *paced) Rate(time.Duration) float64 { return p.schedule.rate(p.clock.now()) }

// rateSpan is the time over which a rate is taken.
const rateSpan = time.Second

// rate returns the requests a second that are due in the second before now.
func (s schedule) rate(now lb.Time) float64 {
	return float64(s.due(now)-s.due(now.Add(-rateSpan))) / rateSpan.Seconds()
}

// due returns how many requests are due before t.
func (s schedule) due(t lb.Time) int {
	return sort.Search(len(s), func(i int) bool { return s[i] >= t })
}
