package bench

import (
	"time"

	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

// witness takes in what the backends tell of themselves (a fakebackends.Observer). Each backend tells in order and
// stands still meanwhile; several may tell at once.
type witness struct {
	clock    clock // known before anything is told
	model    *scenarios.Model
	journal  *journal
	visits   *visits
	backends []doing
}

// doing is what is known of a backend. Only its own telling touches it.
type doing struct {
	scenarios.Backend
	last  visitKey // that arrived
	odd   bool     // its condition is not the normal one
	index int
}

func newWitness(m *scenarios.Model, j *journal, v *visits) *witness {
	w := &witness{model: m, journal: j, visits: v}
	for i, b := range m.Backends() {
		w.backends = append(w.backends, doing{Backend: b, index: i})
	}
	return w
}

// Arrived notes that a try of a request reached a backend.
func (w *witness) Arrived(at time.Time, backend int, request uint64, try int) {
	b := &w.backends[backend]
	b.last = visitKey{request, try}
	w.visits.add(b.last, visit{backend: backend})
	w.journal.add(entry{at: w.clock.at(at), note: noteAttempt, backend: int32(backend)})
}

// Entered notes that a backend took one in, and how many it holds.
func (w *witness) Entered(at time.Time, backend, inflight, queued int) {
	b := &w.backends[backend]
	if service := w.service(b, queued); service > 0 {
		w.visits.add(b.last, visit{backend: backend, service: service})
	}
	w.journal.add(entry{at: w.clock.at(at), note: noteEnter, backend: int32(backend), inflight: int32(inflight), queued: int32(queued)})
}

// service returns how long the request that just entered a backend will be inside, if nothing there can make it longer:
// 0 if it waits, shares, or meets a fault, or if it may be another one that entered, since the network has delays.
func (w *witness) service(b *doing, queued int) time.Duration {
	if queued > 0 || b.PS || b.odd || b.Degrade != nil || w.model.Network(w.model.Balancer(b.last.request), b.index, b.last.request) > 0 {
		return 0
	}
	return time.Duration(float64(w.model.Request(b.last.request).Demand) / b.Speed)
}

// Served notes slot-time that a backend spent.
func (w *witness) Served(at time.Time, backend int, busy time.Duration) {
	w.journal.add(entry{at: w.clock.at(at), note: noteServed, backend: int32(backend), busy: busy})
}

// changed notes that a backend's condition has changed.
func (w *witness) changed(at time.Time, backend int, what string) {
	b := &w.backends[backend]
	b.odd = what != normal
	w.journal.event(at, measure.Event{Balancer: -1, Backend: b.Name, What: what, Why: "scenario"})
}

// normal is how a condition without any fault words itself.
var normal = func() string {
	c := scenarios.Normal()
	return c.String()
}()
