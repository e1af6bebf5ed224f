package measure

import "slices"

// Ending is how a client's request ended, all its retries included.
type Ending uint8

// The endings. Exactly one for each request.
const (
	OK         Ending = iota // a good answer in time
	Failed                   // the last answer was a server error
	Reset                    // the connection was lost before an answer
	Refused                  // no connection to the backend
	Rejected                 // the backend's queue was full (503)
	NoBackend                // the balancer had no backend to offer
	TimedOut                 // no answer by the client's deadline
	Unfinished               // still under way when the run was cut off
	NumEndings
)

func (e Ending) String() string {
	return [...]string{"ok", "failed", "reset", "refused", "rejected", "no_backend", "timed_out", "unfinished"}[e]
}

// Metric names one number of a run. Units are part of the name.
type Metric string

// The metrics of a run. Latency is from the intended start to the end of the
// client's request, retries included, over requests that succeeded, timed
// out or were still under way when the run was cut off: one without an answer counts with the
// time the client waited, since leaving it
// out would flatter the policy that caused it. Requests that failed otherwise
// count under errors only; a fast error is not a fast answer.
const (
	MeanMS         Metric = "mean_ms"
	P50MS          Metric = "p50_ms"
	P90MS          Metric = "p90_ms"
	P99MS          Metric = "p99_ms"
	P999MS         Metric = "p999_ms"
	MaxMS          Metric = "max_ms"
	OfferedRPS     Metric = "offered_rps"
	GoodputRPS     Metric = "goodput_rps"  // good answers given in the measured time; never more than the capacity
	ErrorsPct      Metric = "errors_pct"   // requests that did not end OK, time-outs included
	TimeoutsPct    Metric = "timeouts_pct" // requests that timed out
	RetriesPct     Metric = "retries_pct"  // client retries per 100 requests
	UtilizationPct Metric = "utilization_pct"
	Fairness       Metric = "fairness"            // Jain's index of the backends' utilizations: 1 is even
	Imbalance      Metric = "utilization_max_avg" // highest utilization over the mean
	PeakQueue      Metric = "peak_queue"          // longest queue of any backend, requests
	PeakInFlight   Metric = "peak_in_flight"      // most requests in the system at once
	SharePct       Metric = "share_pct"           // of a backend or group: its part of all attempts
)

// Metrics lists the metrics of a run in the order of presentation.
func Metrics() []Metric {
	return []Metric{
		MeanMS, P50MS, P90MS, P99MS, P999MS, MaxMS, OfferedRPS, GoodputRPS, ErrorsPct, TimeoutsPct,
		RetriesPct, UtilizationPct, Fairness, Imbalance, PeakQueue, PeakInFlight,
	}
}

// BackendMetrics lists the metrics of a backend or a group of them. A group's peak
// is that of its worst member, its other figures are of all members together.
func BackendMetrics() []Metric {
	return []Metric{SharePct, UtilizationPct, ErrorsPct, PeakQueue, PeakInFlight}
}

// HigherIsBetter tells the direction of a metric; for most, less is better.
func (m Metric) HigherIsBetter() bool {
	return slices.Contains([]Metric{GoodputRPS, Fairness}, m)
}

// IsLatency says whether the metric is a quantile, mean or maximum of latency.
func (m Metric) IsLatency() bool {
	return slices.Contains([]Metric{MeanMS, P50MS, P90MS, P99MS, P999MS, MaxMS}, m)
}

// quantiles are the latency quantiles by metric.
var quantiles = []struct {
	metric Metric
	p      float64
}{{P50MS, 0.5}, {P90MS, 0.9}, {P99MS, 0.99}, {P999MS, 0.999}}
