package metrics

import (
	"sync/atomic"
	"time"

	"github.com/lbctl/lbctl/lb"
)

// verdicts is how many ways there are for an attempt to end.
const verdicts = int(lb.Canceled) + 1

// Series counts the requests of one route that one backend answered, or none
// did. Any goroutine may call its methods; none blocks or allocates.
//
// What each request adds to comes first, so that it shares few cache lines.
type Series struct {
	key key

	latency  latencies
	in, out  atomic.Uint64
	attempts [verdicts]atomic.Uint64
	retries  atomic.Uint64
	codes    codes
}

// Done counts a request that has ended: the status code that the client was
// given, the time from its first byte to the last one of the answer, and the
// bytes of the bodies of request and answer.
func (x *Series) Done(code int, latency time.Duration, in, out uint64) {
	x.codes.add(code)
	x.latency.add(latency)
	if in > 0 {
		x.in.Add(in)
	}
	if out > 0 {
		x.out.Add(out)
	}
}

// Attempt counts an attempt that has ended.
func (x *Series) Attempt(v lb.Verdict) { x.attempts[v].Add(1) }

// Retry counts that a request went on to another attempt after this one.
func (x *Series) Retry() { x.retries.Add(1) }

// used says whether anything was counted.
func (x *Series) used() bool {
	n, _, _ := x.latency.read()
	for i := range x.attempts {
		n += x.attempts[i].Load()
	}
	return n > 0
}

// ListenerSeries counts the connections of one listener, and the requests on
// them that were refused before they had a route. Any goroutine may call its
// methods; none blocks or allocates.
type ListenerSeries struct {
	listener string

	accepted, closed, refused atomic.Uint64
	bad                       codes
}

// Accepted counts a connection that was let in. Closed must follow.
func (x *ListenerSeries) Accepted() { x.accepted.Add(1) }

// Closed counts the end of a connection that was let in.
func (x *ListenerSeries) Closed() { x.closed.Add(1) }

// Refused counts a connection that a limit kept out.
func (x *ListenerSeries) Refused() { x.refused.Add(1) }

// BadRequest counts a request that got no route: what came was no request, was
// beyond a limit, or fits none. code is what the client was answered.
func (x *ListenerSeries) BadRequest(code int) { x.bad.add(code) }
