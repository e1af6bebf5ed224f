package policy

import (
	"math"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
	"github.com/lbctl/lbctl/lb/stats"
)

// PeakEWMA takes, of a few backends drawn uniformly at random, the one with the least
//
//	peak-sensitive average of the response time · (in-flight+1) / weight · penalty
//
// (Finagle's PeakEwma balancer; Linkerd's default). The average jumps up to a slower answer at
// once and comes down with time constant Decay. It learns from this balancer's own
// answers only; no cooperation of the backend is needed. Slow start lowers the weight
// and so makes a backend look slower.
//
// Without data an idle backend counts as taking DefaultRTT, which fades like any average from when it was first
// looked at, lest backends faster than that keep it out for good; one with
// attempts outstanding counts as slower than any with data (Finagle), which
// sends a newcomer one attempt and waits what comes of it.
//
// The floor of exploration: reading decays as well, down to 1 ns, so a backend
// that was c times slower than the rest and gets no traffic is tried again
// within Decay·ln c of silence whenever it is drawn (c = 100: 46 s), and one good
// answer then replaces what is left of the old average. That is what keeps it out of
// the trap of traefik issue 12306.
//
// Failures never make a backend look faster (tellsTime), and the penalty makes
// one that fails often look slower (see failureRate); Linkerd likewise records failures as slow.
type PeakEWMA struct {
	Choices    int           `yaml:"choices" min:"0" max:"16" doc:"backends to sample (d); 0 compares all of them"`
	Decay      time.Duration `yaml:"decay" min:"1ms" max:"1h" doc:"time constant with which a peak is forgotten"`
	DefaultRTT time.Duration `yaml:"default_rtt" min:"1us" max:"1h" doc:"response time assumed of a backend never heard of"`
}

// New returns a fresh policy.
func (s PeakEWMA) New() lb.Policy { return &peakEWMA{spec: s} }

type peakEWMA struct {
	spec  PeakEWMA
	peaks kept[peak]
}

// peak is what the policy remembers of one backend. Padded to a cache line.
type peak struct {
	rtt      stats.PeakEWMA
	failures failureRate
	looked   atomic.Int64 // Time+1 of the first look at it; 0: none yet
	_        [32]byte
}

// assumed returns the response time assumed of a backend that never answered.
func (k *peak) assumed(now lb.Time, spec *PeakEWMA) float64 {
	k.looked.CompareAndSwap(0, int64(now)+1)
	age := max(0, int64(now)+1-k.looked.Load())
	return max(1, float64(spec.DefaultRTT)*math.Exp(-float64(age)/float64(spec.Decay)))
}

func (*peakEWMA) Name() string { return "peak_ewma" }

func (p *peakEWMA) Build(s *lb.Snapshot) lb.Picker {
	return &peakEWMAPicker{spec: p.spec, members: s.Members(), peaks: p.peaks.members(s), field: newField(s, p.spec.Choices)}
}

type peakEWMAPicker struct {
	spec    PeakEWMA
	members []lb.Member
	peaks   []*peak
	field   field
}

func (p *peakEWMAPicker) Observe(i int, now lb.Time, latency time.Duration, o lb.Outcome) {
	k := p.peaks[i]
	k.failures.observe(now, o.Verdict)
	if average, known := k.rtt.Value(now, p.spec.Decay); tellsTime(o.Verdict, latency, average, known) {
		k.rtt.Observe(now, latency, p.spec.Decay)
	}
}

func (p *peakEWMAPicker) Pick(now lb.Time, _ lb.Request, r *rng.Rand, tr *lb.Trace) int {
	var buf [maxChoices]int
	best := noneYet()
	for _, i := range p.field.draw(r, &buf) {
		score := p.score(i, now)
		if tr.Detailed() {
			tr.Score(i, score/1e6, p.note(i, now)) // in ms
		}
		best.offer(i, score, r)
	}
	if tr != nil {
		best.explain(tr, "least peak response time · (in-flight+1) / weight")
	}
	return best.index
}

// untriedBusy is what Finagle adds to the load of a backend that has attempts outstanding but never
// answered, in nanoseconds: 39 hours, more than any average.
const untriedBusy = float64(math.MaxInt64 >> 16)

func (p *peakEWMAPicker) score(i int, now lb.Time) float64 {
	m, k := p.members[i], p.peaks[i]
	inflight := float64(m.InFlight())
	rtt, known := k.rtt.Value(now, p.spec.Decay)
	load := max(rtt, 1) * (inflight + 1)
	if !known {
		load = k.assumed(now, &p.spec)
		if inflight > 0 {
			load = untriedBusy + inflight
		}
	}
	return load / m.Weight * k.failures.penalty(now)
}

func (p *peakEWMAPicker) note(i int, now lb.Time) string {
	note := "no answer yet"
	if rtt, known := p.peaks[i].rtt.Value(now, p.spec.Decay); known {
		note = "peak average " + millis(rtt)
	}
	return note + p.peaks[i].failures.note(now)
}

// millis renders nanoseconds for a trace.
func millis(ns float64) string { return strconv.FormatFloat(ns/1e6, 'g', 4, 64) + " ms" }
