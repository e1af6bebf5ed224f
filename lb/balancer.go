package lb

import (
	"slices"
	"sync/atomic"

	"github.com/lbctl/lbctl/lb/rng"
)

// Balancer is the data plane of a pool. Every method may be called from any
// goroutine; none blocks or allocates. The Rand that a caller passes must be
// its own.
type Balancer struct {
	snapshot atomic.Pointer[Snapshot]
}

// Snapshot returns the view that picks are made from at this moment.
func (b *Balancer) Snapshot() *Snapshot { return b.snapshot.Load() }

// Pick chooses a backend for req and admits the attempt. The only error is
// ErrNoBackend. tr, when not nil, is overwritten with the reasons.
func (b *Balancer) Pick(now Time, req Request, r *rng.Rand, tr *Trace) (Lease, error) {
	s := b.snapshot.Load()
	if tr != nil {
		tr.begin(s)
	}
	if s.picker == nil {
		return Lease{}, ErrNoBackend
	}
	i := s.picker.Pick(now, req, r, tr)
	if tr != nil {
		tr.Choice = i
	}
	s.members[i].inflight.Add(1)
	return Lease{snapshot: s, index: int32(i), start: now}, nil
}

// PickOther is Pick for a request that the backends in tried could not take: the
// policy chooses, and where it chooses one of them, the one with the least
// in-flight per weight among the others takes its place. The error is ErrNoBackend also when
// there is no other. It looks at every member.
func (b *Balancer) PickOther(now Time, req Request, tried []BackendID, r *rng.Rand, tr *Trace) (Lease, error) {
	l, err := b.Pick(now, req, r, tr)
	if err != nil || !slices.Contains(tried, l.Backend().id) {
		return l, err
	}
	b.Done(l, now, Outcome{Verdict: Canceled})
	other := l.snapshot.leastLoadedBut(tried, r)
	if tr != nil {
		tr.Choice, tr.TieBreak = other, ""
		tr.Rule = "tried already: least in-flight per weight of the others"
	}
	if other < 0 {
		return Lease{}, ErrNoBackend
	}
	l.index = int32(other)
	l.snapshot.members[other].inflight.Add(1)
	return l, nil
}

// leastLoadedBut returns the member that is not in tried with the least in-flight per
// weight, one drawn among equals; -1 if there is none.
func (s *Snapshot) leastLoadedBut(tried []BackendID, r *rng.Rand) int {
	best, least, equals := -1, 0.0, 0
	for i := range s.members {
		m := &s.members[i]
		if slices.Contains(tried, m.id) {
			continue
		}
		load := float64(m.InFlight()+1) / m.Weight
		switch {
		case best < 0 || load < least:
			best, least, equals = i, load, 1
		case load == least:
			if equals++; r.Intn(equals) == 0 {
				best = i
			}
		}
	}
	return best
}

// Done ends an attempt that Pick or PickOther admitted, in whatever snapshot it was.
func (b *Balancer) Done(l Lease, now Time, o Outcome) {
	s := l.snapshot
	inflight := s.members[l.index].inflight.Add(-1)
	if s.observer != nil && o.Verdict != Canceled {
		answered := o.Answered
		if answered == 0 {
			answered = now
		}
		s.observer.Observe(int(l.index), now, answered.Sub(l.start), o)
	}
	// The idle must be announced to the picker in charge now, not to the one that
	// made the choice: they need not be the same.
	if cur := b.snapshot.Load(); cur.releaser != nil {
		if i := cur.Index(s.members[l.index].id); i >= 0 {
			cur.releaser.Release(i, now, int(inflight))
		}
	}
}

// LoadProbes appends to dst the backends that the policy wants a Report from
// now. Call it after each Pick; policies that do not probe leave dst as it is.
// scratch holds the indices meanwhile; give it room for every member and nothing is allocated.
func (b *Balancer) LoadProbes(now Time, r *rng.Rand, scratch []int, dst []BackendID) []BackendID {
	s := b.snapshot.Load()
	if s.prober == nil {
		return dst
	}
	for _, i := range s.prober.LoadProbes(now, r, scratch[:0]) {
		dst = append(dst, s.members[i].id)
	}
	return dst
}

// Report takes a backend's out-of-band word on its load. Reports of backends that may not be picked are
// dropped.
func (b *Balancer) Report(id BackendID, now Time, rep Report) {
	s := b.snapshot.Load()
	if s.reporter == nil {
		return
	}
	if i := s.Index(id); i >= 0 {
		s.reporter.Report(i, now, rep)
	}
}

// ListensForIdle says whether backends should report unasked when they turn idle.
func (b *Balancer) ListensForIdle() bool {
	l, ok := b.snapshot.Load().reporter.(IdleListener)
	return ok && l.ListensForIdle()
}

// Probes says whether the policy asks for reports by load probes.
func (b *Balancer) Probes() bool { return b.snapshot.Load().prober != nil }

// ReadsReports says whether the policy takes any notice of what backends report of themselves, with
// their answers or otherwise.
func (b *Balancer) ReadsReports() bool {
	s := b.snapshot.Load()
	if s.reporter != nil {
		return true
	}
	r, ok := s.observer.(ReportReader)
	return ok && r.ReadsReports()
}
