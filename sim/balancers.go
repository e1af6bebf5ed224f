package sim

import (
	"fmt"
	"strconv"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/health"
	"github.com/lbctl/lbctl/lb/rng"
	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

// balancer drives the two planes of one balancer of the fleet. It sees only its own traffic.
type balancer struct {
	plane   *lb.Balancer
	control *lb.Controller
	rand    rng.Rand
	due     lb.Time // of the pending evControl that counts; others are stale

	states  []health.State // by backend, as the effects told
	effects []lb.Effect
	indices []int
	targets []lb.BackendID
}

// message is a health probe, a load probe or a report on its way.
type message struct {
	balancer, backend uint32
	probe             health.Probe
	ok                bool
	report            lb.Report
}

func (w *world) buildBalancers(sc *scenarios.Scenario, seed uint64) error {
	for i := range sc.Balancers {
		own := rng.Mix(seed, uint64(i))
		b := &balancer{rand: rng.Stream(own, "picks"), due: lb.Never, states: make([]health.State, len(w.servers)), indices: make([]int, 0, len(w.servers))}
		cfg := sc.Pool.LB(sc.Balancers)
		cfg.Phase = uint32(own)
		b.plane, b.control = lb.New(cfg, own)
		w.balancers = append(w.balancers, b)
		for _, s := range w.model.Backends() {
			if err := b.control.Step(0, lb.Add{Spec: lb.Spec{Name: s.Name, Weight: s.Weight}}); err != nil {
				return fmt.Errorf("sim: backend %s: %w", s.Name, err)
			}
		}
		w.advance(uint32(i))
		w.anyProber = w.anyProber || b.plane.Probes()
		w.anyReport = w.anyReport || b.plane.ReadsReports()
		w.anyIdle = w.anyIdle || b.plane.ListensForIdle()
	}
	return nil
}

// control steps a balancer whose deadline has come.
func (w *world) control(i uint32) {
	if w.balancers[i].due != w.now {
		return
	}
	w.balancers[i].due = lb.Never
	w.advance(i)
}

// advance lets a balancer's control plane do what is due, and carries out the effects.
func (w *world) advance(i uint32) {
	b := w.balancers[i]
	var next lb.Time
	b.effects, next = b.control.Advance(w.now, b.effects[:0])
	for _, e := range b.effects {
		w.effect(i, e)
	}
	if next < b.due {
		b.due = next
		w.schedule(next, evControl, i, 0)
	}
}

func (w *world) effect(i uint32, e lb.Effect) {
	switch e.Kind {
	case lb.StartProbe:
		w.sendProbe(i, e)
	case lb.StateChanged:
		w.balancers[i].states[e.Backend] = e.To
		w.recorder.Event(measure.Event{
			At: w.now, Balancer: int(i), Backend: w.servers[e.Backend].Backend().Name,
			What: e.From.String() + " → " + e.To.String(), Why: string(e.Reason),
		})
		n := int(i)
		w.note(Event{Kind: "health", Balancer: &n, Backend: w.servers[e.Backend].Backend().Name, What: e.To.String(), Why: string(e.Reason)})
	case lb.SnapshotPublished:
		n := int(i)
		w.note(Event{Kind: "snapshot", Balancer: &n, What: strconv.FormatUint(e.Version, 10)})
	}
}

// pick asks the request's balancer for a backend, and explains the choice when asked to.
func (w *world) pick(r *request) (lb.Lease, error) {
	b := w.balancers[r.balancer]
	req := lb.Request{Number: r.number, Client: r.Client, Key: r.Key}
	if w.opts.Explain == nil {
		return b.plane.Pick(w.now, req, &b.rand, nil)
	}
	var tr lb.Trace
	lease, err := b.plane.Pick(w.now, req, &b.rand, &tr)
	w.opts.Explain(Explanation{At: w.now, Request: r.number, Try: r.tries, Balancer: r.balancer, Trace: &tr, States: b.states})
	return lease, err
}

// probeLoads sends the load probes that the policy wants after a pick.
func (w *world) probeLoads(i int, number uint64) {
	b := w.balancers[i]
	b.targets = b.plane.LoadProbes(w.now, &b.rand, b.indices, b.targets[:0])
	for _, id := range b.targets {
		m := w.messages.get()
		*w.messages.at(m) = message{balancer: uint32(i), backend: uint32(id)}
		w.post(m, number, evLoadProbe)
	}
}

// post sends a message over the network between its balancer and its backend,
// in either direction; it is lost where they cannot reach each other.
func (w *world) post(m uint32, number uint64, what kind) {
	msg := w.messages.at(m)
	if w.servers[msg.backend].Condition().Partitioned.Has(int(msg.balancer)) {
		w.messages.put(m)
		return
	}
	if d := w.model.Network(int(msg.balancer), int(msg.backend), number); d > 0 {
		w.schedule(w.now.Add(d), what, m, 0)
		return
	}
	w.dispatch(event{at: w.now, order: uint64(what), a: m})
}

func (w *world) loadProbeArrives(m uint32) {
	msg := w.messages.at(m)
	s := &w.servers[msg.backend]
	if c := s.Condition(); c.Accept != scenarios.Accepts || c.Stalled() {
		w.messages.put(m) // nobody there to answer
		return
	}
	msg.report = s.Report(true)
	w.post(m, uint64(w.seq), evReport)
}

func (w *world) reportArrives(m uint32) {
	msg := *w.messages.at(m)
	w.messages.put(m)
	w.balancers[msg.balancer].plane.Report(lb.BackendID(msg.backend), w.now, msg.report)
}

// sayIdle lets a backend with nothing to do tell one dispatcher, drawn at random (JIQ-Random).
func (w *world) sayIdle(backend uint32) {
	if !w.anyIdle || w.servers[backend].InFlight() > 0 {
		return
	}
	m := w.messages.get()
	*w.messages.at(m) = message{balancer: uint32(w.idle.Intn(len(w.balancers))), backend: backend, report: w.servers[backend].Report(false)}
	w.post(m, w.seq, evReport)
}

// announceIdle lets all backends say at the start that they are idle.
func (w *world) announceIdle() {
	for i := range w.servers {
		w.sayIdle(uint32(i))
	}
}

func (w *world) sendProbe(i uint32, e lb.Effect) {
	m := w.messages.get()
	*w.messages.at(m) = message{balancer: i, backend: uint32(e.Backend), probe: e.Probe}
	w.postLater(m, evProbe)
}

// postLater is post, but never at once: the control plane is being stepped and must finish first.
func (w *world) postLater(m uint32, what kind) {
	msg := w.messages.at(m)
	if w.servers[msg.backend].Condition().Partitioned.Has(int(msg.balancer)) {
		w.messages.put(m)
		return
	}
	w.schedule(w.now.Add(w.model.Network(int(msg.balancer), int(msg.backend), w.seq)), what, m, 0)
}

// probeArrives answers a health probe as the backend's condition makes it.
func (w *world) probeArrives(m uint32) {
	msg := w.messages.at(m)
	luck := rng.Unit(rng.Mix(w.probeLuck, uint64(msg.probe)<<40|uint64(msg.balancer)<<20|uint64(msg.backend)))
	ok, answers := w.servers[msg.backend].Condition().Probed(luck)
	if !answers {
		w.messages.put(m)
		return
	}
	msg.ok = ok
	w.postLater(m, evProbeAnswer)
}

func (w *world) probeAnswered(m uint32) {
	msg := *w.messages.at(m)
	w.messages.put(m)
	b := w.balancers[msg.balancer]
	if err := b.control.Step(w.now, lb.ProbeResult{Backend: lb.BackendID(msg.backend), Probe: msg.probe, OK: msg.ok}); err != nil {
		panic("sim: " + err.Error()) // backends are never removed from a simulated pool
	}
	w.advance(msg.balancer)
}
