package orca

import (
	"time"

	"github.com/lbctl/lbctl/lb"
)

// Header is the name of the field that carries a report in an answer.
const Header = "endpoint-load-metrics"

// The named metrics that make an lb.Report.
const (
	InFlight = "in_flight" // requests in the backend, queued ones included: a whole number
	Latency  = "latency_s" // median of recent latencies at about this in-flight, seconds
	Service  = "service_s" // recent mean service time without queueing, seconds
)

// Limits on what is believed. A report beyond one of them is not valid.
const (
	MaxBytes    = 4096 // of a report's text, format name included
	MaxInFlight = 10_000_000
	MaxTime     = time.Hour // Latency and Service
)

// Parse reads a report: a value of Header, or the same text as the body of an
// answer, with spaces and line ends around it. It returns false, and no report, unless
// b is well-formed as TEXT or JSON, within the limits, has an in_flight, and has
// each of the metrics at most once. It does not allocate and does not keep b.
// Any goroutine may call it.
func Parse(b []byte) (lb.Report, bool) {
	b = trim(b)
	if len(b) < len(textFormat) || len(b) > MaxBytes {
		return lb.Report{}, false
	}
	var m metrics
	ok := false
	switch format := string(b[:len(textFormat)]); format {
	case textFormat:
		m, ok = readText(b[len(format):])
	case jsonFormat:
		m, ok = readJSON(b[len(format):])
	}
	if !ok || m.seen&seenInFlight == 0 {
		return lb.Report{}, false
	}
	m.report.Valid = true
	return m.report, true
}

// The names of the formats that are read, with the space that ends them. They have one length.
const (
	textFormat = "TEXT "
	jsonFormat = "JSON "
)

// trim cuts the white space that HTTP and JSON agree on from both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
