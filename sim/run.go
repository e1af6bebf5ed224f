package sim

import (
	"context"
	"fmt"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/health"
	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

// Options say what a run is to tell besides its numbers. Whether they are set changes
// no decision and no result.
type Options struct {
	Events  func(Event)       // called for every event of requests, balancers and backends; nil: none
	Explain func(Explanation) // called after every pick; nil: none
}

// Explanation is a pick and the reasons for it.
type Explanation struct {
	At       lb.Time
	Request  uint64
	Try      int
	Balancer int
	Trace    *lb.Trace
	States   []health.State // of all backends, in the eyes of this balancer; valid during the call
}

// Event is a line of the event log. Fields that do not apply are left out.
type Event struct {
	AtS       float64 `json:"at_s"`
	Kind      string  `json:"event"` // send, answer, end, health, snapshot, condition
	Request   *uint64 `json:"request,omitempty"`
	Try       int     `json:"try,omitempty"`
	Balancer  *int    `json:"balancer,omitempty"`
	Backend   string  `json:"backend,omitempty"`
	What      string  `json:"what,omitempty"`
	Why       string  `json:"why,omitempty"`
	LatencyMS float64 `json:"latency_ms,omitempty"`
}

// Run simulates a scenario once, with the pool's own policy. Equal scenarios and seeds give equal
// runs. It returns ctx's error when it was told to stop, and
// otherwise fails only when the scenario's pool cannot be built.
func Run(ctx context.Context, sc *scenarios.Scenario, seed uint64, opts Options) (*measure.Run, error) {
	w, err := newWorld(sc, opts, seed)
	if err != nil {
		return nil, err
	}
	if !w.run(func() bool { return ctx.Err() != nil }) {
		return nil, fmt.Errorf("sim: stopped at %.1f s of virtual time: %w", w.now.Seconds(), ctx.Err())
	}
	run := w.recorder.Finish(w.now)
	run.EventHash = w.hash
	return run, nil
}

func (w *world) note(e Event) {
	if w.opts.Events != nil {
		e.AtS = w.now.Seconds()
		w.opts.Events(e)
	}
}
