package accesslog

import (
	"net/netip"
	"time"
)

// NotReached is the duration of a phase that a request did not get to.
const NotReached time.Duration = -1

// Entry is what there is to say of one request. What is empty, and a phase
// that was not reached, is left out of a JSON line. Write only reads it, and
// keeps none of it.
type Entry struct {
	Start int64 // when the request's first byte came, in nanoseconds since 1970

	// The phases, in the order in which they happen.
	Pick      time.Duration // from the first byte to the pick of the last attempt: the head, and attempts that failed
	Connect   time.Duration // from there to a connection; 0: one was reused
	FirstByte time.Duration // from there to the first byte of the backend's answer
	Total     time.Duration // from the request's first byte to the last one to the client

	Client    netip.AddrPort // not valid: the client came over a Unix socket
	Listener  string
	RequestID []byte
	Method    []byte // empty: what came was no request
	Host      []byte
	Target    []byte
	Proto     string // such as HTTP/1.1
	Referer   []byte
	UserAgent []byte

	Status   int
	BytesIn  uint64 // of the request's body
	BytesOut uint64 // of the answer's body

	Route    string
	Pool     string
	Backend  string // of the last attempt
	Attempts int
	Reused   bool   // the backend's connection had carried a request before
	Verdict  string // of the last attempt
	Reason   string // why the backend was picked
	Error    string // what went wrong last; the attempt after it may have succeeded
}
