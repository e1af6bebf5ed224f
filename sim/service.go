package sim

import (
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

func (w *world) buildServers() {
	for i, b := range w.model.Backends() {
		w.servers = append(w.servers, newServer(b, w.model.Timeline(i)))
	}
}

// deliver lets an attempt reach its backend.
func (w *world) deliver(a uint32) {
	at := w.attempts.at(a)
	i := at.backend
	s := &w.servers[i]
	switch {
	case !s.plain && s.cond.Accept != scenarios.Accepts:
		w.answer(a, measure.Refused)
		return
	case !at.waited && s.model.DropCanceled:
		w.attempts.put(a)
		return
	case s.inflight() >= s.room:
		w.answer(a, measure.Rejected)
		return
	case !s.plain && w.spoil(s, at, a):
		return
	}
	at.entered, at.load = w.now, int32(s.inflight())
	if s.busy() {
		at.place = queued
		s.enqueue(a)
	} else {
		w.elapse(i)
		w.serve(i, a)
		w.awaitCompletion(i)
	}
	w.recorder.Enter(w.now, int(i), s.inflight(), s.waits)
}

// spoil applies the backend's condition to one request: slow, failing, reset. It returns true when the answer is on its
// way already.
func (w *world) spoil(s *server, at *attempt, a uint32) bool {
	if d := s.model.Degrade; d != nil && s.arrivals.add(w.now) > d.AboveRPS {
		at.demand = time.Duration(float64(at.demand) * d.Factor)
	}
	c := &s.cond
	if c.SlowPct > 0 && w.model.Draw(scenarios.DrawSlow, at.number, at.try)*100 < c.SlowPct {
		at.demand = time.Duration(float64(at.demand) * c.SlowFactor)
	}
	if c.ResetPct > 0 && w.model.Draw(scenarios.DrawReset, at.number, at.try)*100 < c.ResetPct {
		at.ending = measure.Reset
		at.demand /= 2 // lost half-way
	}
	if c.ErrorPct > 0 && w.model.Draw(scenarios.DrawError, at.number, at.try)*100 < c.ErrorPct {
		at.ending = measure.Failed
		if c.ErrorAfter > 0 && !stalled(*c) {
			w.schedule(w.now.Add(c.ErrorAfter), evEarly, a, at.generation)
			return true
		}
	}
	return false
}

// early answers an attempt that fails fast, without having been served.
func (w *world) early(a, generation uint32) {
	if at := w.attempts.at(a); at.generation == generation {
		w.sayIdle(at.backend)
		w.answer(a, at.ending)
	}
}

// serve puts an attempt into service. The server's clock must be at now.
func (w *world) serve(i, a uint32) {
	at := w.attempts.at(a)
	at.place = serving
	w.servers[i].start(a, at.demand)
}

// awaitCompletion schedules the end of the backend's first job, unless the pending event is right already.
func (w *world) awaitCompletion(i uint32) {
	s := &w.servers[i]
	wait := s.untilNext()
	if s.pending && wait != lb.Never && s.jobs[0].finish == s.due && s.rate == s.dueRate {
		return
	}
	if s.pending {
		w.makeStale()
	}
	s.generation++
	if s.pending = wait != lb.Never; s.pending {
		s.due, s.dueRate = s.jobs[0].finish, s.rate
		w.schedule(w.now+wait, evComplete, i, s.generation)
	}
}

// makeStale notes that a completion that is pending will not happen. Such events stay where they are until they
// come due, which may be long after; when they make up most of the heap they are thrown out.
func (w *world) makeStale() {
	if w.stale++; w.stale < minCompaction || w.stale < len(w.heap)/2 {
		return
	}
	w.compact(func(e event) bool { return e.kind() == evComplete && e.b != w.servers[e.a].generation })
	w.stale = 0
}

// minCompaction keeps small heaps from being compacted all the time.
const minCompaction = 1024

// complete ends the backend's first job.
func (w *world) complete(i, generation uint32) {
	s := &w.servers[i]
	if s.generation != generation {
		return
	}
	s.pending = false
	w.elapse(i)
	a := s.finish()
	if s.waits > 0 && !s.busy() {
		w.serve(i, s.dequeue())
	}
	w.awaitCompletion(i)
	at := w.attempts.at(a)
	if w.anyReport {
		s.observeService(at.demand)
	}
	if w.anyProber {
		s.latency.Observe(at.load, w.now.Sub(at.entered))
	}
	w.sayIdle(i)
	w.answer(a, at.ending)
}

// drop takes an attempt whose client has gone out of its backend.
func (w *world) drop(a uint32) {
	at := w.attempts.at(a)
	i := at.backend
	s := &w.servers[i]
	if at.place == queued {
		s.discard(a)
		w.attempts.put(a)
		return
	}
	w.elapse(i)
	if !s.abandon(a) {
		panic("sim: an attempt in service is not among the server's jobs")
	}
	w.attempts.put(a)
	if s.waits > 0 && !s.busy() {
		w.serve(i, s.dequeue())
	}
	w.awaitCompletion(i)
	w.sayIdle(i)
}

// answer sends the backend's answer on its way back.
func (w *world) answer(a uint32, how measure.Ending) {
	at := w.attempts.at(a)
	at.ending = how
	if !at.waited {
		w.attempts.put(a)
		return
	}
	s := &w.servers[at.backend]
	report := lb.Report{}
	if w.anyReport && how != measure.Refused && how != measure.Reset {
		report = s.report(false)
	}
	if !s.plain && s.cond.Partitioned.Has(at.balancer) {
		at.place = gone
		return
	}
	d := w.model.Network(at.balancer, int(at.backend), at.number)
	if d <= 0 {
		w.answered(a, report)
		return
	}
	at.place = answering
	for len(w.carried) <= int(a) {
		w.carried = append(w.carried, lb.Report{})
	}
	w.carried[a] = report
	w.schedule(w.now.Add(d), evAnswer, a, 0)
}
