package scenarios

import (
	"math"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// Arrivals is an open-loop stream of arrival times: the n-th call of Next is
// for request n, from 0. One goroutine at a time.
//
// The rate is a sequence of linear pieces. The stream walks the area under it: requests are
// spaced by exponential areas of mean 1 (a Poisson process, by exact inversion of the
// cumulated rate), or by areas of exactly 1 (paced).
type Arrivals struct {
	rand   rng.Rand
	paced  bool
	source source
	until  float64 // ns: end of the stream

	end   float64 // ns: end of the current piece
	rate  float64 // requests a nanosecond at its end
	slope float64 // change of the rate a nanosecond
	left  float64 // requests still to come in it: the area under the rate from now to end

	replay *replayCursor // instead of all the above
}

// A piece is a span of time in which the rate is linear. A source yields pieces
// in order, without gaps, as long as it is asked.
type piece struct {
	end      lb.Time // lb.Never: it lasts for good
	from, to float64 // requests a second at its start and end
}

type source interface{ next() piece }

// Next returns the time of the next arrival; ok is false when there are no more.
// Times never decrease.
func (a *Arrivals) Next() (at lb.Time, ok bool) {
	if a.replay != nil {
		return a.replay.next()
	}
	area := 1.0
	if !a.paced {
		area = a.rand.Exp()
	}
	for area > a.left {
		if a.end >= a.until {
			a.left = 0
			return 0, false
		}
		area -= a.left
		a.advance()
	}
	a.left -= area
	return lb.Time(a.end - a.timeLeft()), true
}

// timeLeft solves left = rate·s − slope·s²/2 for s, the time from the next arrival
// to the end of the piece, in the form that stays accurate for any slope.
func (a *Arrivals) timeLeft() float64 {
	if a.left <= 0 {
		return 0
	}
	if a.slope == 0 {
		return a.left / a.rate
	}
	return 2 * a.left / (a.rate + math.Sqrt(max(0, a.rate*a.rate-2*a.slope*a.left)))
}

// advance goes on to the next piece, cut off at the end of the stream.
func (a *Arrivals) advance() {
	p := a.source.next()
	start, from, to := a.end, p.from/1e9, p.to/1e9
	a.end = a.until
	if p.end != lb.Never {
		a.end = float64(p.end)
	}
	a.slope = (to - from) / (a.end - start)
	if a.end > a.until {
		to = from + a.slope*(a.until-start)
		a.end = a.until
	}
	a.rate = to
	a.left = (from + to) / 2 * (a.end - start)
}

// pieces is a fixed sequence; the last one lasts for good.
type pieces struct {
	all []piece
	at  int
}

func (p *pieces) next() piece {
	out := p.all[p.at]
	if p.at+1 < len(p.all) {
		p.at++
	}
	return out
}

// waves repeats a day of pieces for ever.
type waves struct {
	day  []piece
	at   int
	base lb.Time
}

func (w *waves) next() piece {
	out := w.day[w.at]
	out.end += w.base
	if w.at++; w.at == len(w.day) {
		w.at = 0
		w.base = out.end
	}
	return out
}

// A state of a Markov-modulated Poisson process.
type state struct {
	rate float64       // requests a second
	stay time.Duration // mean; stays are exponential
}

// modulated visits the states in turn, starting in the stationary distribution.
type modulated struct {
	states []state
	rand   rng.Rand
	at     int
	now    lb.Time
}

func newModulated(states []state, r rng.Rand) *modulated {
	m := &modulated{states: states, rand: r}
	total := 0.0
	for _, s := range states {
		total += float64(s.stay)
	}
	u := m.rand.Float64() * total
	for m.at < len(states)-1 && u >= float64(states[m.at].stay) {
		u -= float64(states[m.at].stay)
		m.at++
	}
	return m
}

func (m *modulated) next() piece {
	s := m.states[m.at]
	m.at = (m.at + 1) % len(m.states)
	m.now = m.now.Add(max(1, clamp(m.rand.Exp()*float64(s.stay))))
	return piece{end: m.now, from: s.rate, to: s.rate}
}
