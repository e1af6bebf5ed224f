package bench

import (
	"sync/atomic"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/scenarios"
)

// refusals knows which backends let nobody in, and when. An attempt that could not be delivered was seen by no backend,
// and balancers do not say which one they had picked; but it was one of these.
type refusals struct {
	spans []span
	turn  atomic.Uint64
}

// span is a time in which a backend refuses connections.
type span struct {
	from, to lb.Time
	backend  int
}

func newRefusals(m *scenarios.Model) *refusals {
	r := &refusals{}
	for i := range m.Backends() {
		timeline, refusing := m.Timeline(i), span{from: lb.Never, backend: i}
		for {
			at, c, ok := timeline.Next()
			if !ok {
				break
			}
			switch shut := c.Accept != scenarios.Accepts; {
			case shut && refusing.from == lb.Never:
				refusing.from = at
			case !shut && refusing.from != lb.Never:
				refusing.to = at
				r.spans = append(r.spans, refusing)
				refusing.from = lb.Never
			}
		}
		if refusing.from != lb.Never {
			refusing.to = lb.Never
			r.spans = append(r.spans, refusing)
		}
	}
	return r
}

// backend returns one that refuses at a time, those that do in turn; −1 if none does.
func (r *refusals) backend(at lb.Time) int {
	var all []int
	for _, s := range r.spans {
		if s.from <= at && at < s.to {
			all = append(all, s.backend)
		}
	}
	if len(all) == 0 {
		return -1
	}
	return all[r.turn.Add(1)%uint64(len(all))]
}
