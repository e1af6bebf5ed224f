package policy

import (
	"sync/atomic"
	"time"

	"github.com/lbctl/lbctl/lb"
)

// maxProbes bounds a probe pool, so that a pick can gather it on the stack.
const maxProbes = 32

// probePool holds the answers to load probes that a balancer may still choose
// by. It outlives snapshots. Any goroutine may use it; nothing blocks or
// allocates. With one goroutine at a time it is exactly a list that is kept at
// its limit by evicting the oldest; with several, a writer that finds a
// slot taken from under it looks again, and readers skip a slot that is being
// written.
type probePool struct {
	slots  []probeSlot
	maxAge time.Duration
}

// probeSlot holds at most one probe. The fields below state are written only
// in phase writing, by the goroutine that brought the slot into it, and are what they
// were as long as the state's tag is.
type probeSlot struct {
	state    atomic.Uint64 // a slotState
	backend  atomic.Uint32 // BackendID
	latency  atomic.Int64  // as reported, nanoseconds; 0: unknown
	received atomic.Int64  // Time
	_        [32]byte      // a cache line each
}

// slotState packs, from the top: a tag of 32 bits that changes with every probe and
// every removal; the probe's RIF, 20 bits; how often it was used, 10 bits; the phase, 2 bits.
type slotState uint64

const (
	empty slotState = iota
	full
	writing

	phaseMask = 3
	usedShift = 2
	usedMask  = 1<<10 - 1
	rifShift  = 12
	tagShift  = 32

	maxProbeRIF = 1<<20 - 1 // larger reports count as this
	maxReuse    = 1000      // uses of one probe; the usual is below 10
)

func (s slotState) phase() slotState { return s & phaseMask }
func (s slotState) used() int        { return int(s >> usedShift & usedMask) }
func (s slotState) rif() int32       { return int32(s >> rifShift & maxProbeRIF) }
func (s slotState) tag() uint32      { return uint32(s >> tagShift) }

// next returns the state after a change of owner: another tag, RIF and phase as given, no uses.
func (s slotState) next(rif int32, phase slotState) slotState {
	return slotState(s.tag()+1)<<tagShift | slotState(rif)<<rifShift | phase
}

// using returns the state after one more use: the attempt that it led to counts in the RIF.
func (s slotState) using() slotState {
	s += 1 << usedShift
	if s.rif() < maxProbeRIF {
		s += 1 << rifShift
	}
	return s
}

// probe is a pick's view of one slot, and how the policy ranks it.
type probe struct {
	slot     *probeSlot // nil: removed
	state    slotState
	member   int
	latency  time.Duration
	received lb.Time
	rank     rank
}

func (p *probePool) init(size int, maxAge time.Duration) {
	p.slots, p.maxAge = make([]probeSlot, size), maxAge
}

// gather appends the live probes of members to buf and drops those that are too old.
// Backends that may not be picked now are passed over.
func (p *probePool) gather(s *lb.Snapshot, now lb.Time, buf []probe) []probe {
	for i := range p.slots {
		pr, id, ok := p.slots[i].read()
		if !ok {
			continue
		}
		if now.Sub(pr.received) > p.maxAge {
			pr.remove()
		} else if pr.member = s.Index(id); pr.member >= 0 {
			buf = append(buf, pr)
		}
	}
	return buf
}

// read returns the slot's probe, unless it has none or it changed meanwhile.
func (s *probeSlot) read() (pr probe, id lb.BackendID, ok bool) {
	state := slotState(s.state.Load())
	if state.phase() != full {
		return probe{}, 0, false
	}
	id = lb.BackendID(s.backend.Load())
	pr = probe{slot: s, state: state, latency: time.Duration(s.latency.Load()), received: lb.Time(s.received.Load())}
	return pr, id, slotState(s.state.Load()).tag() == state.tag()
}

// use notes that the probe was chosen: one more use, and one more in flight at
// its backend. last says that this use was its last.
func (pr *probe) use(last bool) {
	pr.change(func(s slotState) slotState {
		if last {
			return s.next(0, empty)
		}
		return s.using()
	})
	if last {
		pr.slot = nil
	}
}

// remove takes the probe out of the pool.
func (pr *probe) remove() {
	pr.change(func(s slotState) slotState { return s.next(0, empty) })
	pr.slot = nil
}

// change applies f to the slot unless the probe is no longer there.
func (pr *probe) change(f func(slotState) slotState) {
	for tag := pr.state.tag(); ; {
		next := f(pr.state)
		if pr.slot.state.CompareAndSwap(uint64(pr.state), uint64(next)) {
			pr.state = next
			return
		}
		if pr.state = slotState(pr.slot.state.Load()); pr.state.tag() != tag {
			return
		}
	}
}

// add takes a probe's answer in. It takes the place of an older one of the same backend; else an
// empty slot while the pool holds fewer than limit; else that of the oldest.
func (p *probePool) add(id lb.BackendID, now lb.Time, rep lb.Report, limit int) {
	// A failed claim means that another goroutine's probe went in. Losing one
	// after that many is harmless.
	const claims = 8
	for range claims {
		slot, state := p.victim(id, now, limit)
		if slot == nil {
			return // every slot is being written
		}
		mine := state.next(0, writing)
		if !slot.state.CompareAndSwap(uint64(state), uint64(mine)) {
			continue
		}
		slot.backend.Store(uint32(id))
		slot.latency.Store(int64(max(0, rep.Latency)))
		slot.received.Store(int64(now))
		slot.state.Store(uint64(mine.next(max(0, min(rep.InFlight, maxProbeRIF)), full)))
		return
	}
}

// victim returns the slot for a new probe of backend id, and the state it was seen in.
func (p *probePool) victim(id lb.BackendID, now lb.Time, limit int) (*probeSlot, slotState) {
	var free, oldest *probeSlot
	var freeState, oldestState slotState
	oldestTime, held := lb.Never, 0
	for i := range p.slots {
		slot := &p.slots[i]
		state := slotState(slot.state.Load())
		received := lb.Time(slot.received.Load())
		switch {
		case state.phase() == empty, state.phase() == full && now.Sub(received) > p.maxAge:
			if free == nil {
				free, freeState = slot, state
			}
			continue
		case state.phase() == writing:
		case lb.BackendID(slot.backend.Load()) == id:
			return slot, state
		case received < oldestTime:
			oldest, oldestState, oldestTime = slot, state, received
		}
		held++
	}
	if free != nil && held < limit {
		return free, freeState
	}
	return oldest, oldestState
}

// rank orders probes by preference: cold before hot, then by key, then by tie,
// then the newer one first.
type rank struct {
	hot      bool
	key, tie float64
}

func (pr *probe) before(o *probe) bool {
	a, b := pr.rank, o.rank
	switch {
	case a.hot != b.hot:
		return b.hot
	case a.key != b.key:
		return a.key < b.key
	case a.tie != b.tie:
		return a.tie < b.tie
	}
	return pr.received > o.received
}

// bestOf returns the probe that ranks first.
func bestOf(probes []probe) *probe {
	best := &probes[0]
	for i := range probes {
		if probes[i].before(best) {
			best = &probes[i]
		}
	}
	return best
}

// worstOf returns the probe still in the pool that ranks last, nil when there is none.
func worstOf(probes []probe) *probe {
	var worst *probe
	for i := range probes {
		if p := &probes[i]; p.slot != nil && (worst == nil || worst.before(p)) {
			worst = p
		}
	}
	return worst
}

// oldestOf returns the probe still in the pool that came first, nil when there is none.
func oldestOf(probes []probe) *probe {
	var oldest *probe
	for i := range probes {
		if p := &probes[i]; p.slot != nil && (oldest == nil || p.received < oldest.received) {
			oldest = p
		}
	}
	return oldest
}
