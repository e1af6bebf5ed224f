package orca

import (
	"math"
	"strconv"
	"time"

	"github.com/lbctl/lbctl/lb"
)

// metrics gathers the named metrics of one report.
type metrics struct {
	report lb.Report
	seen   uint8 // bits: which of the known metrics were met
}

const (
	seenInFlight = 1 << iota
	seenLatency
	seenService
)

// set takes the named metric. It returns false if the metric is known and its value is
// not to be believed, or was given before.
func (m *metrics) set(name, value []byte) bool {
	switch string(name) {
	case InFlight:
		x, ok := number(value, MaxInFlight)
		m.report.InFlight = int32(x)
		return ok && x == math.Trunc(x) && m.first(seenInFlight)
	case Latency:
		return m.setTime(&m.report.Latency, value) && m.first(seenLatency)
	case Service:
		return m.setTime(&m.report.Service, value) && m.first(seenService)
	}
	return true
}

func (m *metrics) setTime(d *time.Duration, value []byte) bool {
	x, ok := number(value, MaxTime.Seconds())
	*d = time.Duration(math.Round(x * float64(time.Second)))
	return ok
}

// first notes that a metric was met, and says whether it had not been before.
func (m *metrics) first(bit uint8) bool {
	before := m.seen
	m.seen |= bit
	return before != m.seen
}

// maxNumber bounds a number's text. The shortest decimals that name a float64 need 24 bytes; up to 32
// bytes the conversion to a string below stays on the stack.
const maxNumber = 32

// number reads a decimal number from 0 to limit, and returns 0 and false for anything else.
func number(b []byte, limit float64) (float64, bool) {
	if len(b) == 0 || len(b) > maxNumber {
		return 0, false
	}
	for _, c := range b { // ParseFloat also reads infinities, NaN, hexadecimals and underscores
		switch {
		case '0' <= c && c <= '9', c == '.', c == 'e', c == 'E', c == '+', c == '-':
		default:
			return 0, false
		}
	}
	x, err := strconv.ParseFloat(string(b), 64)
	if err != nil || !(0 <= x && x <= limit) {
		return 0, false
	}
	return x, true
}
