package metrics

import (
	"sync/atomic"
	"time"

	"github.com/lbctl/lbctl/lb"
)

// verdicts is how many ways there are for an attempt to end.
const verdicts = int(lb.Canceled) + 1

// Series counts the requests of one route that one backend answered, or none
// did. Any goroutine may call its methods; none blocks or, once a status code has
// been seen, allocates.
type Series struct {
	key key

	attempts [verdicts]atomic.Uint64
	retries  atomic.Uint64
	done     [allCodes]atomic.Pointer[tally] // nil: no such request yet
}

// Done counts a request that has ended: the status code that the client was
// given, the time from its first byte to the last one of the answer, and the
// bytes of the bodies of request and answer.
func (x *Series) Done(code int, latency time.Duration, in, out uint64) {
	i := codeIndex(code)
	t := x.done[i].Load()
	if t == nil {
		x.done[i].CompareAndSwap(nil, new(tally))
		t = x.done[i].Load()
	}
	t.add(latency, in, out)
}

// Attempt counts an attempt that has ended.
func (x *Series) Attempt(v lb.Verdict) { x.attempts[v].Add(1) }

// Retry counts that a request went on to another attempt after this one.
func (x *Series) Retry() { x.retries.Add(1) }

// totals adds up over all status codes, in ascending order, and calls each with
// those that were seen.
func (x *Series) totals(each func(code string, requests uint64)) totals {
	var sum totals
	for i := range x.done {
		if t := x.done[i].Load(); t != nil {
			each(codeLabel(i), sum.add(t))
		}
	}
	return sum
}

// used says whether anything was counted.
func (x *Series) used() bool {
	n := x.totals(func(string, uint64) {}).requests
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
