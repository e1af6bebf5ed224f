package policy_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/policy"
)

// scribe is a model's memory: everything that ever happened to each backend,
// from which the models compute their averages anew for each pick.
type scribe struct {
	now      lb.Time
	ended    map[lb.BackendID][]ending
	reports  []word                // out of band, in order
	returned map[lb.BackendID]bool // from a drain; the models may clear it
}

// ending is how an attempt ended, unless canceled.
type ending struct {
	at      lb.Time
	latency time.Duration
	outcome lb.Outcome
}

type word struct {
	id      lb.BackendID
	at      lb.Time
	rep     lb.Report
	members int // of the snapshot
}

// live sends random attempts, outcomes, reports, pauses and drains through a pool, writes them down, and shows each
// pick to check. Verdicts and reports are drawn; the clock never stands still.
func live(t *rapid.T, r *rig, verdicts []lb.Verdict, check func(*scribe, choice)) {
	book := &scribe{ended: map[lb.BackendID][]ending{}, returned: map[lb.BackendID]bool{}}
	anyone := rapid.IntRange(0, len(r.balancer.Snapshot().Members())-1)
	pauses := []time.Duration{1, 1, 1, time.Millisecond, time.Millisecond, 70 * time.Millisecond, 300 * time.Millisecond, 11 * time.Second}
	for range rapid.IntRange(1, 80).Draw(t, "steps") {
		r.now = r.now.Add(rapid.SampledFrom(pauses).Draw(t, "pause"))
		book.now = r.now
		switch do := rapid.IntRange(0, 11).Draw(t, "do"); {
		case do == 0:
			id := lb.BackendID(anyone.Draw(t, "backend"))
			away := r.balancer.Snapshot().Index(id) < 0
			r.step(t, lb.SetDrain{Backend: id, Drain: rapid.Bool().Draw(t, "drain")})
			book.returned[id] = book.returned[id] || away && r.balancer.Snapshot().Index(id) >= 0
		case do < 5:
			r.endOne(t, book, verdicts)
		case do < 8:
			w := word{lb.BackendID(anyone.Draw(t, "backend")), r.now, anyReport(t), len(r.balancer.Snapshot().Members())}
			r.balancer.Report(w.id, w.at, w.rep)
			if r.balancer.Snapshot().Index(w.id) >= 0 {
				book.reports = append(book.reports, w)
			}
		default:
			r.pickOne(t, func(c choice) { check(book, c) })
		}
	}
}

func anyReport(t *rapid.T) lb.Report {
	return lb.Report{
		Valid:    true,
		InFlight: int32(rapid.IntRange(0, 12).Draw(t, "inflight")),
		Latency:  time.Duration(rapid.IntRange(0, 5).Draw(t, "latency")) * time.Millisecond,
		Service:  time.Duration(rapid.IntRange(0, 3).Draw(t, "service")) * time.Millisecond,
	}
}

func (r *rig) endOne(t *rapid.T, book *scribe, verdicts []lb.Verdict) {
	if len(r.leases) == 0 {
		return
	}
	k := rapid.IntRange(0, len(r.leases)-1).Draw(t, "which")
	o := lb.Outcome{Verdict: rapid.SampledFrom(verdicts).Draw(t, "verdict")}
	if rapid.Bool().Draw(t, "reports") {
		o.Report = anyReport(t)
	}
	l := r.leases[k]
	r.leases = slices.Delete(r.leases, k, k+1)
	r.balancer.Done(l, r.now, o)
	if id := l.Backend().ID(); o.Verdict != lb.Canceled {
		book.ended[id] = append(book.ended[id], ending{r.now, r.now.Sub(l.Started()), o})
	}
}

var allVerdicts = []lb.Verdict{lb.Success, lb.Success, lb.Success, lb.Failure, lb.Timeout, lb.Refused, lb.Canceled}

// penalty replays (1/(1−f))³, f fading with time constant 10 s and moving by a tenth.
func (b *scribe) penalty(id lb.BackendID) float64 {
	f, last := 0.0, lb.Time(0)
	for _, e := range b.ended[id] {
		f *= math.Exp(-(e.at - last).Seconds() / 10)
		last = e.at
		if e.outcome.Verdict == lb.Success {
			f *= 0.9
		} else {
			f = 0.1 + 0.9*f
		}
	}
	f *= math.Exp(-(b.now - last).Seconds() / 10)
	return math.Pow(max(0.01, 1-f), -3)
}

// responseTime replays an average in which the newest sample has the given weight
// and older ones are halved for each 10 s of silence; belief is the halving due now.
func (b *scribe) responseTime(id lb.BackendID, weight float64) (ns, belief float64, known bool) {
	last := lb.Time(0)
	for _, e := range b.ended[id] {
		switch {
		case !known && (e.outcome.Verdict == lb.Success || e.outcome.Verdict == lb.Timeout):
			ns, known, last = float64(e.latency), true, e.at
		case known && (e.outcome.Verdict == lb.Success || float64(e.latency) > ns):
			old := (1 - weight) * math.Exp2(-math.Floor((e.at-last).Seconds()/10))
			ns, last = old*ns+(1-old)*float64(e.latency), e.at
		}
	}
	return ns, math.Exp2(-math.Floor((b.now - last).Seconds() / 10)), known
}

// leastOf checks that the choice has the least of the model's scores among the candidates of
// the trace. The tolerance covers the resolution of the failure rate's clock.
func leastOf(t *rapid.T, c choice, candidates int, score func(view) float64) {
	if len(c.trace.Candidates) != candidates {
		t.Fatalf("%d candidates, want %d", len(c.trace.Candidates), candidates)
	}
	least := math.Inf(1)
	for _, k := range c.trace.Candidates {
		least = min(least, score(c.members[k.Index]))
	}
	if got := score(c.members[c.index]); got > least*1.02 {
		t.Fatalf("chose a score of %g, the least is %g\n%s", got, least, c.trace)
	}
}

func TestLeastTimeModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		weight := rapid.SampledFrom([]float64{0.1, 0.5, 1}).Draw(rt, "ewma_weight")
		live(rt, newRig(t, &policy.LeastTime{EWMAWeight: weight}, modelWeights().Draw(rt, "weights")...), allVerdicts, func(b *scribe, c choice) {
			sum, n := 0.0, 0.0
			for _, m := range c.members {
				if ns, belief, known := b.responseTime(m.id, weight); known {
					sum, n = sum+ns*belief, n+1
				}
			}
			leastOf(rt, c, len(c.members), func(m view) float64 {
				ns, belief, known := b.responseTime(m.id, weight)
				ns *= belief
				if !known && n > 0 {
					ns = sum / n
				} else if !known {
					ns = 1
				}
				return ns * float64(m.inflight+1) / m.weight * b.penalty(m.id)
			})
		})
	})
}

func TestPeakEWMAModel(t *testing.T) {
	const decay, defaultRTT = 10 * time.Second, 30 * time.Millisecond
	rapid.Check(t, func(rt *rapid.T) {
		choices := rapid.IntRange(0, 4).Draw(rt, "choices")
		spec := &policy.PeakEWMA{Choices: choices, Decay: decay, DefaultRTT: defaultRTT}
		looked := map[lb.BackendID]lb.Time{}
		live(rt, newRig(t, spec, modelWeights().Draw(rt, "weights")...), allVerdicts, func(b *scribe, c choice) {
			candidates := len(c.members)
			if choices > 0 {
				candidates = min(choices, candidates)
			}
			leastOf(rt, c, candidates, func(m view) float64 {
				cost, known := b.peak(m.id, decay)
				if _, ok := looked[m.id]; !ok && !known {
					looked[m.id] = b.now
				}
				switch {
				case known:
					cost = max(cost, 1) * float64(m.inflight+1)
				case m.inflight == 0:
					cost = max(1, float64(defaultRTT)*math.Exp(-float64(b.now-looked[m.id])/float64(decay)))
				default:
					cost = 1e14 * (1.4 + float64(m.inflight)/1e14)
				}
				return cost / m.weight * b.penalty(m.id)
			})
		})
	})
}

// TestPeakEWMASpreadsOverNewcomers: of backends that never answered, the one with
// the least in flight; too fine a difference for the model's tolerance.
func TestPeakEWMASpreadsOverNewcomers(t *testing.T) {
	r := newRig(t, &policy.PeakEWMA{Choices: 0, Decay: time.Second, DefaultRTT: time.Second}, evenWeights(5)...)
	for k := range 50 {
		if _, err := r.balancer.Pick(0, r.request(), &r.rand, nil); err != nil {
			t.Fatal(err)
		}
		for _, m := range r.views() {
			if most := k/5 + 1; m.inflight > most {
				t.Fatalf("after %d picks %d in flight at one of five", k+1, m.inflight)
			}
		}
	}
}

// peak replays Finagle's average.
func (b *scribe) peak(id lb.BackendID, decay time.Duration) (ns float64, known bool) {
	last := lb.Time(0)
	fade := func(now lb.Time) float64 { return math.Exp(-float64(now-last) / float64(decay)) }
	for _, e := range b.ended[id] {
		good, first := e.outcome.Verdict == lb.Success, !known && e.outcome.Verdict == lb.Timeout
		latency, w := float64(e.latency), fade(e.at)
		switch {
		case !known && (good || first), known && latency > ns:
			// A failure between the average and its faded reading makes the backend look slower too.
			ns, known, last = max(1, latency), true, e.at
		case known && (good || latency > ns*w):
			ns, last = ns*w+latency*(1-w), e.at
		}
	}
	return ns * fade(b.now), known
}

func TestC3Model(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		spec := &policy.C3{Feedback: "answers", Choices: rapid.IntRange(0, 4).Draw(rt, "choices"), Probing: policy.DefaultProbing()}
		live(rt, newRig(t, spec, modelWeights().Draw(rt, "weights")...), allVerdicts, func(b *scribe, c choice) {
			candidates := len(c.members)
			if spec.Choices > 0 {
				candidates = min(spec.Choices, candidates)
			}
			sumR, sumS, n := 0.0, 0.0, 0.0
			for _, k := range c.trace.Candidates {
				if response, service, _, known := b.c3(c.members[k.Index].id); known {
					sumR, sumS, n = sumR+response, sumS+service, n+1
				}
			}
			leastOf(rt, c, candidates, func(m view) float64 {
				response, service, q, known := b.c3(m.id)
				if !known && n > 0 {
					response = sumR / n
				}
				if !known && n > 0 && service == 0 {
					service = sumS / n
				}
				if !known && n == 0 {
					response = 1e6
				}
				if service == 0 {
					service = 1e6
				}
				cube := math.Pow(1+float64(m.inflight)+q, 3)
				return (response - service + cube*service) / m.weight * b.penalty(m.id)
			})
		})
	})
}

// c3 replays R, s and q with weight 0.9 on the newest sample.
func (b *scribe) c3(id lb.BackendID) (response, service, q float64, known bool) {
	response, belief, known := b.responseTime(id, 0.9)
	any, served := false, false
	for _, e := range b.ended[id] {
		if rep := e.outcome.Report; rep.Valid {
			q = average(q, float64(rep.InFlight), any)
			any = true
			if rep.Service > 0 {
				service = average(service, float64(rep.Service), served)
				served = true
			}
		}
	}
	if !served && known {
		service = response
	}
	return response * belief, service * belief, q * belief, known
}

func average(old, v float64, any bool) float64 {
	if !any {
		return v
	}
	return 0.1*old + 0.9*v
}

func TestJoinIdleQueueModel(t *testing.T) {
	for _, source := range []string{"local", "reports"} {
		t.Run(source, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				spec := &policy.JoinIdleQueue{Source: source}
				claimed := map[lb.BackendID]lb.Time{} // when a pick last used up what was known
				live(rt, newRig(t, spec, modelWeights().Draw(rt, "weights")...), allVerdicts, func(b *scribe, c choice) {
					var idle []lb.BackendID
					for _, m := range c.members {
						// Whoever comes back from a drain is taken for idle once, for safety.
						local := source == "local" && (m.inflight == 0 || b.returned[m.id])
						if local || source == "reports" && b.saysIdle(m.id, claimed) {
							idle = append(idle, m.id)
						}
					}
					chosen := c.members[c.index].id
					known := !strings.HasPrefix(c.trace.Rule, "nobody")
					if known != (len(idle) > 0) || known && !slices.Contains(idle, chosen) {
						rt.Fatalf("chose %d, idle are %v\n%s", chosen, idle, c.trace)
					}
					claimed[chosen] = b.now
					delete(b.returned, chosen)
				})
			})
		})
	}
}

// saysIdle replays the reports: the last one since the last claim says idle.
func (b *scribe) saysIdle(id lb.BackendID, claimed map[lb.BackendID]lb.Time) bool {
	idle := false
	for _, w := range b.reports {
		if w.id == id && w.at > claimed[id] {
			idle = w.rep.InFlight == 0
		}
	}
	return idle
}
