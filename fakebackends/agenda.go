package fakebackends

import (
	"container/heap"

	"github.com/lbctl/lbctl/lb"
)

// happening is what befalls a call on its way.
type happening uint8

const (
	delivered happening = iota // it reaches the backend
	cutShort                   // it is answered without service
	returned                   // its answer reaches the balancer
)

// agenda is what will befall calls. Things of one moment happen in the order in which they were added.
type agenda struct {
	items items
	added uint64
}

type item struct {
	at    lb.Time
	order uint64
	what  happening
	call  *call
}

func (g *agenda) add(at lb.Time, what happening, c *call) {
	g.added++
	heap.Push(&g.items, item{at, g.added, what, c})
}

// next returns when something happens next, lb.Never when nothing does.
func (g *agenda) next() lb.Time {
	if len(g.items) == 0 {
		return lb.Never
	}
	return g.items[0].at
}

func (g *agenda) take() item { return heap.Pop(&g.items).(item) }

// items is a heap (heap.Interface).
type items []item

func (h items) Len() int      { return len(h) }
func (h items) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *items) Push(x any)   { *h = append(*h, x.(item)) }

func (h items) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].order < h[j].order
}

func (h *items) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	(*h)[last] = item{}
	*h = (*h)[:last]
	return x
}
