package proxy

import (
	"errors"
	"io"
	"syscall"
	"time"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/proxy/accesslog"
	"github.com/lbctl/lbctl/proxy/http1"
)

// exchange is one request and its answer, with all attempts in between. It is
// part of a workspace and used again for the next request.
type exchange struct {
	c *client
	w *workspace

	route  *route
	pool   *pool
	number uint64
	id     uint64 // of the request, for X-Request-Id

	in        []byte // what of w.in begins with the request: the spans of w.req are into it
	head, end int    // in w.in: where the request's head ends, and the request, as far as it is there
	whole     bool
	streamed  bool         // the body was, at least in part, passed on as it came: it cannot be sent again
	malformed *http1.Error // the body, as far as it is there
	deadline  lb.Time      // of the whole exchange
	answerBy  lb.Time      // the backend's head must be there; lb.Never while the request is being sent
	upload    *upload      // nil: the request was there whole
	bear      func(now lb.Time) error

	backend  *backend
	ans      []byte         // what of w.out begins with the answer: the spans of w.res are into it
	tried    []lb.BackendID // that have refused
	attempts int
	keep     bool // the client's connection can carry another request
	begun    bool // a final head went to the client
	resets   bool // the client's connection must end with a reset
	nudged   bool // the client was sent an interim answer to see whether it is there

	now lb.Time // when something was last seen to happen

	// What is known at the end.
	began, picked, linked, answered, ended lb.Time
	status                                 int
	taken, given                           int64 // bytes of the bodies: from the client, to the client
	reused                                 bool
	verdict                                lb.Verdict
	reason                                 string // of the pick
	failure                                string
	report                                 lb.Report
	trace                                  lb.Trace
	entry                                  accesslog.Entry
	idText                                 []byte
	probes                                 []lb.BackendID
	scratch                                []int
}

func (x *exchange) init(w *workspace) {
	x.w = w
	x.bear = x.look
}

// forget lets go of what a waiting workspace must not hold on to.
func (x *exchange) forget() {
	if x.upload != nil {
		panic("forget with upload")
	}
	x.c, x.route, x.pool, x.backend, x.upload, x.in, x.ans = nil, nil, nil, nil, nil, nil, nil
}

// Why an exchange ends early.
var (
	errClientGone = errors.New("the client went away")
	errUnsent     = errors.New("the connection was closed before the request was sent")
)

// start begins the exchange of the request in w.req, whose head is n bytes long.
func (x *exchange) start(c *client, n int) {
	w := x.w
	x.c, x.route, x.pool, x.backend, x.upload = c, nil, nil, nil, nil
	x.in = w.in[w.from:w.have]
	x.head = w.from + n
	x.end, x.whole, x.taken, x.malformed = w.extent(n)
	x.tick()
	if x.began = w.begun; x.began == 0 {
		x.began = x.now
	}
	x.deadline = x.began.Add(c.conf.Limits.RequestTimeout)
	x.attempts, x.status, x.given, x.tried = 0, 0, 0, x.tried[:0]
	x.begun, x.nudged, x.reused, x.resets, x.streamed = false, false, false, false, false
	x.picked, x.linked, x.answered = 0, 0, 0
	x.verdict, x.reason, x.failure, x.report = lb.Success, "", "", lb.Report{}
	x.keep = w.req.KeepAlive && !c.listener.draining()
}

// readsMore says that more will be read from the client before the answer is complete.
func (x *exchange) readsMore() bool {
	return x.malformed == nil && (!x.whole || x.w.req.Upgrade.Len() > 0)
}

// answer answers the request.
func (x *exchange) answer() {
	c, w := x.c, x.w
	x.number = c.listener.server.requests.Add(1)
	x.id = c.rand.Uint64()
	if bad := x.screen(); bad != nil {
		x.reply(bad)
		x.tick()
	} else {
		x.forward()
	}
	x.ended = x.now
	c.last = x.ended
	x.account()
	w.from, w.begun = x.end, 0
	if !x.keep || !x.whole {
		c.phase, c.resets = phaseOver, x.resets
		// A client that does not know of the end yet may have sent more.
		c.lingers = !x.whole || w.have > x.end || w.req.KeepAlive
	}
}

// screen returns why the proxy answers the request itself, or nil after it has
// found its route.
func (x *exchange) screen() *http1.Error {
	w := x.w
	req := &w.req
	switch req.Method {
	case http1.MethodConnect:
		return errConnect
	case http1.MethodTrace:
		if req.MaxForwards == 0 {
			return errTrace
		}
	case http1.MethodOptions:
		if req.MaxForwards == 0 {
			return errOptions
		}
	}
	if x.malformed != nil {
		return x.malformed
	}
	if limit := x.c.conf.Limits.BodyBytes; limit > 0 && max(req.Length, x.taken) > limit {
		return errBodyTooLarge
	}
	var ok bool
	x.route, ok = x.c.listener.server.site.Load().findSafe(req.Authority.Of(x.in), req.Path.Of(x.in))
	switch {
	case !ok:
		return errAmbiguous
	case x.route == nil:
		return errNoRoute
	}
	x.pool = x.route.pool
	return nil
}

// forward has backends try to answer.
func (x *exchange) forward() {
	c, w := x.c, x.w
	request := x.request()
	w.extra = c.origin.appendTold(w.extra[:0], x.in, &w.req, x.id)
	limit := x.pool.conf.Load().Connections.ConnectAttempts
	for bad := (*http1.Error)(nil); ; {
		lease, err := x.pick(request)
		switch {
		case err != nil && bad == nil:
			bad = errNoBackend
			fallthrough
		case err != nil: // nobody is left who has not been tried
			x.fail(bad)
			return
		}
		x.attempts++
		bad = x.attempt(lease)
		x.pool.balancer.Done(lease, x.tick(), lb.Outcome{Verdict: x.verdict, Report: x.report, Answered: x.answered})
		x.route.series(x.backend).Attempt(x.verdict)
		if bad == nil {
			return
		}
		if x.verdict != lb.Refused || x.attempts >= limit || x.now >= x.deadline || x.c.look().gone() {
			x.fail(bad)
			return
		}
		x.tried = append(x.tried, x.backend.id)
		x.route.series(x.backend).Retry()
	}
}

// request is what policies may know of the request.
func (x *exchange) request() lb.Request {
	w := x.w
	client := lbHash(x.c.origin.client(x.in, &w.req))
	return lb.Request{Number: x.number, Client: client, Key: x.key(client)}
}

// pick asks the core for a backend, and keeps its reasons if somebody will want them.
func (x *exchange) pick(request lb.Request) (lb.Lease, error) {
	c, p := x.c, x.pool
	now := x.now
	x.picked = now
	explained := p.explain.wants(now)
	var tr *lb.Trace
	if explained || c.listener.server.logs(x.number) {
		tr = &x.trace
		tr.RuleOnly = !explained
	}
	lease, err := p.balancer.PickOther(now, request, x.tried, &c.rand, tr)
	if tr != nil && err == nil {
		x.reason = tr.Rule
	}
	if explained {
		p.explain.add(Explanation{
			At: c.clock.wall(now), Request: x.number, Pool: p.name, Backend: tr.Chosen(), Policy: tr.Policy, Rule: tr.Rule, Text: tr.String(),
		})
	}
	x.askLoads(now)
	return lease, err
}

// attempt has the leased backend answer. It returns nil if the client has been
// answered, as well as could be, and otherwise what to answer it.
func (x *exchange) attempt(lease lb.Lease) *http1.Error {
	x.backend = x.pool.backend(lease.Backend().ID())
	x.backend.chosen(lease.Backend())
	x.answered, x.failure = 0, ""
	careful := !x.repeatable()
	for fresh := false; ; fresh = true {
		l, err := x.backend.link(x.now, x.deadline, careful, fresh)
		if err != nil {
			return x.unreachable(err)
		}
		if x.reused = l.used; !l.used {
			x.tick()
		}
		x.linked = x.now
		have, err := x.send(l)
		if err == nil {
			return x.receive(l, have)
		}
		err = x.blame(err)
		x.stopUpload()
		x.backend.drop(l)
		switch unsent := errors.Is(err, errUnsent); {
		case !fresh && l.used && lost(err) && (unsent || x.repeatable()):
			continue // the backend had closed a connection that it kept: nobody's fault
		case unsent, fresh && lost(err) && x.repeatable():
			return x.unreachable(err) // as good as refused: another backend can do it
		}
		return x.broken(err)
	}
}

// repeatable says whether the request can be sent again without harm, and is
// still there to be sent.
func (x *exchange) repeatable() bool { return x.whole && !x.streamed && x.w.req.Method.Idempotent() }

// lost says whether an error before the first byte of an answer is that the
// backend closed the connection.
func lost(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, errUnsent)
}

// unreachable is the end of an attempt that had no connection.
func (x *exchange) unreachable(err error) *http1.Error {
	x.verdict, x.failure = lb.Refused, err.Error()
	if x.tick() >= x.deadline { // the time was up, whatever the backend would have done
		x.verdict = lb.Canceled
		return errGatewayTimeout
	}
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, errTooManyConnections):
		return errNoConnection
	case errors.As(err, &timeout) && timeout.Timeout():
		return errConnectTimeout
	}
	return errUnreachable
}

// broken is the end of an attempt whose connection failed.
func (x *exchange) broken(err error) *http1.Error {
	x.failure = err.Error()
	var bad *http1.Error
	switch {
	case errors.As(err, &bad): // the client's fault, found while its body was passed on
		x.verdict, x.keep = lb.Canceled, false
		return bad
	case errors.Is(err, errClientGone):
		x.verdict, x.keep = lb.Canceled, false
		return errClosedRequest
	case errors.Is(err, errTimeout):
		x.verdict = lb.Timeout
		return errGatewayTimeout
	}
	x.verdict = lb.Failure
	return errBadGateway
}

// blame returns a time-out as the client's own if it was to send at the time.
func (x *exchange) blame(err error) error {
	if u := x.upload; u != nil && errors.Is(err, errTimeout) && u.waitsForClient() {
		return errBodyTimeout
	}
	return err
}

// look is asked now and then while a backend is waited for.
func (x *exchange) look(now lb.Time) error {
	if u := x.upload; u != nil {
		switch err, over := u.result(); {
		case over && err != nil:
			return err
		case over && x.answerBy == lb.Never:
			x.expectAnswer(u.ended)
		case !over && u.begun.Load():
			x.answerBy = lb.Never // the client sends, invited or not
		}
	}
	if x.answered == 0 && now >= x.answerBy {
		return errTimeout
	}
	return x.clientThere()
}

// clientThere returns an error if the client has gone.
//
// A client that has closed its connection and one that has only finished
// sending look the same: a FIN. So a client that has finished is sent an
// interim answer, which RFC 9110 §15.2 lets a server do at any time: one that
// still listens skips it, and the system of one that has gone answers with a
// reset.
func (x *exchange) clientThere() error {
	p := x.c.look()
	switch {
	case p.gone():
		return errClientGone
	case p.finished() && !x.nudged && !x.begun && x.w.req.Minor > 0:
		x.nudged = true
		if x.c.write(interim, x.c.clock.now().Add(patienceTick)) != nil {
			return errClientGone
		}
	}
	return nil
}

var interim = []byte("HTTP/1.1 100 Continue\r\n\r\n")

// waiting is the patience for a backend's next bytes: so long, and as long as
// the exchange may last.
func (x *exchange) waiting(d time.Duration) patience {
	return patience{now: x.now, limit: x.deadline.Min(x.now.Add(d)), bear: x.bear}
}

// tick looks at the clock: time has passed in a wait or a write. All that
// happens until the next tick happens at once, as far as deadlines go.
func (x *exchange) tick() lb.Time {
	x.now = x.c.clock.now()
	return x.now
}

// key is what hashing policies hash.
func (x *exchange) key(client uint64) uint64 {
	w := x.w
	var value []byte
	switch k := x.pool.conf.Load().Key; k.Kind {
	case serve.KeyPath:
		value = pathOnly(w.req.Path.Of(x.in))
	case serve.KeyHeader:
		value = w.req.Get(x.in, k.Name)
	case serve.KeyCookie:
		value = cookie(x.in, &w.req, k.Name)
	}
	if len(value) == 0 {
		return client
	}
	return lbHash(value)
}
