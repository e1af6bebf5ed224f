package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/lbctl/lbctl/lb"
)

// changes returns the scheduled changes of faults and load in order of their start. What holds from
// start to end is no change.
func (f *file) changes() []Change {
	out := f.Arrivals.changes(f.Duration)
	for i := range f.Faults {
		if fault := &f.Faults[i]; fault.scheduled(f.Duration) {
			to := fault.until().Min(lb.Time(f.Duration))
			out = append(out, Change{From: fault.At, To: time.Duration(to), Label: fault.label()})
		}
	}
	sortChanges(out)
	return out
}

// changes of the load. A drift that never rests, as of a ramp over the whole run, is none.
func (s *arrivalsSpec) changes(duration time.Duration) []Change {
	var out []Change
	add := func(from, to time.Duration, format string, args ...any) {
		if from < duration {
			out = append(out, Change{From: from, To: min(to, duration), Label: fmt.Sprintf(format, args...)})
		}
	}
	if c := s.FlashCrowd; c != nil {
		add(c.At, c.At+c.Rise+c.Hold+c.Fall, "flash crowd")
	}
	if r := s.Ramp; r != nil && r.Over != nil && *r.Over < duration {
		add(0, *r.Over, "ramp")
	}
	for i, st := range s.Steps {
		to := duration
		if i+1 < len(s.Steps) {
			to = s.Steps[i+1].At
		}
		if i > 0 {
			add(st.At, to, "load: %s", st.Rate.label())
		}
	}
	return out
}

// label writes the rate as it was given.
func (s *rateSpec) label() string {
	if s.RateRPS != nil {
		return fmt.Sprintf("%v rps", *s.RateRPS)
	}
	return fmt.Sprintf("%v%%", *s.LoadPct)
}

// stationary returns when the first scheduled change comes.
func (f *file) stationary() time.Duration {
	until := f.Arrivals.stationary(f.Duration)
	for i := range f.Faults {
		fault := &f.Faults[i]
		switch {
		case fault.Kind.ColdStart != nil, fault.At > 0:
			until = min(until, fault.At)
		case fault.For != nil:
			until = min(until, *fault.For)
		}
	}
	return until
}

func (s *arrivalsSpec) stationary(duration time.Duration) time.Duration {
	switch {
	case s.Ramp != nil, s.Diurnal != nil:
		return 0
	case s.FlashCrowd != nil:
		return min(duration, s.FlashCrowd.At)
	case len(s.Steps) > 1:
		return min(duration, s.Steps[1].At)
	}
	return duration
}

func sortChanges(c []Change) {
	slices.SortStableFunc(c, func(a, b Change) int { return cmp.Compare(a.From, b.From) })
}
