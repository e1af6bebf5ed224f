package scenarios

import (
	"math"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/stats"
)

// Station is a backend at work: slots, a queue, FIFO or processor sharing, and the condition that is
// in force. It is told the time and does no I/O, so a backend in virtual time and one on sockets serve
// alike: whoever drives it moves it on by Advance before anything starts, ends or changes.
//
// Both disciplines run on a virtual clock v that advances, while time passes, at the rate at
// which one job gets served: the speed, shared out when processor
// sharing has more jobs than slots. A job that starts at v with demand D ends when the clock
// shows v+D, whatever happens to the rate meanwhile. So a change of speed moves
// one event instead of all jobs, and both disciplines are one mechanism.
//
// An antagonist takes slots from a processor-sharing station, which its jobs feel only when
// they need them, and speed from a FIFO one.
//
// Attempts go by numbers that the driver gives them. One goroutine at a time.
type Station struct {
	// What every request touches lies together at the front; the rest is behind a pointer, so
	// that the stations of a large pool stay in the cache.

	v    float64 // virtual clock: nanoseconds of service that a job present all along has got
	rate float64 // dv/dt
	last lb.Time // v was right then

	full  float64 // rate of a job that need not share
	free  float64 // slots that no antagonist takes
	slots int
	room  int  // requests that fit in, waiting ones included
	ps    bool // processor sharing
	plain bool // no fault that a request would meet, other than of speed

	jobs  []job // in service: a min-heap by finish
	queue waiting

	service float64 // moving average of service times without waiting, ns; 0: none yet

	*setting
}

// setting is what a station is and what befalls it.
type setting struct {
	backend  Backend
	cond     Condition
	arrivals recentRate
	latency  stats.LatencyByLoad // what the backend itself would report
}

// unlimited is longer than any queue can grow within MaxExpectedRequests.
const unlimited = math.MaxInt32

const (
	serviceWeight = 0.1  // of the newest service time in the mean that a station reports
	minSpeed      = 1e-3 // keeps the service time of a stopped station finite
)

// NewStation returns an idle station in normal condition, at time 0.
func NewStation(b Backend) Station {
	s := Station{
		slots: b.Slots, room: b.Slots + b.Queue, ps: b.PS,
		setting: &setting{backend: b},
	}
	if b.Queue < 0 {
		s.room = unlimited
	}
	s.Adopt(Normal())
	return s
}

// Backend returns what the station is when nothing is wrong with it.
func (s *Station) Backend() *Backend { return &s.backend }

// Condition returns the condition in force. Read only.
func (s *Station) Condition() *Condition { return &s.cond }

// Plain says that a request meets no fault here, other than of speed: Fate would change nothing.
func (s *Station) Plain() bool { return s.plain }

// Adopt puts a condition into force. The clock must be at now. A crash loses nothing by itself: see Evict.
func (s *Station) Adopt(c Condition) {
	s.cond = c
	s.full = s.backend.Speed * c.Speed
	s.free = float64(s.slots) * c.Free
	s.plain = c.Accept == Accepts && c.Partitioned.Empty() && c.SlowPct == 0 && c.ErrorPct == 0 && c.ResetPct == 0 && s.backend.Degrade == nil
	s.refreshRate()
}

// InFlight returns the number of requests inside, waiting ones included.
func (s *Station) InFlight() int { return len(s.jobs) + s.queue.n }

// Waiting returns the number of requests in the queue.
func (s *Station) Waiting() int { return s.queue.n }

// Full says that no request fits in any more.
func (s *Station) Full() bool { return s.InFlight() >= s.room }

// Busy says that the slots are taken, so that an attempt must Wait instead of Start. Processor sharing has room for everyone.
func (s *Station) Busy() bool { return !s.ps && len(s.jobs) >= s.slots }

// Advance brings the virtual clock to now and returns the slot-time spent since. Times must not run backwards,
// and now must not be later than the first job's end.
func (s *Station) Advance(now lb.Time) time.Duration {
	elapsed := now - s.last
	s.last = now
	if len(s.jobs) == 0 {
		s.v = 0 // nobody holds a finish: start over, and keep the clock's precision
		return 0
	}
	s.v += float64(elapsed) * s.rate
	return time.Duration(elapsed) * time.Duration(min(len(s.jobs), s.slots))
}

// refreshRate recomputes the rate after the jobs or the condition changed. The clock must be at now.
func (s *Station) refreshRate() {
	switch n := float64(len(s.jobs)); {
	case !s.ps:
		s.rate = s.full * s.cond.Free
	case n > s.free:
		s.rate = s.full * s.free / n
	default:
		s.rate = s.full
	}
}

// share lets the jobs in service share anew after one has come or gone.
func (s *Station) share() {
	if s.ps {
		s.refreshRate()
	}
}

// Start puts an attempt into service. The clock must be at now, and the station not Busy.
func (s *Station) Start(attempt uint32, demand time.Duration) {
	s.push(job{finish: s.v + float64(demand), attempt: attempt})
	s.share()
}

// Wait puts an attempt into the queue.
func (s *Station) Wait(attempt uint32, demand time.Duration) {
	s.queue.push(waiter{demand: demand, attempt: attempt})
}

// StartNext puts the first of the queue into service when there is a slot for it; ok is false when there is none,
// or nobody waits. The clock must be at now.
func (s *Station) StartNext() (attempt uint32, ok bool) {
	if s.queue.n == 0 || s.Busy() {
		return 0, false
	}
	next := s.queue.pop()
	s.Start(next.attempt, next.demand)
	return next.attempt, true
}

// UntilNext returns how long after the last Advance the first job ends, lb.Never when none does.
func (s *Station) UntilNext() lb.Time {
	if len(s.jobs) == 0 || s.rate <= 0 {
		return lb.Never
	}
	wait := s.jobs[0].finish - s.v
	if s.rate != 1 {
		wait /= s.rate
	}
	wait = math.Ceil(wait)
	if wait >= float64(math.MaxInt64/2) {
		return lb.Never
	}
	return max(0, lb.Time(wait))
}

// Due is what the end of the first job hangs on: as long as it is equal, that end is at the same moment.
type Due struct{ finish, rate float64 }

// Due returns it; there must be a job in service.
func (s *Station) Due() Due { return Due{s.jobs[0].finish, s.rate} }

// Finish takes out the job that ends now. The clock must be at now, which UntilNext foretold.
func (s *Station) Finish() (attempt uint32) {
	first := s.jobs[0]
	s.v = first.finish // exactly, so that rounding to whole nanoseconds never accumulates
	s.remove(0)
	s.share()
	return first.attempt
}

// Abandon takes an attempt out of service before its end; false when it is not in service. The clock
// must be at now.
func (s *Station) Abandon(attempt uint32) bool {
	for i := range s.jobs {
		if s.jobs[i].attempt == attempt {
			s.remove(i)
			s.share()
			return true
		}
	}
	return false
}

// Discard takes an attempt out of the queue, if it is there.
func (s *Station) Discard(attempt uint32) { s.queue.discard(attempt) }

// Evict takes out one attempt, waiting ones first, until there is none: what a crash does. The clock must
// be at now.
func (s *Station) Evict() (attempt uint32, ok bool) {
	switch {
	case s.queue.n > 0:
		return s.queue.pop().attempt, true
	case len(s.jobs) > 0:
		attempt = s.jobs[0].attempt
		s.remove(0)
		s.share()
		return attempt, true
	}
	return 0, false
}
