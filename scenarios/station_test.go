package scenarios

import (
	"testing"

	"github.com/lbctl/lbctl/lb"
)

// TestIdleClockRestarts keeps the virtual clock precise: it starts over whenever a station is idle. That stations
// serve as they should is for the tests of those who drive them: sim holds one against a model.
func TestIdleClockRestarts(t *testing.T) {
	s := NewStation(Backend{Slots: 1, Queue: -1, Speed: 1})
	const late = lb.Time(1e18) // thirty years: a float64 counts in steps of 128 ns there
	s.Advance(late)
	s.Start(7, 3)
	if got := s.UntilNext(); got != 3 {
		t.Errorf("3 ns of demand take %d ns", got)
	}
	s.Advance(late + 3)
	if got := s.Finish(); got != 7 || s.InFlight() != 0 {
		t.Errorf("finished %d, %d left", got, s.InFlight())
	}
}
