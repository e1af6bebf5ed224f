package bench

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/lbctl/lbctl/fakebackends"
	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

// Options say where a run takes place.
type Options struct {
	Target   string              // URL of a balancer that is there already, in place of our own; "": our own
	Host     string              // that the backends listen on; "": 127.0.0.1
	PortBase int                 // the backends listen on consecutive ports from here on; 0: on any
	Elapsed  func(time.Duration) // called now and then with how far the run has come; nil: nobody watches
}

// Outcome is a run and how well it could be carried out.
type Outcome struct {
	Run    *measure.Run
	Slip   Slip
	CPUPct float64 // of the processors that this process may use, all parts together

	// Path is what a request took, in the median, beyond its time at the backend: from when it was due over the
	// generator, the balancer and their sockets and back. 0: there were less than MinPath requests that met a free
	// slot of a sound backend, of which alone it is known.
	Path time.Duration
}

func (o *Outcome) String() string {
	return fmt.Sprintf("%d requests, %v, %.0f%% of the processors", o.Run.Requests, o.Slip, o.CPUPct)
}

// Check returns why a scenario cannot be run live, if it cannot.
func Check(sc *scenarios.Scenario, seed uint64, o Options) error {
	_, err := newRun(sc, seed, o)
	return err
}

// Run carries a scenario out once, with the pool's own policy, on sockets and in real time: it takes as long as the
// scenario, and up to MaxDrain longer. Runs must not overlap: they would disturb each other. Equal seeds
// give equal requests, not equal results. When ctx is done Run returns its error. When the load generator fell
// behind, there is an outcome, and a *SlipError.
func Run(ctx context.Context, sc *scenarios.Scenario, seed uint64, o Options) (*Outcome, error) {
	r, err := newRun(sc, seed, o)
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.start(ctx); err != nil {
		return nil, err
	}
	return r.measure(ctx)
}

// run is a run under way.
type run struct {
	sc       *scenarios.Scenario
	seed     uint64
	model    *scenarios.Model
	schedule schedule
	options  Options
	clock    clock
	journal  journal
	visits   *visits
	witness  *witness

	backends  *fakebackends.Fleet
	balancers *balancers // nil: somebody else's
	urls      []string
}

const maxPort = 1<<16 - 1

// newRun lays a run out.
func newRun(sc *scenarios.Scenario, seed uint64, o Options) (*run, error) {
	if o.Target != "" && sc.Balancers > 1 {
		return nil, fmt.Errorf("the scenario has %d balancers, and the target is one", sc.Balancers)
	}
	r := &run{sc: sc, seed: seed, model: sc.Model(seed), options: o, visits: newVisits()}
	r.witness = newWitness(r.model, &r.journal, r.visits)
	var err error
	if last := o.PortBase + len(r.model.Backends()) - 1; o.PortBase > 0 && last > maxPort {
		return nil, fmt.Errorf("%d backends from port %d on: expected ports up to %d", len(r.model.Backends()), o.PortBase, maxPort)
	}
	r.schedule, err = newSchedule(r.model, lb.Time(sc.Duration))
	return r, err
}

// start starts backends and balancers.
func (r *run) start(ctx context.Context) (err error) {
	r.backends, err = fakebackends.Start(ctx, r.sc, r.seed, fakebackends.Options{
		Listen: r.options.Host, PortBase: r.options.PortBase, Observer: r.witness, Changed: r.witness.changed,
	})
	if err != nil {
		return fmt.Errorf("fake backends: %w", err)
	}
	if r.options.Target != "" {
		r.urls = []string{r.options.Target}
		return nil
	}
	if r.balancers, err = startBalancers(r.sc, r.seed, r.backends.Addresses(), r.timeout(), &r.journal); err != nil {
		return err
	}
	r.urls = r.balancers.urls()
	return nil
}

// begin lets the schedule begin, a moment from now.
func (r *run) begin() {
	r.clock = clock{time.Now().Add(lead)}
	r.witness.clock = r.clock
	r.backends.Begin(r.clock.begin) // from here on the witness is told
}

// close stops everything that has been started. It may be called again.
func (r *run) close() {
	if r.balancers != nil {
		r.balancers.close()
	}
	if r.backends != nil {
		_ = r.backends.Close()
	}
	r.balancers, r.backends = nil, nil
}

// timeout returns how long balancers wait for an answer: as long as an attempt may take, so that they learn of
// its time-out as simulated ones do. 0: for ever.
func (r *run) timeout() time.Duration {
	var longest time.Duration
	for n := range r.schedule {
		d := r.model.Request(uint64(n)).Deadline
		if d == 0 {
			longest = 0
			break
		}
		longest = max(longest, d)
	}
	if d := r.model.Retries().AttemptTimeout; d > 0 && (longest == 0 || d < longest) {
		return d
	}
	return longest
}

// measure drives the load and returns what came of it.
func (r *run) measure(ctx context.Context) (*Outcome, error) {
	began, cpu := time.Now(), cpuTime()
	late, path, err := r.attack(ctx)
	if err != nil {
		return nil, err
	}
	out := &Outcome{Slip: slipOf(late)}
	out.CPUPct = 100 * float64(cpuTime()-cpu) / float64(time.Since(began)) / float64(runtime.GOMAXPROCS(0))
	r.backends.Stats() // has them tell of the slot-time that they have not told of
	r.close()          // nothing more is to be journaled
	if len(path) >= MinPath {
		out.Path = quantile(path, 0.5)
	}
	recorder := measure.NewRecorder(r.recorderConfig())
	last := r.journal.tell(recorder, r.clock)
	out.Run = recorder.Finish(last)
	return out, out.Slip.check(out.Run.Values[measure.P50MS])
}

func (r *run) recorderConfig() measure.Config {
	cfg := measure.Config{Until: r.sc.Duration, Warmup: r.sc.Warmup, Stationary: r.sc.Stationary()}
	for _, b := range r.model.Backends() {
		cfg.Backends = append(cfg.Backends, measure.BackendInfo{Name: b.Name, Group: b.Group, Slots: float64(b.Slots)})
	}
	return cfg
}
