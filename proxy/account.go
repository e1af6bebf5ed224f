package proxy

import (
	"net/netip"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/proxy/accesslog"
	"github.com/lbctl/lbctl/proxy/http1"
)

// account counts and logs the exchange, which is over.
func (x *exchange) account() {
	if x.route == nil {
		x.c.conf.series.BadRequest(x.status)
	} else {
		x.route.series(x.backend).Done(x.status, x.ended.Sub(x.began), uint64(x.taken), uint64(x.given))
	}
	if log := x.c.listener.server.access.Load(); log != nil && log.Sample(x.number) {
		x.log(log)
	}
}

func (x *exchange) log(log *accesslog.Log) {
	c, w := x.c, x.w
	e := &x.entry
	*e = accesslog.Entry{
		Start: c.clock.wall(x.began).UnixNano(),
		Pick:  since(x.began, x.picked), Connect: since(x.picked, x.linked), FirstByte: since(x.linked, x.answered), Total: x.ended.Sub(x.began),
		Client: x.client(), Listener: c.conf.Name,
		RequestID: x.requestID(), Method: w.req.MethodName.Of(x.in), Host: w.req.Authority.Of(x.in), Target: w.req.Target.Of(x.in), Proto: proto(w.req.Minor),
		Referer: w.req.GetID(x.in, http1.FieldReferer), UserAgent: w.req.GetID(x.in, http1.FieldUserAgent),
		Status: x.status, BytesIn: uint64(x.taken), BytesOut: uint64(x.given),
		Attempts: x.attempts, Reused: x.reused, Reason: x.reason, Error: x.failure,
	}
	if x.reused {
		e.Connect = 0
	}
	if x.route != nil {
		e.Route, e.Pool = x.route.name, x.pool.name
	}
	if x.backend != nil {
		e.Backend, e.Verdict = x.backend.name, x.verdict.String()
	}
	log.Write(e)
}

// since returns how long a phase took, if it was reached.
func since(from, to lb.Time) time.Duration {
	if from == 0 || to == 0 {
		return accesslog.NotReached
	}
	return to.Sub(from)
}

func proto(minor uint8) string {
	if minor == 0 {
		return "HTTP/1.0"
	}
	return "HTTP/1.1"
}

// client returns the address that the request came from: the peer's, or what
// trusted proxies say.
func (x *exchange) client() netip.AddrPort {
	o := &x.c.origin
	if !o.trusts {
		return x.c.peer
	}
	a, err := netip.ParseAddr(text(o.client(x.in, &x.w.req)))
	if err != nil || a == x.c.peer.Addr() {
		return x.c.peer
	}
	return netip.AddrPortFrom(a, 0)
}

// requestID returns the request's ID as the backend was told it.
func (x *exchange) requestID() []byte {
	if x.c.origin.trusts {
		if theirs := x.w.req.GetID(x.in, http1.FieldXRequestID); len(theirs) > 0 {
			return theirs
		}
	}
	x.idText = appendRequestID(x.idText[:0], x.id)
	return x.idText
}
