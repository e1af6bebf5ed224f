package fakebackends

import (
	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

// arrive takes a call in from its connection; advance must have been called with now.
func (a *actor) arrive(now lb.Time, c *call) {
	if c.question == askWork {
		c.demand = a.model.Request(c.number).Demand
		c.balancer = a.model.Balancer(c.number)
		a.counts.Arrivals++
		a.witness.arrived(now, c)
	} else {
		c.number = a.probeCount
		a.probeCount++
	}
	if a.cutOff(c) {
		return // lost on the way: never answered
	}
	if d := a.model.Network(c.balancer, a.index, c.number); d > 0 {
		a.agenda.add(now.Add(d), delivered, c)
		return
	}
	a.deliver(now, c)
}

// cutOff says that packets between a call's balancer and the backend vanish. A wait for idleness is the exception: it
// goes on when they no longer do, as TCP would have it, for nobody asks again.
func (a *actor) cutOff(c *call) bool {
	return c.question != askIdle && a.station.Condition().Partitioned.Has(c.balancer)
}

func (a *actor) deliver(now lb.Time, c *call) {
	switch c.question {
	case askWork:
		a.work(now, c)
	case askHealth:
		a.probe(now, c)
	case askLoad:
		a.load(now, c)
	case askIdle:
		a.awaitIdle(now, c)
	}
}

// work takes a request of the scenario in.
func (a *actor) work(now lb.Time, c *call) {
	s := &a.station
	switch {
	case !a.accepts():
		c.ending = measure.Refused
		a.answer(now, c)
		return
	case c.left && s.Backend().DropCanceled:
		a.conclude(c)
		return
	case s.Full():
		c.ending = measure.Rejected
		a.answer(now, c)
		return
	case !s.Plain() && a.spoil(now, c):
		return
	}
	a.idleNews = false
	c.entered, c.load = now, int32(s.InFlight())
	c.id = a.number(c)
	if s.Busy() {
		c.place = queued
		s.Wait(c.id, c.demand)
	} else {
		a.elapse(now)
		c.place = serving
		s.Start(c.id, c.demand)
	}
	a.counts.PeakQueue = max(a.counts.PeakQueue, s.Waiting())
	a.witness.entered(now, s.InFlight(), s.Waiting())
}

// spoil applies the condition to a request; true when it is answered without service.
func (a *actor) spoil(now lb.Time, c *call) bool {
	f := a.station.Fate(a.model, now, c.number, c.attempt, c.demand)
	c.demand, c.ending = f.Demand, f.Ending
	if f.After > 0 {
		a.agenda.add(now.Add(f.After), cutShort, c)
		return true
	}
	return false
}

// complete ends the first job in service.
func (a *actor) complete(now lb.Time) {
	a.elapse(now)
	c := a.leave(a.station.Finish())
	a.due = scenarios.Due{} // the next one's may look the same, when the station's clock has started over
	a.serveNext()
	a.station.ObserveService(c.demand)
	a.station.ObserveLatency(c.load, now.Sub(c.entered))
	a.sayIdle(now)
	a.answer(now, c)
}

func (a *actor) serveNext() {
	if id, ok := a.station.StartNext(); ok {
		a.inside[id].place = serving
	}
}

// cancel notes that a call's client has gone; advance must have been called with now. Once a call has been answered
// that changes nothing.
func (a *actor) cancel(now lb.Time, c *call) {
	c.left = true
	switch {
	case c.question == askIdle:
		a.forgetWait(c)
	case !a.station.Backend().DropCanceled:
	case c.place == queued:
		a.station.Discard(c.id)
		a.conclude(a.leave(c.id))
	case c.place == serving:
		a.elapse(now)
		if !a.station.Abandon(c.id) {
			panic("fakebackends: a call in service is not in its station")
		}
		a.conclude(a.leave(c.id))
		a.serveNext()
		a.sayIdle(now)
	}
}

// answer sends a call's answer on its way, as its ending says.
func (a *actor) answer(now lb.Time, c *call) {
	if c.left || a.cutOff(c) {
		c.left = true
		a.conclude(c)
		return
	}
	if c.question == askWork && c.ending != measure.Refused && c.ending != measure.Reset {
		c.report = a.station.Report(false)
	}
	if d := a.model.Network(c.balancer, a.index, c.number); d > 0 {
		a.agenda.add(now.Add(d), returned, c)
		return
	}
	a.reply(c)
}

func (a *actor) reply(c *call) {
	a.conclude(c)
	if !c.left {
		c.client.reply(c)
	}
}

// number gives a call the number by which the station is to know it.
func (a *actor) number(c *call) uint32 {
	if n := len(a.free); n > 0 {
		id := a.free[n-1]
		a.free = a.free[:n-1]
		a.inside[id] = c
		return id
	}
	a.inside = append(a.inside, c)
	return uint32(len(a.inside) - 1)
}

// leave takes a call out that the station no longer holds.
func (a *actor) leave(id uint32) *call {
	c := a.inside[id]
	a.inside[id] = nil
	a.free = append(a.free, id)
	c.place = travelling
	return c
}
