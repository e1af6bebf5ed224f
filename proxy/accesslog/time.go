package accesslog

import (
	"strconv"
	"time"
)

// stamp is the text of a second, kept because many lines are of the same one.
type stamp struct {
	second int64 // since 1970
	text   [len(commonLayout)]byte
	n      int // bytes of text; 0: none yet
}

// The layouts of times, for package time.
const (
	isoLayout    = "2006-01-02T15:04:05"
	commonLayout = "02/Jan/2006:15:04:05 -0700"
)

// of returns the text of a second. It must always be given the same layout.
func (s *stamp) of(second int64, layout string) []byte {
	if second != s.second || s.n == 0 {
		s.second = second
		s.n = len(time.Unix(second, 0).UTC().AppendFormat(s.text[:0], layout))
	}
	return s.text[:s.n]
}

// split returns the second that a time in nanoseconds since 1970 lies in, and
// the milliseconds within it.
func split(ns int64) (second int64, ms int) {
	second = ns / 1e9
	if ns -= second * 1e9; ns < 0 {
		second, ns = second-1, ns+1e9
	}
	return second, int(ns / 1e6)
}

// append3 appends three digits.
func append3(dst []byte, n int) []byte {
	return append(dst, byte('0'+n/100%10), byte('0'+n/10%10), byte('0'+n%10))
}

// appendPhase appends a duration in milliseconds, to the microsecond, after
// key, unless the phase was not reached.
func appendPhase(dst []byte, key string, d time.Duration) []byte {
	if d < 0 {
		return dst
	}
	us := (uint64(d) + uint64(time.Microsecond)/2) / 1000
	dst = append(dst, key...)
	if ms := us / 1000; ms < 10 {
		dst = append(dst, byte('0'+ms), '.')
	} else {
		dst = append(strconv.AppendUint(dst, ms, 10), '.')
	}
	return append3(dst, int(us%1000))
}
