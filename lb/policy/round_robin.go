package policy

import (
	"sync/atomic"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// RoundRobin gives each backend its turn, regardless of weight (slow start
// therefore has no effect) and load. The position is one atomic counter that
// outlives snapshots.
type RoundRobin struct{}

// New returns a fresh policy.
func (RoundRobin) New() lb.Policy { return new(roundRobin) }

type roundRobin struct{ rotation }

// rotation is a position that outlives snapshots and starts where the first one says.
type rotation struct {
	turn    atomic.Uint64
	started bool
}

// over returns the position, for a picker of s.
func (r *rotation) over(s *lb.Snapshot) *atomic.Uint64 {
	if !r.started {
		r.turn.Store(uint64(s.Phase()))
		r.started = true
	}
	return &r.turn
}

func (*roundRobin) Name() string { return "round_robin" }

func (p *roundRobin) Build(s *lb.Snapshot) lb.Picker {
	return &roundRobinPicker{turn: p.over(s), n: uint64(len(s.Members()))}
}

type roundRobinPicker struct {
	turn *atomic.Uint64
	n    uint64
}

func (p *roundRobinPicker) Pick(_ lb.Time, _ lb.Request, _ *rng.Rand, tr *lb.Trace) int {
	i := int((p.turn.Add(1) - 1) % p.n)
	if tr != nil {
		tr.Consider(i, "")
		tr.Rule = "its turn"
	}
	return i
}
