package sim

import (
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

// request is a client's call while it is under way.
type request struct {
	scenarios.Request
	number     uint64
	generation uint32  // distinguishes this use of the record from earlier ones
	start      lb.Time // when the client meant to make it
	tries      int     // finished ones
	balancer   int
	user       int // closed loop: who waits for it; noUser in open loop
	ended      bool
	final      bool   // no further try: the deadline has come
	attempt    uint32 // the one under way; noAttempt between two tries
}

const (
	noUser    = -1
	noAttempt = ^uint32(0)
)

// attempt is one try of a request: a lease at the balancer and, for longer
// perhaps, work at a backend.
type attempt struct {
	lease      lb.Lease
	request    uint32 // meaningful while waited
	number     uint64 // of the request
	try        int
	balancer   int
	generation uint32 // distinguishes this use of the record from earlier ones
	backend    uint32
	waited     bool // a client still waits: the lease is open
	place      place
	ending     measure.Ending // as the backend will answer
	demand     time.Duration
	load       int32 // in-flight at the backend when it entered
	entered    lb.Time
}

// place is where an attempt is.
type place uint8

const (
	travelling place = iota // to the backend, or lost on the way
	queued
	serving
	answering // on the way back
	gone      // nothing will come of it any more
)

func (w *world) arrive() {
	n := w.nextNumber
	w.nextNumber++
	w.advanceArrivals()
	w.begin(n, noUser)
}

// userTurn lets a closed-loop user make the next request. Users number their requests
// alternately, so that a user's luck does not hang on how fast the others were served.
func (w *world) userTurn(user uint32) {
	if w.now >= w.until {
		return
	}
	n := w.userTurns[user]*uint64(len(w.userTurns)) + uint64(user)
	w.userTurns[user]++
	w.begin(n, int(user))
}

func (w *world) begin(n uint64, user int) {
	id := w.requests.get()
	r := w.requests.at(id)
	// Field by field: a composite literal would be built aside and copied, and this is the hottest
	// line of a run.
	r.Request = w.model.Request(n)
	r.number = n
	r.generation++
	r.start = w.now
	r.tries = 0
	r.balancer = w.model.Balancer(n)
	r.user = user
	r.ended, r.final = false, false
	r.attempt = noAttempt
	if r.Deadline > 0 {
		w.forgetDeadlines(r.Deadline)
		w.delayed(lb.Time(r.Deadline), evDeadline, id, r.generation)
	}
	w.inSystem++
	w.recorder.Start(w.now)
	w.try(id)
}

// try makes the next attempt of a request.
func (w *world) try(id uint32) {
	r := w.requests.at(id)
	lease, err := w.pick(r)
	if err != nil {
		w.failed(id, measure.NoBackend)
		return
	}
	backend := uint32(lease.Backend().ID())
	w.recorder.Attempt(w.now, int(backend))
	a := w.attempts.get()
	at := w.attempts.at(a)
	at.lease = lease
	at.request = id
	at.number = r.number
	at.try = r.tries
	at.balancer = r.balancer
	at.generation++
	at.backend = backend
	at.waited = true
	at.place = travelling
	at.ending = measure.OK
	at.demand = r.Demand
	r.attempt = a
	if d := w.retries.AttemptTimeout; d > 0 {
		w.forgetDeadlines(d)
		w.delayed(lb.Time(d), evTryTimeout, a, at.generation)
	}
	if w.opts.Events != nil {
		w.note(Event{Kind: "send", Request: &r.number, Try: r.tries, Balancer: &r.balancer, Backend: w.servers[backend].Backend().Name})
	}
	balancer, number := r.balancer, r.number
	if s := &w.servers[backend]; !s.Plain() && s.Condition().Partitioned.Has(balancer) {
		at.place = gone // lost on the way; only the deadline can end it
	} else if d := w.model.Network(balancer, int(backend), number); d > 0 {
		w.schedule(w.now.Add(d), evDeliver, a, 0)
	} else {
		w.deliver(a)
	}
	if w.anyProber {
		w.probeLoads(balancer, number)
	}
}

// deadline ends a request that took too long, be it under way or waiting for its next try.
func (w *world) deadline(id, generation uint32) {
	r := w.requests.at(id)
	if r.generation != generation || r.ended {
		return
	}
	if r.attempt == noAttempt {
		r.tries-- // the one that it waits for is not made
		w.end(id, measure.TimedOut)
		return
	}
	r.final = true
	w.timeOut(r.attempt)
}

// forgetPerRequest is how many deadlines of ended requests are looked for when one is added: more than
// one, so that what piles up behind a slow request goes away again.
const forgetPerRequest = 2

// forgetDeadlines drops deadlines of requests and time-outs of tries that have become pointless from the
// head of their lane. Nearly all do, long before they are due.
func (w *world) forgetDeadlines(d time.Duration) {
	l := w.lane(lb.Time(d))
	for range forgetPerRequest {
		if l.n == 0 || !w.pointless(&l.ring[l.head]) {
			return
		}
		l.pop()
	}
}

// pointless says that what a deadline is for has ended. Time-outs of tries can be on the same lane.
func (w *world) pointless(e *event) bool {
	if e.kind() == evTryTimeout {
		at := w.attempts.at(e.a)
		return at.generation != e.b || !at.waited
	}
	r := w.requests.at(e.a)
	return r.generation != e.b || r.ended
}

// tryTimeout ends a try that took too long.
func (w *world) tryTimeout(a, generation uint32) {
	if at := w.attempts.at(a); at.generation == generation && at.waited {
		w.timeOut(a)
	}
}

// timeOut stops waiting for an attempt. The backend may go on working for nobody.
func (w *world) timeOut(a uint32) {
	w.settle(a, lb.Timeout, measure.TimedOut, lb.Report{})
	at := w.attempts.at(a)
	switch at.place {
	case gone:
		w.attempts.put(a)
	case queued, serving:
		if w.servers[at.backend].Backend().DropCanceled {
			w.drop(a)
		}
	}
}

// answered takes an attempt's answer at the balancer.
func (w *world) answered(a uint32, report lb.Report) {
	at := w.attempts.at(a)
	if at.waited {
		w.settle(a, verdict(at.ending), at.ending, report)
	}
	w.attempts.put(a)
}

func verdict(e measure.Ending) lb.Verdict {
	switch e {
	case measure.OK:
		return lb.Success
	case measure.Refused:
		return lb.Refused
	default:
		return lb.Failure
	}
}

// settle gives the lease back and tells the client.
func (w *world) settle(a uint32, v lb.Verdict, how measure.Ending, report lb.Report) {
	at := w.attempts.at(a)
	at.waited = false
	r := w.requests.at(at.request)
	r.attempt = noAttempt
	w.balancers[r.balancer].plane.Done(at.lease, w.now, lb.Outcome{Verdict: v, Report: report})
	if w.opts.Events != nil {
		w.note(Event{Kind: "answer", Request: &at.number, Try: at.try, Balancer: &at.balancer, Backend: w.servers[at.backend].Backend().Name, What: how.String()})
	}
	if how == measure.OK {
		w.end(at.request, how)
		return
	}
	w.recorder.Failure(w.now, int(at.backend))
	w.failed(at.request, how)
}

// failed lets the client try again, or ends the request.
func (w *world) failed(id uint32, how measure.Ending) {
	r := w.requests.at(id)
	if r.final || r.tries >= w.retries.Max || !w.retries.On[how] {
		w.end(id, how)
		return
	}
	r.tries++
	w.schedule(w.now.Add(w.model.Backoff(r.number, r.tries)), evRetry, id, r.generation)
}

// retry makes a request's next try, unless its deadline came first.
func (w *world) retry(id, generation uint32) {
	if r := w.requests.at(id); r.generation == generation && !r.ended {
		w.try(id)
	}
}

func (w *world) end(id uint32, how measure.Ending) {
	r := w.requests.at(id)
	w.recorder.End(w.now, r.start, how, r.tries)
	if w.opts.Events != nil {
		w.note(Event{Kind: "end", Request: &r.number, Try: r.tries, Balancer: &r.balancer, What: how.String(), LatencyMS: w.now.Sub(r.start).Seconds() * 1e3})
	}
	r.ended = true
	w.inSystem--
	if r.user >= 0 {
		next := w.userTurns[r.user]*uint64(len(w.userTurns)) + uint64(r.user)
		w.schedule(w.now.Add(w.model.Think(next)), evUser, uint32(r.user), 0)
	}
	w.requests.put(id)
}

// giveUp ends what is still under way when the run is cut off.
func (w *world) giveUp() {
	if w.inSystem > 0 {
		w.now = drainLimit(w.until)
	}
	for id := range w.requests.records {
		r := w.requests.at(uint32(id))
		if r.ended {
			continue
		}
		if r.attempt == noAttempt {
			r.tries-- // the one that it waits for is not made
		} else {
			at := w.attempts.at(r.attempt)
			at.waited = false
			w.balancers[r.balancer].plane.Done(at.lease, w.now, lb.Outcome{Verdict: lb.Canceled})
		}
		w.end(uint32(id), measure.Unfinished)
	}
}
