package orca

import (
	"strconv"
	"time"

	"github.com/lbctl/lbctl/lb"
)

// namedPrefix is how TEXT spells that a metric is one of named_metrics.
const namedPrefix = "named_metrics."

// Append appends r as TEXT to dst. What r does not know is left out, what is
// beyond a limit is written as the limit, and of a report that is not valid nothing is written. Parse
// reads back what Append wrote. It allocates only what dst has no room for.
func Append(dst []byte, r lb.Report) []byte {
	if !r.Valid {
		return dst
	}
	dst = append(dst, textFormat+namedPrefix+InFlight+"="...)
	dst = strconv.AppendInt(dst, int64(min(max(r.InFlight, 0), MaxInFlight)), 10)
	dst = appendTime(dst, ","+namedPrefix+Latency+"=", r.Latency)
	return appendTime(dst, ","+namedPrefix+Service+"=", r.Service)
}

func appendTime(dst []byte, name string, d time.Duration) []byte {
	if d <= 0 {
		return dst
	}
	return strconv.AppendFloat(append(dst, name...), min(d, MaxTime).Seconds(), 'f', -1, 64)
}

// readText reads metrics separated by commas, each name=value. Envoy reads
// name:value as well, its first version's way, and so do we. Empty elements are allowed, as in any
// HTTP list (RFC 9110 §5.6.1.2).
func readText(b []byte) (m metrics, ok bool) {
	for len(b) > 0 {
		name, value, rest := cutMetric(b)
		b = rest
		switch {
		case len(name) == 0 && value == nil: // an empty element
		case len(name) == 0 || value == nil:
			return m, false
		case len(name) > len(namedPrefix) && string(name[:len(namedPrefix)]) == namedPrefix:
			if !m.set(name[len(namedPrefix):], value) {
				return m, false
			}
		}
	}
	return m, true
}

// cutMetric cuts the first element off b, and that in two at its first separator. value is nil if
// it has none.
func cutMetric(b []byte) (name, value, rest []byte) {
	end, separator := len(b), -1
	for i, c := range b {
		if c == ',' {
			end, rest = i, b[i+1:]
			break
		}
		if (c == '=' || c == ':') && separator < 0 {
			separator = i
		}
	}
	if separator < 0 {
		return trim(b[:end]), nil, rest
	}
	return trim(b[:separator]), trim(b[separator+1 : end]), rest
}
