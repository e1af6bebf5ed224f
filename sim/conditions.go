package sim

import (
	"fmt"
	"strings"

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
	before := s.cond
	s.adopt(s.next)
	if s.cond.Accept == scenarios.Crashed && before.Accept != scenarios.Crashed {
		w.crash(i)
	}
	if what := describe(s.cond); what != describe(before) {
		w.note(Event{Kind: "condition", Backend: s.model.Name, What: what})
		w.recorder.Event(measure.Event{At: w.now, Balancer: -1, Backend: s.model.Name, What: what, Why: "scenario"})
	}
	w.awaitCompletion(i)
	w.awaitCondition(i)
	if reachable(s.cond) && !reachable(before) {
		w.sayIdle(i) // nobody may have heard the last time
	}
}

func reachable(c scenarios.Condition) bool {
	return c.Accept == scenarios.Accepts && c.Partitioned.Empty()
}

// crash loses everything that is in the backend: connections are reset.
func (w *world) crash(i uint32) {
	s := &w.servers[i]
	for s.waits > 0 {
		w.answer(s.dequeue(), measure.Reset)
	}
	for len(s.jobs) > 0 {
		a := s.jobs[0].attempt
		s.remove(0)
		w.answer(a, measure.Reset)
	}
	s.refreshRate()
}

// probed returns what the backend's health endpoint says, and whether it says anything
// at all. luck is uniform in [0, 1).
func (s *server) probed(luck float64) (ok, answers bool) {
	switch {
	case s.cond.Accept != scenarios.Accepts || s.cond.Probe == scenarios.SaysUnhealthy:
		return false, true
	case s.cond.Probe == scenarios.SaysHealthy:
		return true, true
	case stalled(s.cond):
		return false, false
	}
	return luck*100 >= s.cond.ErrorPct+s.cond.ResetPct, true
}

// elapse brings a backend's clock to now and books the slot-time.
func (w *world) elapse(i uint32) {
	if busy := w.servers[i].advance(w.now); busy > 0 {
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

// stalled says that the backend makes no progress: whatever it accepts, it does not answer.
func stalled(c scenarios.Condition) bool { return c.Speed <= 0 || c.Free <= 0 }

// describe puts a condition in words, for the event log.
func describe(c scenarios.Condition) string {
	var words []string
	say := func(when bool, format string, args ...any) {
		if when {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	say(c.Accept == scenarios.Crashed, "crashed")
	say(c.Accept == scenarios.Refuses, "refuses connections")
	say(stalled(c), "makes no progress")
	say(c.Speed > 0 && c.Speed != 1, "speed ×%.3g", c.Speed)
	say(c.Free > 0 && c.Free < 1, "%.3g%% of capacity taken", 100*(1-c.Free))
	say(c.SlowPct > 0, "%.3g%% of requests ×%.3g slower", c.SlowPct, c.SlowFactor)
	say(c.ErrorPct > 0 && c.ErrorAfter > 0, "%.3g%% errors after %v", c.ErrorPct, c.ErrorAfter)
	say(c.ErrorPct > 0 && c.ErrorAfter == 0, "%.3g%% errors", c.ErrorPct)
	say(c.ResetPct > 0, "%.3g%% resets", c.ResetPct)
	say(!c.Partitioned.Empty(), "partitioned")
	say(c.Probe == scenarios.SaysHealthy, "health endpoint says healthy")
	say(c.Probe == scenarios.SaysUnhealthy, "health endpoint says unhealthy")
	if len(words) == 0 {
		return "normal"
	}
	return strings.Join(words, ", ")
}
