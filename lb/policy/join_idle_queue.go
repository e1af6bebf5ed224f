package policy

import (
	"math/bits"
	"strconv"
	"sync/atomic"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// JoinIdleQueue sends to a backend that is known to be idle, drawn uniformly among
// those, and when none is known draws from all in proportion to weight
// (JIQ-Random: Lu, Xie, Kliot, Geller, Larus and Greenberg, "Join-Idle-Queue: a novel load
// balancing algorithm for dynamically scalable web services", Performance
// Evaluation 68(11), 2011). Weights, and so slow start, count only in that second
// draw: an idle backend is a good choice whatever its size.
//
// Source says who knows of the idleness:
//
//   - local: idle is whoever has none of this balancer's own attempts in flight. Needs no
//     cooperation, and is what a balancer that has the backends to itself wants.
//   - reports: as in the paper. A backend that turns idle says so to one
//     balancer, drawn at random by the driver (IdleListener); its word is a token that one
//     pick consumes. A report of a backend that is not idle takes its token back. Without
//     the backends' cooperation there are no tokens and every pick is the random draw.
type JoinIdleQueue struct {
	Source string `yaml:"source" enum:"local,reports" doc:"who knows of idleness: local (own in-flight is 0) or reports (backends say so to one balancer)"`
}

// New returns a fresh policy.
func (s JoinIdleQueue) New() lb.Policy { return &joinIdleQueue{local: s.Source == "local"} }

type joinIdleQueue struct {
	local bool
	// idle has one bit for each BackendID. The words outlive snapshots, so that what is
	// said through one snapshot's picker while the next is being built is not lost.
	idle    []*atomic.Uint64
	last    []bool // by BackendID: member of the snapshot that Build saw last
	version uint64 // of that snapshot
}

func (*joinIdleQueue) Name() string { return "join_idle_queue" }

func (p *joinIdleQueue) Build(s *lb.Snapshot) lb.Picker {
	q := idleQueue{snapshot: s, lots: newLots(s), words: p.wordsOf(s)}
	q.all = p.idle[:len(p.idle):len(p.idle)]
	if p.local {
		p.welcome(s)
		return &localIdlePicker{q}
	}
	return &reportedIdlePicker{q}
}

// wordsOf returns the words that hold members of s, and makes room for new backends.
func (p *joinIdleQueue) wordsOf(s *lb.Snapshot) []idleWord {
	var masks []uint64
	for _, m := range s.Members() {
		w := int(m.ID() / 64)
		for w >= len(p.idle) {
			p.idle = append(p.idle, new(atomic.Uint64))
		}
		for w >= len(masks) {
			masks = append(masks, 0)
		}
		masks[w] |= 1 << (m.ID() % 64)
	}
	var words []idleWord
	for w, mask := range masks {
		if mask != 0 {
			words = append(words, idleWord{bits: p.idle[w], members: mask, first: lb.BackendID(w * 64)})
		}
	}
	return words
}

// welcome takes members for idle that were away, since their release may have
// gone unheard. To take one for idle by mistake costs one pick; to miss that it
// is idle could cost it its traffic for long.
func (p *joinIdleQueue) welcome(s *lb.Snapshot) {
	if s.Version() != p.version+1 { // the pool was empty meanwhile
		clear(p.last)
	}
	members := make([]bool, 64*len(p.idle))
	for _, m := range s.Members() {
		id := int(m.ID())
		members[id] = true
		if id >= len(p.last) || !p.last[id] {
			p.idle[id/64].Or(1 << (id % 64))
		}
	}
	p.last, p.version = members, s.Version()
}

// idleQueue is the set of members known to be idle. Any goroutine may use it; a claim that fails means that
// another one succeeded.
type idleQueue struct {
	snapshot *lb.Snapshot
	lots     lots
	words    []idleWord // those that have members
	all      []*atomic.Uint64
}

// idleWord is 64 BackendIDs' worth of idle bits, from first on.
type idleWord struct {
	bits    *atomic.Uint64
	members uint64 // mask of those that this snapshot may pick
	first   lb.BackendID
}

func (q *idleQueue) Pick(_ lb.Time, _ lb.Request, r *rng.Rand, tr *lb.Trace) int {
	if tr != nil {
		q.consider(tr)
	}
	for n := q.count(); n > 0; n = q.count() {
		if i := q.claim(r.Intn(n)); i >= 0 {
			if tr != nil {
				tr.Rule = "drawn among " + strconv.Itoa(n) + " idle"
			}
			return i
		}
	}
	i := q.lots.draw(r)
	if tr != nil {
		tr.Consider(i, "drawn by weight")
		tr.Rule = "nobody known to be idle: random draw"
	}
	return i
}

func (q *idleQueue) count() int {
	n := 0
	for k := range q.words {
		w := &q.words[k]
		n += bits.OnesCount64(w.bits.Load() & w.members)
	}
	return n
}

// claim takes the k-th idle member out of the queue and returns its index, or -1
// when somebody else was faster.
func (q *idleQueue) claim(k int) int {
	for j := range q.words {
		w := &q.words[j]
		set := w.bits.Load() & w.members
		if n := bits.OnesCount64(set); k >= n {
			k -= n
			continue
		}
		for ; k > 0; k-- {
			set &= set - 1
		}
		bit := set & -set
		if w.bits.And(^bit)&bit == 0 {
			return -1
		}
		return q.snapshot.Index(w.first + lb.BackendID(bits.TrailingZeros64(bit)))
	}
	return -1
}

func (q *idleQueue) set(i int) {
	id := q.snapshot.Members()[i].ID()
	q.all[id/64].Or(1 << (id % 64))
}

func (q *idleQueue) clear(i int) {
	id := q.snapshot.Members()[i].ID()
	q.all[id/64].And(^uint64(1 << (id % 64)))
}

func (q *idleQueue) consider(tr *lb.Trace) {
	for i, m := range q.snapshot.Members() {
		if q.all[m.ID()/64].Load()&(1<<(m.ID()%64)) != 0 {
			tr.Consider(i, "idle")
		}
	}
}

// localIdlePicker learns of idleness from its own releases.
type localIdlePicker struct{ idleQueue }

// Release implements lb.Releaser.
func (p *localIdlePicker) Release(i int, _ lb.Time, inflight int) {
	if inflight == 0 {
		p.set(i)
	}
}

// reportedIdlePicker learns of idleness from the backends.
type reportedIdlePicker struct{ idleQueue }

// Report implements lb.Reporter.
func (p *reportedIdlePicker) Report(i int, _ lb.Time, rep lb.Report) {
	switch {
	case rep.Idle():
		p.set(i)
	case rep.Valid:
		p.clear(i)
	}
}

// ListensForIdle implements lb.IdleListener.
func (*reportedIdlePicker) ListensForIdle() bool { return true }
