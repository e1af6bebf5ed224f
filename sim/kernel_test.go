package sim

import (
	"slices"
	"testing"

	"github.com/lbctl/lbctl/lb"

	"pgregory.net/rapid"
)

// listed is an event in the obvious queue: a list in the order of scheduling, of which the
// earliest is taken, the first of equals.
type listed struct {
	at   lb.Time
	what kind
	a, b uint32
}

// TestKernel drives the heap, its hole and the lanes, and the list, through the same history.
func TestKernel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var k kernel
		var list []listed
		var serial uint32
		put := func(at lb.Time, do func(kind, uint32, uint32)) {
			serial++
			e := listed{at: at, what: kind(serial % 256), a: serial, b: ^serial}
			do(e.what, e.a, e.b)
			list = append(list, e)
		}
		schedule := func(t *rapid.T) {
			at := k.now + lb.Time(rapid.IntRange(0, 6).Draw(t, "ahead")) // close, so that many are equal
			put(at, func(what kind, a, b uint32) { k.schedule(at, what, a, b) })
		}
		t.Repeat(map[string]func(*rapid.T){
			"schedule": schedule,
			"delayed": func(t *rapid.T) {
				delay := rapid.SampledFrom([]lb.Time{0, 1, 2, 5, 1000}).Draw(t, "delay")
				put(k.now+delay, func(what kind, a, b uint32) { k.delayed(delay, what, a, b) })
			},
			"flood": func(t *rapid.T) { // makes the rings and the heap grow
				delay := rapid.SampledFrom([]lb.Time{3, 2000}).Draw(t, "delay")
				for range rapid.IntRange(1, 200).Draw(t, "events") {
					put(k.now+delay, func(what kind, a, b uint32) { k.delayed(delay, what, a, b) })
					schedule(t)
				}
			},
			"pop": func(t *rapid.T) {
				for range rapid.IntRange(1, 50).Draw(t, "events") {
					next, from := k.peek()
					if len(list) == 0 {
						if next != nil {
							t.Fatalf("there is %v, want nothing", *next)
						}
						return
					}
					first := slices.MinFunc(list, func(x, y listed) int { return int(x.at - y.at) }) // the first of equals
					i := slices.Index(list, first)
					list = slices.Delete(list, i, i+1)
					if next == nil {
						t.Fatalf("there is nothing, want %v", first)
					}
					e := k.pop(from)
					k.now = e.at
					if got := (listed{e.at, e.kind(), e.a, e.b}); got != first {
						t.Fatalf("got %v, want %v", got, first)
					}
					if rapid.Bool().Draw(t, "begets another") {
						schedule(t)
					}
				}
			},
		})
	})
}

// TestLaneForgets takes events off a lane's head, as forgetting deadlines does: the rest stays in order.
func TestLaneForgets(t *testing.T) {
	var k kernel
	for i := range uint32(100) { // more than a new ring holds
		k.now = lb.Time(i)
		k.delayed(1000, evDeadline, i, 0)
	}
	l := k.lane(1000)
	for range 70 {
		l.pop()
	}
	for want := uint32(70); want < 100; want++ {
		e, from := k.peek()
		if e == nil || e.a != want || e.at != lb.Time(1000+want) {
			t.Fatalf("next is %v, want number %d", e, want)
		}
		k.pop(from)
	}
	if e, _ := k.peek(); e != nil {
		t.Errorf("%v is left", *e)
	}
}
