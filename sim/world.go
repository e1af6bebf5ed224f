package sim

import (
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

// The kinds of events. a and b are named in the comments.
const (
	evRetry       kind = iota // a request's next try is due: request, generation
	evDeadline                // a request's time is up: request, generation
	evTryTimeout              // a try's time is up: attempt, generation
	evDeliver                 // an attempt reaches its backend: attempt
	evComplete                // a backend's first job ends: backend, generation
	evEarly                   // a backend answers with an error without serving: attempt, generation
	evAnswer                  // an attempt's answer reaches the balancer: attempt
	evUser                    // a closed-loop user makes a request: user
	evCondition               // a backend's condition changes: backend
	evControl                 // a balancer's control plane has a deadline: balancer
	evProbe                   // a health probe reaches its backend: message
	evProbeAnswer             // its answer comes back: message
	evLoadProbe               // a load probe reaches its backend: message
	evReport                  // a backend's report reaches the balancer: message
	evClose                   // a window of the time line is over
)

// world is the state of one run.
type world struct {
	kernel
	model    *scenarios.Model
	opts     Options
	recorder *measure.Recorder
	until    lb.Time // no request starts at or after this

	arrivals    *scenarios.Arrivals // nil: closed loop
	nextArrival lb.Time
	nextNumber  uint64 // of the next open-loop request
	userTurns   []uint64

	balancers []*balancer
	servers   []server
	retries   scenarios.Retries
	requests  slab[request]
	attempts  slab[attempt]
	messages  slab[message]
	carried   []lb.Report // by attempts that are answering
	idle      rng.Rand    // which dispatcher a backend that turns idle reports to
	probeLuck uint64      // seed of what decides whether a health probe meets an error

	inSystem  int
	closed    int64 // windows of the time line that are over, or about to be
	anyProber bool  // some policy asks for latency reports
	anyReport bool  // some policy reads what backends report of themselves
	anyIdle   bool  // some policy listens for idle backends
	hash      uint64
	stale     int // events of the heap that will not happen, about: those that have come due since still count
}

// slab hands out numbered records and takes them back, so that memory follows what is under way
// and not what has been.
type slab[T any] struct {
	records []T
	free    []uint32
}

func (s *slab[T]) get() uint32 {
	if n := len(s.free); n > 0 {
		i := s.free[n-1]
		s.free = s.free[:n-1]
		return i
	}
	var zero T
	s.records = append(s.records, zero)
	return uint32(len(s.records) - 1)
}

func (s *slab[T]) put(i uint32) { s.free = append(s.free, i) }

func (s *slab[T]) at(i uint32) *T { return &s.records[i] }

// newWorld sets everything up for time 0.
func newWorld(sc *scenarios.Scenario, opts Options, seed uint64) (*world, error) {
	m := sc.Model(seed)
	w := &world{model: m, opts: opts, until: lb.Time(sc.Duration), retries: m.Retries()}
	w.idle = rng.Stream(seed, "idle reports")
	w.probeLuck = rng.Mix(seed, rng.Hash("health probes"))
	w.recorder = measure.NewRecorder(recorderConfig(sc, m))
	w.buildServers()
	if err := w.buildBalancers(sc, seed); err != nil {
		return nil, err
	}
	w.startConditions()
	w.startArrivals()
	w.announceIdle()
	w.awaitClose()
	return w, nil
}

func recorderConfig(sc *scenarios.Scenario, m *scenarios.Model) measure.Config {
	cfg := measure.Config{Until: sc.Duration, Warmup: sc.Warmup, Stationary: sc.Stationary()}
	for _, b := range m.Backends() {
		cfg.Backends = append(cfg.Backends, measure.BackendInfo{Name: b.Name, Group: b.Group, Slots: float64(b.Slots)})
	}
	return cfg
}

func (w *world) startArrivals() {
	w.nextArrival = lb.Never
	if w.arrivals = w.model.Arrivals(); w.arrivals != nil {
		w.advanceArrivals()
		return
	}
	w.userTurns = make([]uint64, w.model.Users())
	for u := range w.userTurns {
		w.schedule(lb.Time(w.model.Think(uint64(u))), evUser, uint32(u), 0)
	}
}

func (w *world) advanceArrivals() {
	at, ok := w.arrivals.Next()
	if !ok || at >= w.until {
		at = lb.Never
	}
	w.nextArrival = at
}

// drainLimit is how much longer than the scenario a run may go on to let
// requests finish; what is still under way then ends as measure.Unfinished.
func drainLimit(until lb.Time) lb.Time { return until.Add(max(time.Duration(until), 10*time.Second)) }

// interruptEvery is how many events pass between two looks at whether to stop.
const interruptEvery = 1 << 16

// run lets time pass until all requests have ended. stop is asked now and then whether to give up.
func (w *world) run(stop func() bool) bool {
	limit := drainLimit(w.until)
	for steps := uint64(1); ; steps++ {
		if steps%interruptEvery == 0 && stop() {
			return false
		}
		next, lane := w.peek()
		if next == nil || w.nextArrival < next.at { // what is scheduled for the same moment comes first: faults start on time
			if w.nextArrival == lb.Never {
				break // nothing is left to happen
			}
			w.now = w.nextArrival
			w.arrive()
			continue
		}
		if next.at >= w.until && w.inSystem == 0 && w.nextArrival == lb.Never || next.at > limit {
			break
		}
		e := w.pop(lane)
		w.now = e.at
		w.hash = (w.hash ^ uint64(e.at) ^ uint64(e.kind())<<56 ^ uint64(e.a)<<24) * 0x9e3779b97f4a7c15
		w.dispatch(e)
	}
	w.giveUp()
	return true
}

func (w *world) dispatch(e event) {
	switch e.kind() {
	case evComplete:
		w.complete(e.a, e.b)
	case evDeadline:
		w.deadline(e.a, e.b)
	case evTryTimeout:
		w.tryTimeout(e.a, e.b)
	case evDeliver:
		w.deliver(e.a)
	case evAnswer:
		w.answered(e.a, w.carried[e.a])
	case evEarly:
		w.early(e.a, e.b)
	case evRetry:
		w.retry(e.a, e.b)
	case evUser:
		w.userTurn(e.a)
	case evCondition:
		w.changeCondition(e.a)
	case evControl:
		w.control(e.a)
	case evProbe:
		w.probeArrives(e.a)
	case evProbeAnswer:
		w.probeAnswered(e.a)
	case evLoadProbe:
		w.loadProbeArrives(e.a)
	case evReport:
		w.reportArrives(e.a)
	case evClose:
		w.closeBooks()
	}
}
