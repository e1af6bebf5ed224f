package sim

import (
	"math/bits"

	"github.com/lbctl/lbctl/lb"
)

// kind is what an event is about; see world.dispatch.
type kind uint8

// event is something due. Events at the same time happen in the order in which
// they were scheduled: order holds a running number above, the kind in its low byte.
type event struct {
	at    lb.Time
	order uint64
	a, b  uint32 // what the kind makes of them
}

func (e event) kind() kind { return kind(e.order) }

func (e *event) before(o *event) bool {
	return e.at < o.at || e.at == o.at && e.order < o.order
}

// less is before as a number, 1 or 0: the borrow of a subtraction in 128 bits. Times are not negative.
func (e *event) less(o *event) uint64 {
	_, borrow := bits.Sub64(e.order, o.order, 0)
	_, borrow = bits.Sub64(uint64(e.at), uint64(o.at), borrow)
	return borrow
}

// kernel is the event queue: a 4-ary heap, which halves the depth of a binary one
// and keeps siblings on neighbouring cache lines, and lanes beside it.
type kernel struct {
	now   lb.Time
	seq   uint64
	heap  []event
	hole  bool // heap[0] has been taken; the next event scheduled may as well fill its place
	lanes []lane
}

// lane is a queue of events that are all scheduled the same delay ahead: they come due in the order of
// scheduling, so a ring does and the heap is spared. Deadlines
// go here: there is one a request, and nearly none is ever reached.
type lane struct {
	delay lb.Time
	ring  []event // length a power of two
	head  int
	n     int
}

func (k *kernel) stamp(what kind) uint64 {
	k.seq++
	return k.seq<<8 | uint64(what)
}

// schedule puts an event on the heap. Most events beget another one: that one
// goes straight into the hole at the root, which saves moving the last event there and
// back.
func (k *kernel) schedule(at lb.Time, what kind, a, b uint32) {
	e := event{at: at, order: k.stamp(what), a: a, b: b}
	if k.hole {
		k.hole = false
		siftDown(k.heap, e)
		return
	}
	k.heap = append(k.heap, e)
	siftUp(k.heap, e)
}

// delayed puts an event on the lane of its delay.
func (k *kernel) delayed(delay lb.Time, what kind, a, b uint32) {
	l := k.lane(delay)
	if l.n == len(l.ring) {
		l.grow()
	}
	l.ring[(l.head+l.n)&(len(l.ring)-1)] = event{at: k.now + delay, order: k.stamp(what), a: a, b: b}
	l.n++
}

func (k *kernel) lane(delay lb.Time) *lane {
	for i := range k.lanes {
		if k.lanes[i].delay == delay {
			return &k.lanes[i]
		}
	}
	k.lanes = append(k.lanes, lane{delay: delay, ring: make([]event, 64)})
	return &k.lanes[len(k.lanes)-1]
}

func (l *lane) grow() {
	ring := make([]event, 2*len(l.ring))
	for i := range l.n {
		ring[i] = l.ring[(l.head+i)&(len(l.ring)-1)]
	}
	l.ring, l.head = ring, 0
}

// peek returns the next event, and the lane it is at the head of (nil: the heap's top). Nil when
// nothing is scheduled.
func (k *kernel) peek() (*event, *lane) {
	if k.hole {
		k.close()
	}
	var first *event
	var from *lane
	if len(k.heap) > 0 {
		first = &k.heap[0]
	}
	for i := range k.lanes {
		l := &k.lanes[i]
		if l.n == 0 {
			continue
		}
		if e := &l.ring[l.head]; first == nil || e.before(first) {
			first, from = e, l
		}
	}
	return first, from
}

// pop removes the event that peek returned.
func (k *kernel) pop(from *lane) event {
	if from == nil {
		k.hole = true
		return k.heap[0]
	}
	return from.pop()
}

func (l *lane) pop() event {
	e := l.ring[l.head]
	l.head = (l.head + 1) & (len(l.ring) - 1)
	l.n--
	return e
}

// close fills the hole at the root with the last event.
func (k *kernel) close() {
	k.hole = false
	last := len(k.heap) - 1
	e := k.heap[last]
	k.heap = k.heap[:last]
	if last > 0 {
		siftDown(k.heap, e)
	}
}

// compact drops the events of the heap that are stale.
func (k *kernel) compact(stale func(event) bool) {
	if k.hole {
		k.close()
	}
	kept := k.heap[:0]
	for _, e := range k.heap {
		if !stale(e) {
			kept = append(kept, e)
			siftUp(kept, e)
		}
	}
	k.heap = kept
}

// siftUp puts e into the hole at the end of h.
func siftUp(h []event, e event) {
	i := len(h) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if !e.before(&h[parent]) {
			break
		}
		h[i] = h[parent]
		i = parent
	}
	h[i] = e
}

// siftDown puts e into the hole at the root of h.
func siftDown(h []event, e event) {
	i := 0
	for {
		child := 4*i + 1
		if child+4 > len(h) {
			break
		}
		// The least of four, as a knock-out without branches: which child comes first is as good as random, and
		// a processor that guesses is wrong half of the time.
		four := h[child : child+4 : child+4]
		a := int(four[1].less(&four[0]))
		b := 2 + int(four[3].less(&four[2]))
		least := a + (b-a)*int(four[b].less(&four[a]))
		if !four[least].before(&e) {
			h[i] = e
			return
		}
		h[i] = four[least]
		i = child + least
	}
	siftDownLast(h, e, i)
}

// siftDownLast goes on from the hole i, which has fewer than four children.
func siftDownLast(h []event, e event, i int) {
	if child := 4*i + 1; child < len(h) {
		least := child
		for c := child + 1; c < len(h); c++ {
			if h[c].before(&h[least]) {
				least = c
			}
		}
		if h[least].before(&e) {
			h[i] = h[least]
			i = least
		}
	}
	h[i] = e
}
