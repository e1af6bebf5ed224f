package lb

// Member is a backend that may be picked, with its effective weight (configured weight, times
// the slow-start factor), MinWeight…MaxWeight.
type Member struct {
	*Backend
	Weight float64
}

// Snapshot is an immutable view of the pool: who may be picked, and by which
// picker.
type Snapshot struct {
	version  uint64
	policy   string
	members  []Member
	excluded []Exclusion
	index    []int32 // member index by BackendID, -1: excluded or gone
	known    []bool  // by BackendID: still in the pool
	peers    int
	phase    uint32
	panics   bool
	weighted bool

	picker   Picker // nil when there are no members
	observer Observer
	releaser Releaser
	prober   Prober
	reporter Reporter
}

// Exclusion is a backend of the pool that may not be picked, and why.
type Exclusion struct {
	Backend string
	Reason  string // "unhealthy" or "draining"
}

// Version counts the snapshots of one balancer from 1.
func (s *Snapshot) Version() uint64 { return s.version }

// Members returns the eligible backends. Read only.
func (s *Snapshot) Members() []Member { return s.members }

// Excluded returns the backends of the pool that may not be picked. Read only.
func (s *Snapshot) Excluded() []Exclusion { return s.excluded }

// Panic says that so few backends are healthy that the pool disregards health.
func (s *Snapshot) Panic() bool { return s.panics }

// Peers returns how many balancers share the backends, this one included; 1
// when unknown.
func (s *Snapshot) Peers() int { return s.peers }

// Phase returns where a policy should start its rotation, if it has one: balancers
// of one fleet that all began with the same backend would hit it together.
func (s *Snapshot) Phase() uint32 { return s.phase }

// Weighted says whether the members' weights differ.
func (s *Snapshot) Weighted() bool { return s.weighted }

// Known says whether the pool, as opposed to its eligible part, still holds the backend.
func (s *Snapshot) Known(id BackendID) bool { return int(id) < len(s.known) && s.known[id] }

// Index returns a backend's place among the members, or -1.
func (s *Snapshot) Index(id BackendID) int {
	if int(id) >= len(s.index) {
		return -1
	}
	return int(s.index[id])
}

// compile builds the picker and notes which optional interfaces it has, so that the
// data plane need not ask again for each request.
func (s *Snapshot) compile(p Policy) {
	s.policy = p.Name()
	for _, m := range s.members {
		s.weighted = s.weighted || m.Weight != s.members[0].Weight
	}
	if len(s.members) == 0 {
		return
	}
	s.picker = p.Build(s)
	s.observer, _ = s.picker.(Observer)
	s.releaser, _ = s.picker.(Releaser)
	s.prober, _ = s.picker.(Prober)
	s.reporter, _ = s.picker.(Reporter)
}
