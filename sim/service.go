package sim

import (
	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

// deliver lets an attempt reach its backend.
func (w *world) deliver(a uint32) {
	at := w.attempts.at(a)
	i := at.backend
	s := &w.servers[i]
	switch {
	case !s.Plain() && s.Condition().Accept != scenarios.Accepts:
		w.answer(a, measure.Refused)
		return
	case !at.waited && s.Backend().DropCanceled:
		w.attempts.put(a)
		return
	case s.Full():
		w.answer(a, measure.Rejected)
		return
	case !s.Plain() && w.spoil(s, at, a):
		return
	}
	at.entered, at.load = w.now, int32(s.InFlight())
	if s.Busy() {
		at.place = queued
		s.Wait(a, at.demand)
	} else {
		w.elapse(i)
		at.place = serving
		s.Start(a, at.demand)
		w.awaitCompletion(i)
	}
	w.recorder.Enter(w.now, int(i), s.InFlight(), s.Waiting())
}

// spoil applies the backend's condition to one request: slow, failing, reset. It returns true when the answer is on its
// way already.
func (w *world) spoil(s *server, at *attempt, a uint32) bool {
	f := s.Fate(w.model, w.now, at.number, at.try, at.demand)
	at.demand, at.ending = f.Demand, f.Ending
	if f.After > 0 {
		w.schedule(w.now.Add(f.After), evEarly, a, at.generation)
		return true
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

// serveNext puts the first of the backend's queue into service, if there is a slot for it. The backend's clock must be at now.
func (w *world) serveNext(i uint32) {
	if a, ok := w.servers[i].StartNext(); ok {
		w.attempts.at(a).place = serving
	}
}

// awaitCompletion schedules the end of the backend's first job, unless the pending event is right already.
func (w *world) awaitCompletion(i uint32) {
	s := &w.servers[i]
	wait := s.UntilNext()
	if s.pending && wait != lb.Never && s.Due() == s.due {
		return
	}
	if s.pending {
		w.makeStale()
	}
	s.generation++
	if s.pending = wait != lb.Never; s.pending {
		s.due = s.Due()
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
	a := s.Finish()
	w.serveNext(i)
	w.awaitCompletion(i)
	at := w.attempts.at(a)
	if w.anyReport {
		s.ObserveService(at.demand)
	}
	if w.anyProber {
		s.ObserveLatency(at.load, w.now.Sub(at.entered))
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
		s.Discard(a)
		w.attempts.put(a)
		return
	}
	w.elapse(i)
	if !s.Abandon(a) {
		panic("sim: an attempt in service is not in its station")
	}
	w.attempts.put(a)
	w.serveNext(i)
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
		report = s.Report(false)
	}
	if !s.Plain() && s.Condition().Partitioned.Has(at.balancer) {
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
