package measure

import (
	"time"

	"github.com/lbctl/lbctl/lb/instant"
	"github.com/lbctl/lbctl/lb/stats"
)

// Run is what one replication measured. It is read only once made.
type Run struct {
	Warmup    time.Duration // cut off from the start
	WarmupBad bool          // no steady state found: the truncation point lies in the last half
	Until     time.Duration // end of the measured time: requests that started in [Warmup, Until) count
	Requests  uint64        // counted requests
	Endings   [NumEndings]uint64
	Retries   uint64
	Values    map[Metric]float64 // NaN: nothing to measure it by
	Censored  map[Metric]bool    // a latency quantile that those without an answer in time may hide: the true one is at least that
	Latency   *stats.Histogram   // of the counted requests that succeeded, timed out or were unfinished
	Backends  []BackendRun
	Groups    []BackendRun // backends of one group together, in order of appearance
	TimeLine  []Window     // the whole run, warm-up included
	Events    []Event      // bounded by MaxEvents
	Little    Little
	EventHash uint64 // of every event in order: equal for equal runs
}

// BackendRun is one backend's part of a run, or a group's.
type BackendRun struct {
	Name   string
	Group  string
	Values map[Metric]float64 // of BackendMetrics
}

// Window is one slice of the time line; requests belong to the window in which they started.
type Window struct {
	From, To    instant.Time
	Offered     uint64
	OK          uint64
	Good        uint64  // good answers given in the window, whenever their requests started
	Errors      uint64  // all endings but OK
	P50MS       float64 // NaN when nothing was answered
	P99MS       float64
	GroupShares []float64 // per cent of the window's attempts, by group
}

// Event is something worth a line in the event log.
type Event struct {
	At       instant.Time
	Balancer int    // -1: none in particular
	Backend  string // "" : none in particular
	What     string // "healthy → unhealthy", "crash", …
	Why      string
}

// MaxEvents bounds the events kept of a run; later ones are dropped.
const MaxEvents = 10_000

// Little is the check of Little's law, L = λW, over the whole run: the
// integral of the number in the system over time must equal the sum of all
// times in the system. The two are kept by separate books, and in integers, so
// they must agree to the nanosecond.
type Little struct {
	InSystem float64 // L: time average of the number of requests in the system
	Rate     float64 // λ: requests a second
	MeanTime float64 // W: mean time in the system, seconds
	Holds    bool
}
