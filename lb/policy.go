package lb

import (
	"time"

	"github.com/lbctl/lbctl/lb/rng"
)

// Policy is an algorithm. It owns whatever outlives a snapshot, such as a rotation's
// position or per-backend averages (keyed by BackendID), and compiles a Picker
// for each snapshot. Only the control plane calls it, one call at a time.
type Policy interface {
	Name() string

	// Build compiles a picker for s, which has at least one member. State of backends that are
	// no longer in the pool (s.Known says) may be dropped.
	Build(s *Snapshot) Picker
}

// Picker is a policy compiled for one snapshot: the data plane. Any goroutine may
// call it; it must not block or allocate.
type Picker interface {
	// Pick returns the index of the chosen member of the snapshot it was built for, never out of range.
	// tr is nil unless the choice is to be explained.
	Pick(now Time, req Request, r *rng.Rand, tr *Trace) int
}

// A Picker may implement some of the following as well.

// Observer is told how each attempt on member i ended, except canceled ones. The
// member's in-flight count no longer includes the attempt.
type Observer interface {
	Observe(i int, now Time, latency time.Duration, o Outcome)
}

// ReportReader marks an Observer that reads the Report which an outcome carries. Where
// none does, drivers need not gather what backends say of themselves.
type ReportReader interface {
	Observer
	ReadsReports() bool
}

// Releaser is told of every attempt on member i that ended, canceled ones
// included, after its in-flight count was lowered to inflight.
type Releaser interface {
	Release(i int, now Time, inflight int)
}

// Prober wants to hear from backends out of band. The driver calls LoadProbes after
// each pick and asks the named backends for a Report, which comes back through
// Balancer.Report. The query that triggered a probe never waits for it.
type Prober interface {
	// LoadProbes appends the members to probe now to dst, which has room for all of them.
	LoadProbes(now Time, r *rng.Rand, dst []int) []int
}

// Reporter takes the out-of-band report of member i: the answer to a load
// probe, or an unsolicited word of a backend that turned idle.
type Reporter interface {
	Report(i int, now Time, rep Report)
}

// IdleListener marks a Reporter that wants every backend to say unasked when it turns idle.
type IdleListener interface {
	Reporter
	ListensForIdle() bool
}
