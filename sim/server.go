package sim

import (
	"math"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/stats"
	"github.com/lbctl/lbctl/scenarios"
)

// server is a synthetic backend: slots, a queue, FIFO or processor sharing.
//
// Both disciplines run on a virtual clock v that advances, while time passes, at the rate at
// which one job gets served: the speed, shared out when processor
// sharing has more jobs than slots. A job that starts at v with demand D ends when the clock
// shows v+D, whatever happens to the rate meanwhile. So a change of speed moves
// one event instead of all jobs, and both disciplines are one mechanism.
//
// An antagonist takes slots from a processor-sharing server, which its jobs feel only when
// they need them, and speed from a FIFO server.
//
// What every request touches lies together at the front; the rest is behind a pointer, so
// that the servers of a large pool stay in the cache.
type server struct {
	v    float64 // virtual clock: nanoseconds of service that a job present all along has got
	rate float64 // dv/dt
	last lb.Time // v was right then

	full  float64 // rate of a job that need not share
	free  float64 // slots that no antagonist takes
	slots int
	room  int  // requests that fit in, waiting ones included
	ps    bool // processor sharing
	plain bool // no fault that a request would meet, other than of speed

	pending      bool    // a completion event is scheduled …
	generation   uint32  // … which carries this number; others are stale …
	due, dueRate float64 // … for the job with this finish, at this rate

	jobs  []job    // in service: a min-heap by finish
	queue []uint32 // attempts waiting: a ring
	head  int
	waits int

	service float64 // moving average of service times without waiting, ns; 0: none yet

	*setting
}

// setting is what a server is and what befalls it.
type setting struct {
	model    scenarios.Backend
	cond     scenarios.Condition
	next     scenarios.Condition // takes effect with the pending condition event
	timeline *scenarios.Timeline
	arrivals recentRate
	latency  stats.LatencyByLoad // what the backend itself would report
}

// newServer returns an idle server in normal condition.
func newServer(model scenarios.Backend, timeline *scenarios.Timeline) server {
	s := server{
		slots: model.Slots, room: model.Slots + model.Queue, ps: model.PS,
		setting: &setting{model: model, timeline: timeline},
	}
	if model.Queue < 0 {
		s.room = unlimited
	}
	s.adopt(scenarios.Normal())
	return s
}

// unlimited is longer than any queue can grow within scenarios.MaxExpectedRequests.
const unlimited = math.MaxInt32

// adopt puts a condition into force. The clock must be at now.
func (s *server) adopt(c scenarios.Condition) {
	s.cond = c
	s.full = s.model.Speed * c.Speed
	s.free = float64(s.slots) * c.Free
	s.plain = c.Accept == scenarios.Accepts && c.Partitioned.Empty() && c.SlowPct == 0 && c.ErrorPct == 0 && c.ResetPct == 0 && s.model.Degrade == nil
	s.refreshRate()
}

type job struct {
	finish  float64
	attempt uint32
}

const (
	serviceWeight = 0.1  // of the newest service time in the mean that a server reports
	minSpeed      = 1e-3 // keeps the service time of a stopped server finite
)

func (s *server) inflight() int { return len(s.jobs) + s.waits }

// advance brings the virtual clock to now and returns the slot-time spent since.
func (s *server) advance(now lb.Time) time.Duration {
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
func (s *server) refreshRate() {
	switch n := float64(len(s.jobs)); {
	case !s.ps:
		s.rate = s.full * s.cond.Free
	case n > s.free:
		s.rate = s.full * s.free / n
	default:
		s.rate = s.full
	}
}

// busy says that the slots are taken. Processor sharing has room for everyone.
func (s *server) busy() bool { return !s.ps && len(s.jobs) >= s.slots }

// start puts an attempt into service.
func (s *server) start(attempt uint32, demand time.Duration) {
	s.jobs = append(s.jobs, job{finish: s.v + float64(demand), attempt: attempt})
	s.up(len(s.jobs) - 1)
	s.share()
}

// share lets the jobs in service share anew after one has come or gone.
func (s *server) share() {
	if s.ps {
		s.refreshRate()
	}
}

// untilNext returns how long until the first job ends, Never-like when none does.
func (s *server) untilNext() lb.Time {
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

// finish takes out the job that ends now.
func (s *server) finish() uint32 {
	first := s.jobs[0]
	s.v = first.finish // exactly, so that rounding to whole nanoseconds never accumulates
	s.remove(0)
	s.share()
	return first.attempt
}

// abandon takes an attempt out of service before its end; false when it is not in service.
func (s *server) abandon(attempt uint32) bool {
	for i := range s.jobs {
		if s.jobs[i].attempt == attempt {
			s.remove(i)
			s.share()
			return true
		}
	}
	return false
}

func (s *server) remove(i int) {
	last := len(s.jobs) - 1
	s.jobs[i] = s.jobs[last]
	s.jobs = s.jobs[:last]
	if i < last {
		s.down(i)
		s.up(i)
	}
}

func (s *server) up(i int) {
	for i > 0 {
		p := (i - 1) / 2
		if !(s.jobs[i].finish < s.jobs[p].finish) {
			return
		}
		s.jobs[i], s.jobs[p] = s.jobs[p], s.jobs[i]
		i = p
	}
}

func (s *server) down(i int) {
	for {
		c := 2*i + 1
		if c >= len(s.jobs) {
			return
		}
		if c+1 < len(s.jobs) && s.jobs[c+1].finish < s.jobs[c].finish {
			c++
		}
		if !(s.jobs[c].finish < s.jobs[i].finish) {
			return
		}
		s.jobs[i], s.jobs[c] = s.jobs[c], s.jobs[i]
		i = c
	}
}

func (s *server) enqueue(attempt uint32) {
	if s.waits == len(s.queue) {
		ring := make([]uint32, max(8, 2*len(s.queue)))
		for i := range s.waits {
			ring[i] = s.queue[(s.head+i)&(len(s.queue)-1)]
		}
		s.queue, s.head = ring, 0
	}
	s.queue[(s.head+s.waits)&(len(s.queue)-1)] = attempt
	s.waits++
}

func (s *server) dequeue() uint32 {
	a := s.queue[s.head]
	s.head = (s.head + 1) & (len(s.queue) - 1)
	s.waits--
	return a
}

// discard takes an attempt out of the queue.
func (s *server) discard(attempt uint32) {
	mask := len(s.queue) - 1
	kept := 0
	for i := range s.waits {
		a := s.queue[(s.head+i)&mask]
		if a != attempt {
			s.queue[(s.head+kept)&mask] = a
			kept++
		}
	}
	s.waits = kept
}

// observeService learns from a request that has been served: the time it took to serve, had it not shared
// the server. A real one knows it from the CPU time that the request has used.
func (s *server) observeService(demand time.Duration) {
	took := float64(demand)
	if s.full != 1 {
		took /= max(s.full, minSpeed)
	}
	if s.service == 0 {
		s.service = took
	}
	s.service += serviceWeight * (took - s.service)
}

// report is what the backend says of its load when it is asked.
func (s *server) report(withLatency bool) lb.Report {
	rep := lb.Report{Valid: true, InFlight: int32(s.inflight())}
	rep.Service = time.Duration(s.service)
	if withLatency {
		rep.Latency = s.latency.Estimate(rep.InFlight)
	}
	return rep
}

// recentRate counts arrivals over the last second in tenths: ten whole ones and the current one.
type recentRate struct {
	tenths [11]uint32
	at     int64 // number of the current tenth since the epoch
}

const tenth = lb.Time(time.Second / 10)

// add notes an arrival at now and returns how many there were in the second before, arrivals of its first
// tenth taken as evenly spread.
func (r *recentRate) add(now lb.Time) float64 {
	const n = int64(len(recentRate{}.tenths))
	t := int64(now / tenth)
	for r.at = max(r.at, t-n); r.at < t; {
		r.at++
		r.tenths[r.at%n] = 0
	}
	sum := -float64(r.tenths[(t+1)%n]) * float64(now%tenth) / float64(tenth)
	for _, count := range r.tenths {
		sum += float64(count)
	}
	r.tenths[t%n]++
	return sum
}
