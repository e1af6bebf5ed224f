package scenarios

import (
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/measure"
)

// Fate is what a station's condition makes of one attempt.
type Fate struct {
	Demand time.Duration  // time of service at speed 1
	Ending measure.Ending // OK, Failed or Reset: how it is answered after its service
	After  time.Duration  // > 0: answered after so long, without service
}

// Fate notes the arrival at now of an attempt (0 is the first) of request n, of the given demand, and returns
// what becomes of it. Where the station is Plain, nothing does, and it need not be asked.
func (s *Station) Fate(m *Model, now lb.Time, n uint64, attempt int, demand time.Duration) Fate {
	f := Fate{Demand: demand}
	if d := s.backend.Degrade; d != nil && s.arrivals.add(now) > d.AboveRPS {
		f.Demand = time.Duration(float64(f.Demand) * d.Factor)
	}
	c := &s.cond
	if c.SlowPct > 0 && m.Draw(DrawSlow, n, attempt)*100 < c.SlowPct {
		f.Demand = time.Duration(float64(f.Demand) * c.SlowFactor)
	}
	if c.ResetPct > 0 && m.Draw(DrawReset, n, attempt)*100 < c.ResetPct {
		f.Ending = measure.Reset
		f.Demand /= 2 // lost half-way
	}
	if c.ErrorPct > 0 && m.Draw(DrawError, n, attempt)*100 < c.ErrorPct {
		f.Ending = measure.Failed
		if c.ErrorAfter > 0 && !c.Stalled() {
			f.After = c.ErrorAfter
		}
	}
	return f
}

// recentRate counts arrivals over the last second in tenths: ten whole ones and the current one.
type recentRate struct {
	tenths [11]uint32
	at     int64 // number of the current tenth since the epoch
}

const tenth = lb.Time(time.Second / 10)

// add notes an arrival at now and returns how many there were in the second before, arrivals of its first
// tenth taken as evenly spread.
func (r *recentRate) add(now lb.Time) float64 {
	const n = int64(len(recentRate{}.tenths))
	t := int64(now / tenth)
	for r.at = max(r.at, t-n); r.at < t; {
		r.at++
		r.tenths[r.at%n] = 0
	}
	sum := -float64(r.tenths[(t+1)%n]) * float64(now%tenth) / float64(tenth)
	for _, count := range r.tenths {
		sum += float64(count)
	}
	r.tenths[t%n]++
	return sum
}
