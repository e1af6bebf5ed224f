package reports

import (
	"math"
	"strconv"
)

// scale maps values to places along an axis, linearly or by logarithm.
type scale struct {
	log      bool
	lo, hi   float64 // values; lo < hi, and 0 < lo when log
	from, to float64 // places
	step     float64 // between ticks, when linear; 0: chosen by how many are wanted
}

// tick is a value marked on an axis.
type tick struct {
	value float64
	label string // "" for one that has a line only
}

// at returns the place of v, kept within the axis; NaN for NaN.
func (s scale) at(v float64) float64 {
	share := (v - s.lo) / (s.hi - s.lo)
	if s.log {
		share = math.Log(v/s.lo) / math.Log(s.hi/s.lo)
	}
	if math.IsNaN(v) {
		return v
	}
	return s.from + max(0, min(1, share))*(s.to-s.from)
}

// extent grows with the values that an axis must show.
type extent struct{ lo, hi float64 }

func nothing() extent { return extent{math.Inf(1), math.Inf(-1)} }

func (e *extent) add(values ...float64) {
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			e.lo, e.hi = min(e.lo, v), max(e.hi, v)
		}
	}
}

// addPositive leaves out what a logarithmic axis cannot show.
func (e *extent) addPositive(values ...float64) {
	for _, v := range values {
		if v > 0 {
			e.add(v)
		}
	}
}

func (e extent) empty() bool { return e.lo > e.hi }

// margin is the blank at the ends of a logarithmic axis, as a factor.
const margin = 1.12

// logScale covers e with some air. An empty extent gets a decade, so that axes can be drawn at all.
func (e extent) logScale(from, to float64) scale {
	if e.empty() {
		e = extent{1, 10}
	}
	return scale{log: true, lo: e.lo / margin, hi: e.hi * margin, from: from, to: to}
}

// zeroScale runs linearly from 0, or from a negative least value, to a round number above the largest, in about most steps.
func (e extent) zeroScale(from, to float64, most int) scale {
	if e.empty() || e.hi <= 0 && e.lo >= 0 {
		e = extent{0, 1}
	}
	lo, hi := min(0, e.lo), max(0, e.hi)
	step := niceStep((hi - lo) / float64(most))
	return scale{lo: math.Floor(lo/step+1e-9) * step, hi: math.Ceil(hi/step-1e-9) * step, from: from, to: to, step: step}
}

// wideRatio is the ratio of largest to least from which a logarithmic axis reads better.
const wideRatio = 12

func (e extent) autoScale(from, to float64, most int) scale {
	if e.lo > 0 && e.hi/e.lo > wideRatio {
		return e.logScale(from, to)
	}
	return e.zeroScale(from, to, most)
}

// niceStep rounds up to 1, 2 or 5 times a power of ten.
func niceStep(raw float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5} {
		if raw <= m*unit*(1+1e-9) {
			return m * unit
		}
	}
	return 10 * unit
}

// ticks returns about most values to mark, in ascending order.
func (s scale) ticks(most int) []tick {
	if s.log {
		return s.logTicks(most)
	}
	step := s.step
	if step == 0 {
		step = niceStep((s.hi - s.lo) / float64(max(1, most)))
	}
	var out []tick
	for i := math.Ceil(s.lo/step - 1e-9); i*step <= s.hi+1e-9*step; i++ {
		out = append(out, tick{i * step, tickLabel(i * step)})
	}
	return out
}

// logTicks marks 1, 2 and 5 of every decade if there is room, else 1 and 3, else whole decades.
func (s scale) logTicks(most int) []tick {
	var out []tick
	for _, steps := range [][]float64{{1, 2, 5}, {1, 3}, {1}} {
		if out = s.decades(steps, 1); len(out) <= most {
			return out
		}
	}
	return s.decades([]float64{1}, 1+len(out)/max(1, most))
}

// decades marks the given multiples of every power of ten within s, labelling those of every n-th power.
func (s scale) decades(multiples []float64, every int) []tick {
	var out []tick
	for d := int(math.Floor(math.Log10(s.lo))); d <= int(math.Ceil(math.Log10(s.hi))); d++ {
		for _, m := range multiples {
			v := m * math.Pow(10, float64(d))
			if v < s.lo*(1-1e-9) || v > s.hi*(1+1e-9) {
				continue
			}
			t := tick{value: v}
			if d%every == 0 {
				t.label = tickLabel(v)
			}
			out = append(out, t)
		}
	}
	return out
}

func tickLabel(v float64) string {
	if v == 0 {
		return "0"
	}
	return strconv.FormatFloat(roundTo(v, 6), 'f', -1, 64)
}

// roundTo keeps the given number of significant digits.
func roundTo(v float64, digits int) float64 {
	unit := math.Pow(10, float64(digits-1)-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*unit) / unit
}
