package sim

import (
	"testing"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

func TestCompactKeepsTheOrderOfTheRest(t *testing.T) {
	var k kernel
	r := rng.New(1)
	for i := range uint32(1000) {
		k.schedule(lb.Time(r.Intn(200)), evUser, i, i%3)
	}
	first, lane := k.peek()
	want := first.a
	if got := k.pop(lane); got.a != want { // leaves a hole at the root
		t.Fatalf("popped %d, peeked at %d", got.a, want)
	}
	k.compact(func(e event) bool { return e.b == 0 })
	var last event
	n := 0
	for {
		e, lane := k.peek()
		if e == nil {
			break
		}
		next := k.pop(lane)
		if next.b == 0 || n > 0 && next.before(&last) {
			t.Fatalf("event %d at %d after event %d at %d", next.a, next.at, last.a, last.at)
		}
		last, n = next, n+1
	}
	if n < 665 || n > 667 {
		t.Errorf("%d events are left of 666 or so", n)
	}
}

// A processor-sharing server under faults reschedules its next completion with every arrival; what that leaves
// behind must not pile up.
func TestStaleCompletionsDoNotPileUp(t *testing.T) {
	sc := load(t, `
duration: 60s
warmup: 0s
arrivals: {constant: {rate_rps: 2000}}
clients: {deadline: 50ms}
classes: [{demand: 1ms}]
backends: [{name: a, discipline: ps, on_cancel: drop}]
faults: [{backend: a, slow: {factor: 10000}}]
pool: {policy: random}
`)
	w, err := newWorld(sc, Options{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	w.run(func() bool { return false })
	if most := 4 * minCompaction; cap(w.heap) > most {
		t.Errorf("the heap grew to %d events for 100 requests at a time", cap(w.heap))
	}
}

// Time-outs of tries that have long been answered must not be kept until they are due.
func TestTryTimeoutsDoNotPileUp(t *testing.T) {
	sc := load(t, `
duration: 20s
warmup: 0s
arrivals: {constant: {rate_rps: 2000}}
clients: {deadline: 0s, retries: {max: 1, attempt_timeout: 10s}}
classes: [{demand: 1ms}]
backends: [{name: a, slots: 4}]
pool: {policy: random}
`)
	w, err := newWorld(sc, Options{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	w.run(func() bool { return false })
	for _, l := range w.lanes {
		if len(l.ring) > 64 {
			t.Errorf("a lane grew to %d events for 2 requests at a time", len(l.ring))
		}
	}
}
