package bench

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/measure"
)

// journal keeps what happens during a run until it is over: a recorder wants everything in order of time and
// from one goroutine, and what happens on sockets comes from all sides.
type journal struct {
	mu     sync.Mutex
	pages  [][]entry
	events []event
}

// event is an event whose time is still that of the wall: some happen before the run's clock is set.
type event struct {
	at time.Time
	measure.Event
}

// page is the number of entries that are allocated at once, so that a long journal is never copied.
const page = 1 << 14

// note says what an entry is about. Things of one moment are told to the recorder in this order.
type note uint8

const (
	noteStart note = iota
	noteAttempt
	noteEnter
	noteServed
	noteFailure
	noteEnd
)

// entry is one thing that happened. Fields that a note has no use for are 0.
type entry struct {
	at               lb.Time
	start            lb.Time       // noteEnd: of the request
	busy             time.Duration // noteServed
	backend          int32
	inflight, queued int32 // noteEnter
	note             note
	ending           measure.Ending // noteEnd
	retries          uint8          // noteEnd: up to scenarios.MaxRetries
}

// add takes in an entry. What happened before the run began counts as having happened at its beginning.
func (j *journal) add(e entry) {
	e.at = max(0, e.at)
	j.mu.Lock()
	defer j.mu.Unlock()
	last := len(j.pages) - 1
	if last < 0 || len(j.pages[last]) == page {
		j.pages = append(j.pages, make([]entry, 0, page))
		last++
	}
	j.pages[last] = append(j.pages[last], e)
}

// event keeps e for the event log.
func (j *journal) event(at time.Time, e measure.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.events) < measure.MaxEvents {
		j.events = append(j.events, event{at, e})
	}
}

// tell tells a recorder everything in order of time, and returns when the last thing happened.
// Nothing may be added any more.
func (j *journal) tell(r *measure.Recorder, c clock) (last lb.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	all := slices.Concat(j.pages...)
	j.pages = nil
	slices.SortStableFunc(all, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.note, b.note))
	})
	for i := range all {
		all[i].tell(r)
		last = all[i].at
	}
	slices.SortStableFunc(j.events, func(a, b event) int { return a.at.Compare(b.at) })
	for _, e := range j.events {
		e.At = max(0, c.at(e.at))
		r.Event(e.Event)
	}
	return last
}

func (e *entry) tell(r *measure.Recorder) {
	switch e.note {
	case noteStart:
		r.Start(e.at)
	case noteAttempt:
		r.Attempt(e.at, int(e.backend))
	case noteEnter:
		r.Enter(e.at, int(e.backend), int(e.inflight), int(e.queued))
	case noteServed:
		r.Served(e.at, int(e.backend), e.busy)
	case noteFailure:
		r.Failure(e.at, int(e.backend))
	case noteEnd:
		r.End(e.at, e.start, e.ending, int(e.retries))
	}
}
