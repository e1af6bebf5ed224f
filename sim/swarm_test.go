package sim

import (
	"context"
	"flag"
	"math"
	"testing"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/health"
	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

var (
	swarmSeeds = flag.Int("swarm.seeds", 300, "scenarios that TestSwarm draws")
	swarmSeed  = flag.Uint64("swarm.seed", 0, "the first of their seeds; alone unless swarm.seeds is given")
)

// TestSwarm draws scenarios, policies and faults and holds every run to what must always be so.
func TestSwarm(t *testing.T) {
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	seeds := *swarmSeeds
	if given["swarm.seed"] && !given["swarm.seeds"] {
		seeds = 1
	}
	if testing.Short() || raceDetector {
		seeds = min(seeds, 50)
	}
	for i := range uint64(seeds) {
		if swarmOne(t, *swarmSeed+i); t.Failed() {
			return
		}
	}
}

func swarmOne(t *testing.T, seed uint64) {
	d := drawScenario(seed)
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("panic: %v", p)
		}
		if t.Failed() {
			t.Logf("%s\n%.500s\nrepeat it with: go test ./sim -run TestSwarm -swarm.seed=%d", d.yaml.String(), d.rows, seed)
		}
	}()
	sc := loadReplay(t, d.yaml.String(), d.rows)
	watched := newWatch(t, d, sc)
	run := watched.simulate()
	plain, err := Run(context.Background(), sc, seed, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if render(run) != render(plain) {
		t.Errorf("another run of the seed, unwatched, gives something else:\n%.3000s\n%.3000s", render(run), render(plain))
	}
	watched.checkEnd(run)
	if d.calm {
		watched.checkLiveness()
	}
}

// watch follows a run from outside.
type watch struct {
	*testing.T
	draft    *draft
	sc       *scenarios.Scenario
	model    *scenarios.Model
	world    *world
	backends map[string]int
	picked   string // by the last explanation
	lives    map[uint64]*life
	last     float64 // time of the last event
	late     []int   // attempts in the last third, by backend
}

// life is a request as the events tell it.
type life struct {
	try      int
	underway bool
	answered float64 // when the last try was, seconds
	ended    bool
}

func newWatch(t *testing.T, d *draft, sc *scenarios.Scenario) *watch {
	w := &watch{T: t, draft: d, sc: sc, model: sc.Model(d.seed), backends: map[string]int{}, lives: map[uint64]*life{}}
	for i, b := range w.model.Backends() {
		w.backends[b.Name] = i
	}
	w.late = make([]int, len(w.backends))
	return w
}

// simulate is Run, but leaves the world behind to look at.
func (w *watch) simulate() *measure.Run {
	var err error
	w.world, err = newWorld(w.sc, Options{Events: w.event, Explain: w.explained}, w.draft.seed)
	if err != nil {
		w.Fatal(err)
	}
	var backends []*lb.Backend // of all balancers: at the start they are all eligible
	for _, b := range w.world.balancers {
		for _, m := range b.plane.Snapshot().Members() {
			backends = append(backends, m.Backend)
		}
	}
	if want := len(w.backends) * w.sc.Balancers; len(backends) != want {
		w.Errorf("%d backends at the start, want %d", len(backends), want)
	}
	w.world.run(func() bool { return false })
	for _, b := range backends {
		if b.InFlight() != 0 {
			w.Errorf("%s has %d in flight after the end", b.Name(), b.InFlight())
		}
	}
	run := w.world.recorder.Finish(w.world.now)
	run.EventHash = w.world.hash
	return run
}

// explained checks a pick: only backends that may be picked are.
func (w *watch) explained(x Explanation) {
	w.picked = x.Trace.Chosen()
	if w.picked == "" {
		return
	}
	if x.States[w.backends[w.picked]] == health.Unhealthy && !x.Trace.Panic {
		w.Errorf("%v: request %d goes to %s, which is unhealthy", x.At, x.Request, w.picked)
	}
	for _, e := range x.Trace.Excluded {
		if e.Backend == w.picked {
			w.Errorf("%v: request %d goes to %s, which is excluded: %s", x.At, x.Request, w.picked, e.Reason)
		}
	}
}

func (w *watch) event(e Event) {
	if e.AtS < w.last {
		w.Errorf("time runs backwards from %v to %v s", w.last, e.AtS)
	}
	w.last = e.AtS
	if e.Request == nil {
		return
	}
	l := w.lives[*e.Request]
	if l == nil {
		l = &life{try: -1}
		w.lives[*e.Request] = l
	}
	if l.ended {
		w.Errorf("request %d: %s after its end", *e.Request, e.Kind)
	}
	switch e.Kind {
	case "send":
		w.sent(e, l)
	case "answer":
		w.answered(e, l)
	case "end":
		w.ended(e, l)
	}
}

func (w *watch) sent(e Event, l *life) {
	switch {
	case l.underway:
		w.Errorf("request %d: try %d while another is under way", *e.Request, e.Try)
	case e.Try <= l.try || e.Try > w.model.Retries().Max:
		w.Errorf("request %d: try %d after %d, of %d", *e.Request, e.Try, l.try, w.model.Retries().Max)
	case e.Try > 0 && e.Try == l.try+1: // else one in between found no backend
		wait := w.model.Backoff(*e.Request, e.Try).Seconds()
		if math.Abs(e.AtS-l.answered-wait) > 1e-7 {
			w.Errorf("request %d: try %d %v s after the last, want %v", *e.Request, e.Try, e.AtS-l.answered, wait)
		}
	}
	if e.Backend != w.picked {
		w.Errorf("request %d goes to %s, picked is %s", *e.Request, e.Backend, w.picked)
	}
	if e.AtS > w.draft.duration.Seconds()*2/3 {
		w.late[w.backends[e.Backend]]++
	}
	l.try, l.underway = e.Try, true
}

func (w *watch) answered(e Event, l *life) {
	if !l.underway || e.Try != l.try {
		w.Errorf("request %d: an answer to try %d, which is not under way", *e.Request, e.Try)
	}
	l.underway, l.answered = false, e.AtS
}

func (w *watch) ended(e Event, l *life) {
	if l.underway && e.What != measure.Unfinished.String() {
		w.Errorf("request %d ends %s while a try is under way", *e.Request, e.What)
	}
	if d := w.model.Request(*e.Request).Deadline; d > 0 && e.LatencyMS > d.Seconds()*1e3+1e-6 {
		w.Errorf("request %d ends after %v ms, its deadline is %v", *e.Request, e.LatencyMS, d)
	}
	if e.Try > w.model.Retries().Max {
		w.Errorf("request %d: %d retries of %d", *e.Request, e.Try, w.model.Retries().Max)
	}
	l.ended = true
}

// checkEnd compares what was seen with what was recorded.
func (w *watch) checkEnd(run *measure.Run) {
	if !run.Little.Holds {
		w.Errorf("Little's law does not hold: %+v", run.Little)
	}
	var offered, ended uint64
	for _, win := range run.TimeLine {
		offered += win.Offered
		ended += win.OK + win.Errors
	}
	for n, l := range w.lives {
		if !l.ended {
			w.Errorf("request %d never ended", n)
		}
	}
	if n := uint64(len(w.lives)); offered != n || ended != n || n == 0 {
		w.Errorf("%d requests seen, %d recorded, %d of them ended", n, offered, ended)
	}
	share := 0.0
	for _, b := range run.Backends {
		share += b.Values[measure.SharePct]
		if u := b.Values[measure.UtilizationPct]; !(u >= 0 && u <= 100.0001) {
			w.Errorf("%s is used to %v%%", b.Name, u)
		}
	}
	if share != 0 && math.Abs(share-100) > 1e-6 {
		w.Errorf("shares sum to %v%%", share)
	}
}

// checkLiveness looks at the last third of a run, long after the faults: every backend must be in use again.
func (w *watch) checkLiveness() {
	total := 0
	for _, n := range w.late {
		total += n
	}
	if total < 30*len(w.late) {
		return // too few to tell
	}
	for name, i := range w.backends {
		if w.late[i] == 0 {
			w.Errorf("%s gets none of the last %d attempts (%v)", name, total, w.late)
		}
	}
}
