package scenarios

import (
	"math"
	"strconv"
	"time"

	"github.com/lbctl/lbctl/config/strict"
	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// arrivalsSpec is the arrivals: block.
type arrivalsSpec struct {
	_          struct{}        `union:"pattern"`
	Constant   *rateSpec       `yaml:"constant" doc:"evenly spaced"`
	Poisson    *rateSpec       `yaml:"poisson" doc:"independent requests at a constant rate"`
	MMPP       *mmppSpec       `yaml:"mmpp" doc:"Markov-modulated Poisson: bursts"`
	Ramp       *rampSpec       `yaml:"ramp" doc:"Poisson at a rate that changes linearly, then stays"`
	Steps      stepList        `yaml:"steps" minitems:"1" maxitems:"1000" doc:"Poisson at a rate that jumps"`
	Diurnal    *diurnalSpec    `yaml:"diurnal" doc:"Poisson at a rate that swings as between night and day; starts at the lowest"`
	FlashCrowd *flashCrowdSpec `yaml:"flash_crowd" doc:"Poisson at a rate that rises to a peak and falls again"`
	ClosedLoop *closedLoopSpec `yaml:"closed_loop" doc:"users who wait for an answer, think, and ask again"`
	Replay     *replaySpec     `yaml:"replay" doc:"recorded arrivals"`
}

// rateSpec is a rate in one of two units.
type rateSpec struct {
	RateRPS *float64 `yaml:"rate_rps" min:"0" max:"50000000" unit:"rps" doc:"requests a second"`
	LoadPct *float64 `yaml:"load_pct" min:"0" max:"100000" unit:"%" doc:"rate in per cent of the capacity: slots·speed of all backends over the mean demand"`
}

// Check sees to it that one unit is used.
func (s *rateSpec) Check(r *strict.Reporter) {
	switch {
	case s.RateRPS == nil && s.LoadPct == nil:
		r.Errorf("", "expected exactly one of rate_rps, load_pct; got none")
	case s.RateRPS != nil && s.LoadPct != nil:
		r.Errorf("", "expected exactly one of rate_rps, load_pct; got both")
	}
}

// rps returns the rate in requests a second.
func (s *rateSpec) rps(capacity float64) float64 {
	if s.RateRPS != nil {
		return *s.RateRPS
	}
	return *s.LoadPct / 100 * capacity
}

type mmppSpec struct {
	States []mmppState `yaml:"states" required:"true" minitems:"2" maxitems:"16" doc:"states, visited in turn"`
}

type mmppState struct {
	Rate     rateSpec      `yaml:",inline"`
	MeanStay time.Duration `yaml:"mean_stay" required:"true" min:"1ms" max:"24h" doc:"mean time in the state, exponential"`
}

type rampSpec struct {
	From rateSpec       `yaml:"from" required:"true" doc:"rate at the start"`
	To   rateSpec       `yaml:"to" required:"true" doc:"rate at the end"`
	Over *time.Duration `yaml:"over" min:"1ms" max:"24h" doc:"how long the change takes; the whole run when absent"`
}

type stepSpec struct {
	At   time.Duration `yaml:"at" max:"24h" doc:"from when on; the first step is at 0s"`
	Rate rateSpec      `yaml:",inline"`
}

type stepList []stepSpec

// Check sees to the order of the steps.
func (l *stepList) Check(r *strict.Reporter) {
	for i, s := range *l {
		at := "[" + strconv.Itoa(i) + "].at"
		switch {
		case i == 0 && s.At != 0:
			r.Errorf(at, "expected the first step at 0s, got %v", s.At)
		case i > 0 && s.At <= (*l)[i-1].At:
			r.Errorf(at, "expected a time after the step before (%v), got %v", (*l)[i-1].At, s.At)
		}
	}
}

type diurnalSpec struct {
	Mean         rateSpec      `yaml:"mean" required:"true" doc:"mean rate"`
	AmplitudePct float64       `yaml:"amplitude_pct" required:"true" min:"0" max:"100" unit:"%" doc:"how far the rate swings up and down, of the mean"`
	Period       time.Duration `yaml:"period" required:"true" min:"1s" max:"24h" doc:"length of a day"`
}

type flashCrowdSpec struct {
	Base rateSpec      `yaml:"base" required:"true" doc:"rate before and after"`
	Peak rateSpec      `yaml:"peak" required:"true" doc:"rate at the peak"`
	At   time.Duration `yaml:"at" required:"true" max:"24h" doc:"when the rise starts"`
	Rise time.Duration `yaml:"rise" max:"24h" doc:"how long the rise takes"`
	Hold time.Duration `yaml:"hold" max:"24h" doc:"how long the peak lasts"`
	Fall time.Duration `yaml:"fall" max:"24h" doc:"how long the fall takes"`
}

type closedLoopSpec struct {
	Users int      `yaml:"users" required:"true" min:"1" max:"1000000" doc:"number of users"`
	Think distSpec `yaml:"think" doc:"time between an answer and the next request; at least 100us"`
}

// thinkPoints is how finely most looks at think times.
const thinkPoints = 1024 // a power of two

// most returns how many requests a run has in the mean when each is answered at once. A failure may take no
// time at all, so that neither capacity nor demand bounds a loop: only thinking does. Samples rise with their
// bits: the lower sum over equal steps of these does not exceed the mean think time.
func (s *closedLoopSpec) most(duration time.Duration) float64 {
	think, sum := s.Think.dist(), 0.0
	for i := range uint64(thinkPoints) {
		one := think.Sample(i * (1 << 63 / (thinkPoints / 2)))
		sum += float64(min(max(minThink, one), duration))
	}
	return float64(s.Users) * float64(duration) / (sum / thinkPoints)
}

// rated is a load that is given by rates.
type rated struct {
	paced  bool
	day    bool // pieces repeat
	pieces []piece
	states []state // instead of pieces
}

func (l *rated) stream(seed uint64, until time.Duration) *Arrivals {
	a := &Arrivals{rand: rng.Stream(seed, "arrivals"), paced: l.paced, until: float64(until)}
	switch {
	case l.states != nil:
		a.source = newModulated(l.states, rng.Stream(seed, "arrivals/states"))
	case l.day:
		a.source = &waves{day: l.pieces}
	default:
		a.source = &pieces{all: l.pieces}
	}
	return a
}

// rated compiles the patterns that are given by rates; nil for others.
func (s *arrivalsSpec) rated(capacity float64, duration time.Duration) *rated {
	switch {
	case s.Constant != nil:
		return &rated{paced: true, pieces: steady(s.Constant.rps(capacity))}
	case s.Poisson != nil:
		return &rated{pieces: steady(s.Poisson.rps(capacity))}
	case s.MMPP != nil:
		return &rated{states: s.MMPP.compile(capacity)}
	case s.Ramp != nil:
		return &rated{pieces: s.Ramp.compile(capacity, duration)}
	case s.Steps != nil:
		return &rated{pieces: s.Steps.compile(capacity)}
	case s.Diurnal != nil:
		return &rated{day: true, pieces: s.Diurnal.compile(capacity)}
	case s.FlashCrowd != nil:
		return &rated{pieces: s.FlashCrowd.compile(capacity)}
	}
	return nil
}

func steady(rps float64) []piece { return []piece{{end: lb.Never, from: rps, to: rps}} }

func (s *mmppSpec) compile(capacity float64) []state {
	var out []state
	for _, st := range s.States {
		out = append(out, state{rate: st.Rate.rps(capacity), stay: st.MeanStay})
	}
	return out
}

func (s *rampSpec) compile(capacity float64, duration time.Duration) []piece {
	from, to := s.From.rps(capacity), s.To.rps(capacity)
	if s.Over != nil {
		duration = *s.Over
	}
	return append([]piece{{end: lb.Time(duration), from: from, to: to}}, steady(to)...)
}

func (l stepList) compile(capacity float64) []piece {
	var out []piece
	for i, s := range l {
		end := lb.Never
		if i+1 < len(l) {
			end = lb.Time(l[i+1].At)
		}
		out = append(out, piece{end: end, from: s.Rate.rps(capacity), to: s.Rate.rps(capacity)})
	}
	return out
}

// diurnalPieces is how finely a day is drawn. Between the points the rate is linear, which keeps the
// mean exactly and misses the sine by at most (π/96)²/2 = 0.05% of the amplitude.
const diurnalPieces = 96

func (s *diurnalSpec) compile(capacity float64) []piece {
	rate := func(i int) float64 {
		phase := 2 * math.Pi * float64(i) / diurnalPieces
		return s.Mean.rps(capacity) * (1 - s.AmplitudePct/100*math.Cos(phase))
	}
	var out []piece
	for i := range diurnalPieces {
		end := float64(s.Period) * float64(i+1) / diurnalPieces
		out = append(out, piece{end: lb.Time(end), from: rate(i), to: rate(i + 1)})
	}
	return out
}

func (s *flashCrowdSpec) compile(capacity float64) []piece {
	base, peak := s.Base.rps(capacity), s.Peak.rps(capacity)
	var out []piece
	end := lb.Time(0)
	add := func(d time.Duration, from, to float64) {
		if end = end.Add(d); d > 0 {
			out = append(out, piece{end: end, from: from, to: to})
		}
	}
	add(s.At, base, base)
	add(s.Rise, base, peak)
	add(s.Hold, peak, peak)
	add(s.Fall, peak, base)
	return append(out, steady(base)...)
}

// expected returns the mean number of requests until the given time.
func (l *rated) expected(until time.Duration) float64 {
	if l.states != nil {
		requests, stay := 0.0, 0.0
		for _, s := range l.states {
			requests += s.rate * s.stay.Seconds()
			stay += s.stay.Seconds()
		}
		return requests / stay * until.Seconds()
	}
	sum := 0.0
	a := l.stream(0, until)
	for a.end < a.until {
		a.advance()
		sum += a.left
	}
	return sum
}

// peak returns the highest rate in requests a second.
func (l *rated) peak() float64 {
	top := 0.0
	for _, p := range l.pieces {
		top = max(top, p.from, p.to)
	}
	for _, s := range l.states {
		top = max(top, s.rate)
	}
	return top
}

// isZero tells whether nothing is said about arrivals.
func (s *arrivalsSpec) isZero() bool {
	return s.Constant == nil && s.Poisson == nil && s.MMPP == nil && s.Ramp == nil && s.Steps == nil &&
		s.Diurnal == nil && s.FlashCrowd == nil && s.ClosedLoop == nil && s.Replay == nil
}
