package fakebackends

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
	"github.com/lbctl/lbctl/sim"
)

// worlds are scenarios with one backend, which every request goes to, so that nothing but the backend decides its fate.
var worlds = []struct{ name, backend, faults, more string }{
	{name: "fifo", backend: "slots: 3"},
	{name: "ps", backend: "slots: 3, discipline: ps, speed: 0.9"},
	{name: "full", backend: "slots: 2, queue: 2, speed: 1.2"},
	{name: "drop", backend: "slots: 2, speed: 1.3, on_cancel: drop"},
	{name: "ps drop", backend: "slots: 3, speed: 0.8, discipline: ps, on_cancel: drop"},
	{name: "degrade", backend: "slots: 4, degrade: {above_rps: 480, factor: 3}"},
	{name: "network", backend: "slots: 3, latency: {exponential: {mean: 3ms}}, on_cancel: drop", more: "network: {same_zone: 1ms}"},
	{name: "slow", backend: "slots: 3", faults: "{at: 100ms, for: 300ms, backend: b, slow: {factor: 2.5}}, {at: 200ms, backend: b, slow: {factor: 4, share_pct: 10}}"},
	{name: "errors", backend: "slots: 3", faults: "{at: 100ms, for: 300ms, backend: b, errors: {rate_pct: 20}}, {at: 500ms, backend: b, errors: {rate_pct: 30, after: 700us}}"},
	{name: "reset", backend: "slots: 3", faults: "{at: 100ms, backend: b, reset: {rate_pct: 20}}"},
	{name: "refuse", backend: "slots: 3", faults: "{at: 100ms, for: 200ms, backend: b, refuse: {}}"},
	{name: "flap", backend: "slots: 3, queue: 9", faults: "{at: 100ms, backend: b, flap: {up: 130ms, down: 70ms}}"},
	{name: "hang", backend: "slots: 3", faults: "{at: 100ms, for: 200ms, backend: b, hang: {}}"},
	{name: "pauses", backend: "slots: 3, discipline: ps", faults: "{backend: b, pauses: {every: 100ms, lasting: 30ms}}"},
	{name: "antagonist", backend: "slots: 4, discipline: ps", faults: "{backend: b, antagonist: {load_pct: 60, on: 50ms, off: 100ms}}"},
	{name: "cold", backend: "slots: 3", faults: "{backend: b, cold_start: {from_pct: 10, over: 500ms}}"},
	{name: "partition", backend: "slots: 3", faults: "{at: 100ms, for: 300ms, backend: b, partition: {balancers: [0, 2]}}", more: "balancers: {count: 3}"},
}

const worldYAML = `
duration: 1s
warmup: 0s
arrivals: {poisson: {rate_rps: 500}}
clients: {deadline: 40ms}
classes: [{demand: {exponential: {mean: 5ms}}}]
backends: [{name: b, %s}]
faults: [%s]
pool: {policy: random, health: {enabled: false}}
%s
`

// fate is how an attempt ended, and when.
type fate struct {
	how string
	at  lb.Time
}

// TestActorsAndSimulation lets an actor and the simulator meet the same requests: all must end alike, and at the
// same nanosecond.
func TestActorsAndSimulation(t *testing.T) {
	seen := map[string]int{}
	for _, w := range worlds {
		sc := load(t, fmt.Sprintf(worldYAML, w.backend, w.faults, w.more))
		for seed := range uint64(5) {
			want := simulated(t, sc, seed)
			p := act(sc, seed)
			for n := range want {
				seen[want[n].how]++
				if p.fates[n] != want[n] {
					t.Fatalf("%s, seed %d: request %d ended %+v, simulated %+v", w.name, seed, n, p.fates[n], want[n])
				}
			}
			if a := p.actor; len(want) != len(p.fates) || a.station.InFlight() > 0 || len(a.free) != len(a.inside) {
				t.Errorf("%s, seed %d: %d requests, simulated %d; %d inside at the end, %d of %d numbers free", w.name, seed, len(p.fates), len(want), a.station.InFlight(), len(a.free), len(a.inside))
			}
		}
	}
	for _, how := range []measure.Ending{measure.OK, measure.Failed, measure.Reset, measure.Refused, measure.Rejected, measure.TimedOut} {
		if seen[how.String()] < 100 {
			t.Errorf("only %d attempts ended %v", seen[how.String()], how)
		}
	}
}

// simulated returns the fates of all requests in a simulation.
func simulated(t *testing.T, sc *scenarios.Scenario, seed uint64) []fate {
	var fates []fate
	_, err := sim.Run(context.Background(), sc, seed, sim.Options{Events: func(e sim.Event) {
		if e.Kind != "answer" {
			return
		}
		for uint64(len(fates)) <= *e.Request {
			fates = append(fates, fate{})
		}
		fates[*e.Request] = fate{e.What, lb.Time(math.Round(e.AtS * 1e9))}
	}})
	if err != nil {
		t.Fatal(err)
	}
	return fates
}

// play is an actor before clients that wait until their deadline.
type play struct {
	actor *actor
	now   lb.Time
	calls []*call
	fates []fate
	due   []lb.Time // deadlines
}

func act(sc *scenarios.Scenario, seed uint64) *play {
	p := &play{}
	p.actor = newActor(sc, seed, 0, p, p)
	p.actor.start(0)
	arrivals := sc.Model(seed).Arrivals()
	next, ok := arrivals.Next()
	for expired := 0; ok || expired < len(p.due); {
		deadline := lb.Never
		if expired < len(p.due) {
			deadline = p.due[expired]
		}
		p.now = deadline
		if ok {
			p.now = p.now.Min(next)
		}
		p.until(p.now)
		if p.now == deadline {
			p.giveUp(expired)
			expired++
			continue
		}
		p.arrive(sc.Model(seed).Request(uint64(len(p.calls))).Deadline)
		next, ok = arrivals.Next()
	}
	p.until(lb.Never - 1)
	return p
}

// until lets the actor act until t, event by event, so that answers are told the time.
func (p *play) until(t lb.Time) {
	for at := p.actor.next(); at <= t; at = p.actor.next() {
		p.now = at
		p.actor.advance(at)
	}
	p.now = t
}

func (p *play) arrive(deadline time.Duration) {
	n := len(p.calls)
	c := &call{number: uint64(n), client: &player{p, n}}
	p.calls = append(p.calls, c)
	p.fates = append(p.fates, fate{})
	p.due = append(p.due, p.now.Add(deadline))
	p.actor.arrive(p.now, c)
}

func (p *play) giveUp(n int) {
	if p.fates[n] == (fate{}) {
		p.fates[n] = fate{measure.TimedOut.String(), p.now}
		p.actor.cancel(p.now, p.calls[n])
	}
}

// player is the client of one call.
type player struct {
	*play
	n int
}

func (p *player) reply(c *call) {
	if p.fates[p.n] != (fate{}) {
		panic("answered twice, or after giving up")
	}
	p.fates[p.n] = fate{c.ending.String(), p.now}
}

func (p *play) open() {}

// shut ends what is under way if it is to be lost.
func (p *play) shut(lost bool) {
	for n := range p.fates {
		if lost && p.fates[n] == (fate{}) {
			p.fates[n] = fate{measure.Reset.String(), p.now}
		}
	}
}

func (p *play) arrived(lb.Time, *call)        {}
func (p *play) entered(lb.Time, int, int)     {}
func (p *play) served(lb.Time, time.Duration) {}
func (p *play) changed(lb.Time, string)       {}
