package sim

import (
	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

// startConditions sets the conditions at time 0 and schedules the first changes.
func (w *world) startConditions() {
	for i := range w.servers {
		w.awaitCondition(uint32(i))
	}
}

func (w *world) awaitCondition(i uint32) {
	s := &w.servers[i]
	at, c, ok := s.timeline.Next()
	if !ok {
		return
	}
	s.next = c
	w.schedule(at, evCondition, i, 0)
}

// changeCondition puts the pending condition into force.
func (w *world) changeCondition(i uint32) {
	s := &w.servers[i]
	w.elapse(i)
	before, now := *s.Condition(), s.Condition()
	s.Adopt(s.next)
	if now.Accept == scenarios.Crashed && before.Accept != scenarios.Crashed {
		w.crash(i)
	}
	if what := now.String(); what != before.String() {
		w.note(Event{Kind: "condition", Backend: s.Backend().Name, What: what})
		w.recorder.Event(measure.Event{At: w.now, Balancer: -1, Backend: s.Backend().Name, What: what, Why: "scenario"})
	}
	w.awaitCompletion(i)
	w.awaitCondition(i)
	if now.Reachable() && !before.Reachable() {
		w.sayIdle(i) // nobody may have heard the last time
	}
}

// crash loses everything that is in the backend: connections are reset.
func (w *world) crash(i uint32) {
	s := &w.servers[i]
	for a, ok := s.Evict(); ok; a, ok = s.Evict() {
		w.answer(a, measure.Reset)
	}
}

// elapse brings a backend's clock to now and books the slot-time.
func (w *world) elapse(i uint32) {
	if busy := w.servers[i].Advance(w.now); busy > 0 {
		w.recorder.Served(w.now, int(i), busy)
	}
}

// closeBooks books the slot-time of what is being served at the end of a window of the time line, so that each
// window, and the measured time, has its own.
func (w *world) closeBooks() {
	for i := range w.servers {
		w.elapse(uint32(i))
	}
	w.awaitClose()
}

func (w *world) awaitClose() {
	if w.closed++; w.closed <= measure.Windows {
		w.schedule(lb.Time(w.closed*int64(w.until)/measure.Windows)-1, evClose, 0, 0)
	}
}
