package lb

import (
	"errors"
	"time"

	"github.com/lbctl/lbctl/lb/instant"
)

// Time is nanoseconds since the driver's epoch.
type Time = instant.Time

// Never is the deadline of something that is not scheduled.
const Never = instant.Never

// Request is what a policy may know of a client's call.
type Request struct {
	Number uint64 // the driver's running number
	Client uint64 // hash of the client's address
	Key    uint64 // hash of the affinity key; drivers set it to Client where there is no key
}

// Verdict is how an attempt ended, as far as the core cares.
type Verdict uint8

// The verdicts.
const (
	Success  Verdict = iota // a good answer
	Failure                 // an answer that blames the backend (5xx), or a connection lost before one
	Timeout                 // no answer within the deadline
	Refused                 // no connection
	Canceled                // the client went away: frees the slot, touches neither latency nor health
)

func (v Verdict) String() string {
	return [...]string{"success", "failure", "timeout", "refused", "canceled"}[v]
}

// Outcome is an attempt's result.
type Outcome struct {
	Verdict Verdict
	// Answered is when the answer began, where that is known and matters: the latency that policies learn from ends
	// there, lest a long download, or a client slow to take it, be held against the backend. 0: it ends with the attempt.
	Answered Time
	Report   Report // what the answer said of the backend's load; zero when it said nothing
}

// Report is a backend's word on its own load: carried by an answer (as ORCA
// does), given in reply to a load probe, or sent unasked when it turns idle. It stands for all
// of the backend's traffic, not only the reader's.
type Report struct {
	Valid    bool          // false: nothing was reported
	InFlight int32         // requests in the backend, queued ones included
	Latency  time.Duration // median of recent latencies at about this in-flight; 0: unknown
	Service  time.Duration // recent mean service time without queueing; 0: unknown
}

// Idle reports a backend with nothing to do.
func (r Report) Idle() bool { return r.Valid && r.InFlight == 0 }

// Lease is an admitted attempt: hand it back through Balancer.Done exactly once.
type Lease struct {
	snapshot *Snapshot
	index    int32
	start    Time
}

// Backend returns where the attempt goes.
func (l Lease) Backend() *Backend { return l.snapshot.members[l.index].Backend }

// Started returns when the attempt was admitted.
func (l Lease) Started() Time { return l.start }

// ErrNoBackend says that the pool has no backend to offer: it is empty, or all
// of it is drained.
var ErrNoBackend = errors.New("lb: no backend available")
