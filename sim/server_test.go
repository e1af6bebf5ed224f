package sim

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb/rng"
	"github.com/lbctl/lbctl/measure"
)

// plan is one backend and what befalls it.
type plan struct {
	slots, queue int
	speed        float64
	ps, drop     bool
	patience     float64 // deadline of every other request, ns
	jobs         []planJob
	changes      []planChange // in order of time, none overlapping
}

type planJob struct{ at, demand float64 } // ns

// planChange slows the backend down, or (factor 0) hangs, or (−1) crashes it, for a while.
type planChange struct{ from, to, factor float64 }

// fate is how a request ends.
type fate struct {
	how string
	at  float64 // ns
}

// TestServer holds backends against a model that goes from one happening to the next and works on
// every job by itself: both disciplines, slots, full queues, changes of speed, crashes, and clients
// that give up.
func TestServer(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(400) {
		p := drawPlan(rng.New(seed))
		want, gap := p.model()
		if gap < near {
			continue // two things at almost the same time: rounding decides what comes first
		}
		got := p.simulated(t)
		for i := range want {
			seen[want[i].how]++
			if got[i].how != want[i].how || math.Abs(got[i].at-want[i].at) > near {
				t.Fatalf("seed %d: request %d ended %+v, want %+v\n%+v", seed, i, got[i], want[i], p)
			}
		}
	}
	for _, e := range []measure.Ending{measure.OK, measure.Reset, measure.Refused, measure.Rejected, measure.TimedOut} {
		if seen[e.String()] < 50 {
			t.Errorf("only %d requests ended %v", seen[e.String()], e)
		}
	}
}

// near is how far the simulator may be off by rounding completions up to whole nanoseconds.
const near = 100

func drawPlan(r rng.Rand) plan {
	ms := func(from, to float64) float64 { return math.Round((from + (to-from)*r.Float64()) * 1e6) }
	p := plan{
		slots: 1 + r.Intn(3), queue: r.Intn(8), speed: []float64{0.5, 1, 1, 3}[r.Intn(4)],
		ps: r.Intn(2) == 0, drop: r.Intn(2) == 0, patience: ms(10, 60),
	}
	p.jobs = append(p.jobs, planJob{0, ms(0, 20)})
	for range 5 + r.Intn(40) {
		p.jobs = append(p.jobs, planJob{ms(0, 300), ms(0.1, 30)})
	}
	slices.SortFunc(p.jobs, func(a, b planJob) int { return cmp.Compare(a.at, b.at) })
	at := 0.0
	for range r.Intn(5) {
		from := at + ms(0, 60)
		at = from + ms(1, 60)
		p.changes = append(p.changes, planChange{from, at, []float64{-1, 0, 0.5, 2, 10}[r.Intn(5)]})
		at += ms(1, 5)
	}
	return p
}

func (p *plan) simulated(t *testing.T) []fate {
	var rows, faults strings.Builder
	for i, j := range p.jobs {
		fmt.Fprintf(&rows, "%.9f,,%s,%.6f\n", j.at/1e9, []string{"patient", "hasty"}[i%2], j.demand/1e6)
	}
	for _, c := range p.changes {
		kind := "crash: {}"
		switch {
		case c.factor == 0:
			kind = "hang: {}"
		case c.factor > 0:
			kind = fmt.Sprintf("slow: {factor: %g}", c.factor)
		}
		fmt.Fprintf(&faults, "{at: %v, for: %v, backend: b, %s}, ", time.Duration(c.from), time.Duration(c.to-c.from), kind)
	}
	discipline := map[bool]string{false: "fifo", true: "ps"}[p.ps]
	onCancel := map[bool]string{false: "finish", true: "drop"}[p.drop]
	sc := loadReplay(t, fmt.Sprintf(`
duration: 1s
warmup: 0s
arrivals: {replay: {file: log.csv, format: csv}}
clients: {deadline: 0s}
classes: [{name: patient, share_pct: 50}, {name: hasty, share_pct: 50, deadline: %v}]
backends: [{name: b, slots: %d, queue: %d, speed: %g, discipline: %s, on_cancel: %s}]
faults: [%s]
pool: {policy: random, health: {enabled: false}}
`, time.Duration(p.patience), p.slots, p.queue, p.speed, discipline, onCancel, faults.String()), rows.String())
	got := make([]fate, len(p.jobs))
	simulate(t, sc, 1, Options{Events: func(e Event) {
		if e.Kind == "end" {
			got[*e.Request] = fate{e.What, math.Round(e.AtS * 1e9)}
		}
	}})
	return got
}

// obvious is the model under way.
type obvious struct {
	*plan
	fates            []fate
	serving, waiting []work
	now              float64
	arrived          int
}

// work is a request inside the backend.
type work struct {
	number int
	left   float64 // demand, ns at speed 1
}

// model returns the fates of all requests, and the shortest time between two happenings: rounding
// could put those in another order.
func (p *plan) model() (fates []fate, gap float64) {
	o := obvious{plan: p, fates: make([]fate, len(p.jobs))}
	gap = math.Inf(1)
	for {
		next, happen := o.next()
		if happen == nil {
			return o.fates, gap
		}
		rate := o.rateAt(o.now, len(o.serving))
		for i := range o.serving {
			o.serving[i].left -= (next - o.now) * rate
		}
		if next > 0 {
			gap = min(gap, next-o.now)
		}
		o.now = next
		happen()
		for len(o.waiting) > 0 && (p.ps || len(o.serving) < p.slots) {
			o.serving = append(o.serving, o.waiting[0])
			o.waiting = o.waiting[1:]
		}
	}
}

// next returns what happens next; nil when nothing does any more.
func (o *obvious) next() (at float64, happen func()) {
	at = math.Inf(1)
	offer := func(t float64, do func()) {
		if t < at {
			at, happen = t, do
		}
	}
	if rate := o.rateAt(o.now, len(o.serving)); rate > 0 {
		for i, w := range o.serving {
			offer(o.now+w.left/rate, func() { o.completes(i) })
		}
	}
	if o.arrived < len(o.jobs) {
		offer(o.jobs[o.arrived].at, o.arrives)
	}
	for _, c := range o.changes {
		if c.from > o.now {
			offer(c.from, o.changed)
		}
		if c.to > o.now {
			offer(c.to, o.changed)
		}
	}
	for i := 1; i < o.arrived; i += 2 {
		if o.fates[i] == (fate{}) {
			offer(o.jobs[i].at+o.patience, func() { o.givesUp(i) })
		}
	}
	return at, happen
}

// ends notes how a request ended, unless its client has given up.
func (o *obvious) ends(number int, how string) {
	if o.fates[number] == (fate{}) {
		o.fates[number] = fate{how, o.now}
	}
}

func (o *obvious) completes(i int) {
	o.ends(o.serving[i].number, "ok")
	o.serving = slices.Delete(o.serving, i, i+1)
}

func (o *obvious) arrives() {
	switch {
	case o.factorAt(o.now) < 0:
		o.ends(o.arrived, "refused")
	case len(o.serving)+len(o.waiting) >= o.slots+o.queue:
		o.ends(o.arrived, "rejected")
	default:
		o.waiting = append(o.waiting, work{o.arrived, o.jobs[o.arrived].demand})
	}
	o.arrived++
}

func (o *obvious) changed() {
	if o.factorAt(o.now) >= 0 {
		return
	}
	for _, w := range append(o.serving, o.waiting...) {
		o.ends(w.number, "reset")
	}
	o.serving, o.waiting = nil, nil
}

func (o *obvious) givesUp(number int) {
	o.ends(number, "timed_out")
	if o.drop {
		is := func(w work) bool { return w.number == number }
		o.serving, o.waiting = slices.DeleteFunc(o.serving, is), slices.DeleteFunc(o.waiting, is)
	}
}

// factorAt returns the factor that is in force: 1 for none.
func (p *plan) factorAt(now float64) float64 {
	for _, c := range p.changes {
		if c.from <= now && now < c.to {
			return c.factor
		}
	}
	return 1
}

// rateAt returns how fast each of n jobs is served.
func (p *plan) rateAt(now float64, n int) float64 {
	f := p.factorAt(now)
	if f <= 0 {
		return 0
	}
	rate := p.speed / f
	if p.ps && n > p.slots {
		rate *= float64(p.slots) / float64(n)
	}
	return rate
}
