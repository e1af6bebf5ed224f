package accesslog

import (
	"strconv"
	"time"
)

// appendRFC3339 appends a time in nanoseconds since 1970 like
// 2026-03-09T17:04:05.678Z.
func appendRFC3339(dst []byte, ns int64) []byte {
	t := time.Unix(0, ns).UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = append2(append2(dst, year/100), year%100)
	dst = append2(append(dst, '-'), int(month))
	dst = append2(append(dst, '-'), day)
	dst = append2(append(dst, 'T'), hour)
	dst = append2(append(dst, ':'), minute)
	dst = append2(append(dst, ':'), second)
	ms := t.Nanosecond() / 1e6
	return append(append2(append(dst, '.', byte('0'+ms/100)), ms%100), 'Z')
}

// appendCommonTime appends a time like 09/Mar/2026:17:04:05 +0000.
func appendCommonTime(dst []byte, ns int64) []byte {
	t := time.Unix(0, ns).UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = append(append2(dst, day), '/')
	dst = append(append(dst, month.String()[:3]...), '/')
	dst = append2(append2(dst, year/100), year%100)
	dst = append2(append(dst, ':'), hour)
	dst = append2(append(dst, ':'), minute)
	dst = append2(append(dst, ':'), second)
	return append(dst, " +0000"...)
}

// append2 appends two digits.
func append2(dst []byte, n int) []byte { return append(dst, byte('0'+n/10%10), byte('0'+n%10)) }

// appendPhase appends a duration in milliseconds, to the microsecond, after
// key, unless the phase was not reached.
func appendPhase(dst []byte, key string, d time.Duration) []byte {
	if d < 0 {
		return dst
	}
	us := uint64(d+time.Microsecond/2) / 1000
	dst = append(dst, key...)
	dst = strconv.AppendUint(dst, us/1000, 10)
	return append2(append(dst, '.', byte('0'+us/100%10)), int(us%100))
}
