package fakebackends

import (
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
	"github.com/lbctl/lbctl/lb/stats"
	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

// actor is one backend without its sockets and its clock: it is told the time, and what comes in. Times are since the
// start of the fleet and do not run backwards. One goroutine at a time.
type actor struct {
	station scenarios.Station
	model   *scenarios.Model
	index   int
	door    door
	witness witness

	begin    lb.Time // of the scenario; lb.Never until it is known
	duration time.Duration
	last     lb.Time // the station's clock
	closed   int64   // windows of the time line whose slot-time has been told

	due   scenarios.Due // what the first job's end hangs on …
	dueAt lb.Time       // … when that is so

	timeline *scenarios.Timeline
	nextCond scenarios.Condition
	changeAt lb.Time // when nextCond takes effect

	agenda agenda
	inside []*call // by the number that the station knows them by
	free   []uint32

	idleWaits []*call
	idleNews  bool // it has turned idle, and nobody has been told
	idleRand  rng.Rand

	probeSeed  uint64 // of the luck of health probes
	probeCount uint64 // health and load probes so far

	counts Counts
	late   stats.Histogram // how long after its time each thing happened
}

// door is where connections come in.
type door interface {
	open()
	// shut refuses new connections, and ends those that wait for nothing; lost: all of them.
	shut(lost bool)
}

// witness is told what an actor does.
type witness interface {
	arrived(at lb.Time, c *call)
	entered(at lb.Time, inflight, queued int)
	served(at lb.Time, busy time.Duration)
	changed(at lb.Time, what string)
}

// Counts is what has become of the requests of a backend.
type Counts struct {
	Arrivals  uint64                     // attempts
	Endings   [measure.NumEndings]uint64 // of them, as answered
	Canceled  uint64                     // attempts whose client was gone before the answer
	Busy      time.Duration              // slot-time spent
	PeakQueue int
}

func newActor(sc *scenarios.Scenario, seed uint64, index int, d door, w witness) *actor {
	m := sc.Model(seed)
	own := rng.Mix(seed, uint64(index))
	return &actor{
		station: scenarios.NewStation(m.Backends()[index]), model: m, index: index, door: d, witness: w,
		begin: lb.Never, duration: sc.Duration, timeline: m.Timeline(index), changeAt: lb.Never,
		idleNews: true, idleRand: rng.Stream(own, "idle reports"), probeSeed: rng.Mix(own, rng.Hash("health probes")),
	}
}

// start makes the scenario begin at the given time, which must not be over.
func (a *actor) start(begin lb.Time) {
	a.begin = begin
	a.awaitChange()
}

func (a *actor) awaitChange() {
	at, c, ok := a.timeline.Next()
	a.changeAt, a.nextCond = lb.Never, c
	if ok {
		a.changeAt = a.begin.Add(time.Duration(at))
	}
}

// accepts says whether connections are accepted.
func (a *actor) accepts() bool { return a.station.Condition().Accept == scenarios.Accepts }

// next returns when something will happen by itself, lb.Never when nothing will.
func (a *actor) next() lb.Time {
	return a.changeAt.Min(a.completion()).Min(a.agenda.next())
}

// completion returns when the first job in service ends. It is computed once for each: computed again later on, it
// would be rounded differently.
func (a *actor) completion() lb.Time {
	wait := a.station.UntilNext()
	if wait == lb.Never {
		a.due = scenarios.Due{}
		return lb.Never
	}
	if due := a.station.Due(); due != a.due {
		a.due, a.dueAt = due, a.last+wait
	}
	return a.dueAt
}

// advance lets everything happen that is due by now, each at its own time.
func (a *actor) advance(now lb.Time) {
	for at := a.next(); at <= now; at = a.next() {
		a.late.Record(now.Sub(at))
		switch at { // of what is due at the same time faults come first, as in a simulation
		case a.changeAt:
			a.change(at)
		case a.completion():
			a.complete(at)
		default:
			a.proceed(a.agenda.take())
		}
	}
}

func (a *actor) proceed(i item) {
	switch i.what {
	case delivered:
		a.deliver(i.at, i.call)
	case cutShort:
		a.sayIdle(i.at)
		a.answer(i.at, i.call)
	case returned:
		a.reply(i.call)
	}
}

// elapse brings the station's clock to now and tells the slot-time spent, that of each window of the time line apart.
func (a *actor) elapse(now lb.Time) {
	for ; a.closed < measure.Windows; a.closed++ {
		border := a.begin.Add(time.Duration((a.closed+1)*int64(a.duration)/measure.Windows - 1))
		if border >= now {
			break
		}
		a.spend(max(border, a.last))
	}
	a.spend(now)
}

func (a *actor) spend(now lb.Time) {
	a.last = now
	if busy := a.station.Advance(now); busy > 0 {
		a.counts.Busy += busy
		a.witness.served(now, busy)
	}
}

// change puts the next condition into force.
func (a *actor) change(now lb.Time) {
	a.elapse(now)
	before, cond := *a.station.Condition(), a.station.Condition()
	a.station.Adopt(a.nextCond)
	if cond.Accept == scenarios.Crashed && before.Accept != scenarios.Crashed {
		a.crash()
	}
	if what := cond.String(); what != before.String() {
		a.witness.changed(now, what)
	}
	switch {
	case cond.Accept == before.Accept:
	case cond.Accept == scenarios.Accepts:
		a.door.open()
	default:
		a.door.shut(cond.Accept == scenarios.Crashed)
	}
	a.awaitChange()
	if cond.Reachable() && !before.Reachable() {
		a.sayIdle(now) // nobody may have heard the last time
	}
}

// crash loses everything inside. The connections are lost at the door.
func (a *actor) crash() {
	for id, ok := a.station.Evict(); ok; id, ok = a.station.Evict() {
		c := a.leave(id)
		c.ending = measure.Reset
		a.conclude(c)
	}
	a.idleWaits = nil
}

// conclude counts a call that is over.
func (a *actor) conclude(c *call) {
	if c.question != askWork {
		return
	}
	if c.left {
		a.counts.Canceled++
	} else {
		a.counts.Endings[c.ending]++
	}
}
