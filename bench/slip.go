package bench

import (
	"fmt"
	"slices"
	"time"

	"github.com/lbctl/lbctl/lb/stats"
)

// Slip is how late requests were sent after they were due.
type Slip struct{ P50, P99 time.Duration }

// slipOf summarizes how late each request was sent. It sorts its argument.
func slipOf(late []time.Duration) Slip {
	return Slip{P50: quantile(late, 0.5), P99: quantile(late, 0.99)}
}

// quantile sorts durations, of which there must be some, and returns their p-quantile.
func quantile(all []time.Duration, p float64) time.Duration {
	slices.Sort(all)
	return all[stats.Rank(p, uint64(len(all)))-1]
}

func (s Slip) String() string {
	return fmt.Sprintf("requests left %v late in the median, %v at the 99th percentile", round(s.P50), round(s.P99))
}

// SlipError says that requests were sent so late that the run measured its generator.
type SlipError struct {
	Slip  Slip
	Limit time.Duration // of the 99th percentile
}

func (e *SlipError) Error() string {
	return fmt.Sprintf("the schedule slipped: %v, where %v is the limit; the machine cannot carry this load as well as its generator: lower it (--set arrivals.poisson.load_pct=…, fewer backends), or run on a machine that is idle or larger", e.Slip, round(e.Limit))
}

// check returns an error if the slip is too large beside a median latency of p50MS milliseconds, which is NaN
// when nothing was answered.
func (s Slip) check(p50MS float64) error {
	limit := MaxSlip
	if share := p50MS * MaxSlipPct / 100; share > limit.Seconds()*1e3 {
		limit = time.Duration(share * float64(time.Millisecond))
	}
	if s.P99 > limit {
		return &SlipError{s, limit}
	}
	return nil
}

// round drops digits that mean nothing.
func round(d time.Duration) time.Duration {
	if d < time.Millisecond {
		return d.Round(time.Microsecond)
	}
	return d.Round(10 * time.Microsecond)
}
