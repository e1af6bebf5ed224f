package fakebackends

import (
	"slices"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
	"github.com/lbctl/lbctl/measure"
)

// probe answers a health probe as the condition has it; or it does not.
func (a *actor) probe(now lb.Time, c *call) {
	ok, answers := a.station.Condition().Probed(rng.Unit(rng.At(a.probeSeed, c.number)))
	if !answers {
		return
	}
	if !ok {
		c.ending = measure.Rejected
	}
	a.answer(now, c)
}

// load answers a load probe.
func (a *actor) load(now lb.Time, c *call) {
	if !a.accepts() || a.station.Condition().Stalled() {
		return // nobody there to answer
	}
	c.report = a.station.Report(true)
	a.answer(now, c)
}

// awaitIdle keeps a call until the backend turns idle, or answers it if that has happened and nobody has heard.
func (a *actor) awaitIdle(now lb.Time, c *call) {
	if c.left {
		return // it hung up on the way
	}
	if len(a.idleWaits) >= MaxIdleWaits {
		c.ending = measure.Rejected
		a.answer(now, c)
		return
	}
	a.idleWaits = append(a.idleWaits, c)
	if a.idleNews {
		a.sayIdle(now)
	}
}

// sayIdle lets a backend with nothing to do tell one of those who wait to hear it, drawn at random (JIQ-Random).
func (a *actor) sayIdle(now lb.Time) {
	if a.station.InFlight() > 0 {
		return
	}
	if a.idleNews = len(a.idleWaits) == 0; a.idleNews {
		return
	}
	i := a.idleRand.Intn(len(a.idleWaits))
	c := a.idleWaits[i]
	if a.station.Condition().Partitioned.Has(c.balancer) {
		return // it does not get there
	}
	a.idleWaits = slices.Delete(a.idleWaits, i, i+1)
	c.report = a.station.Report(false)
	a.answer(now, c)
}

func (a *actor) forgetWait(c *call) {
	if i := slices.Index(a.idleWaits, c); i >= 0 {
		a.idleWaits = slices.Delete(a.idleWaits, i, i+1)
	}
}
