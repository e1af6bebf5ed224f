package proxy

import (
	"net/http"
	"strconv"
	"time"

	"github.com/lbctl/lbctl/proxy/accesslog"
	"github.com/lbctl/lbctl/proxy/http1"
)

// What the proxy answers itself. The codec has more: what is wrong with a
// request's bytes.
var (
	errConnect        = &http1.Error{Status: 501, Msg: "CONNECT is not served here"}
	errTrace          = &http1.Error{Status: 405, Msg: "TRACE is not answered here"}
	errOptions        = &http1.Error{Status: 200, Msg: "this is a proxy"}
	errBodyTooLarge   = &http1.Error{Status: 413, Msg: "the body is longer than allowed"}
	errAmbiguous      = &http1.Error{Status: 400, Msg: "the path means different things to different readers"}
	errNoRoute        = &http1.Error{Status: 404, Msg: "no route fits host and path"}
	errNoBackend      = &http1.Error{Status: 503, Msg: "no backend is available"}
	errNoConnection   = &http1.Error{Status: 503, Msg: "the backend's connections are all busy"}
	errBadGateway     = &http1.Error{Status: 502, Msg: "the backend did not answer as it should"}
	errUnreachable    = &http1.Error{Status: 502, Msg: "no backend could be reached"}
	errConnectTimeout = &http1.Error{Status: 504, Msg: "no connection to the backend in time"}
	errGatewayTimeout = &http1.Error{Status: 504, Msg: "the backend did not answer in time"}
	errHeaderTimeout  = &http1.Error{Status: 408, Msg: "the request's header did not come in time"}
	errBodyTimeout    = &http1.Error{Status: 408, Msg: "the request's body did not come in time"}
	errClosedRequest  = &http1.Error{Status: statusClosedRequest, Msg: "the client went away"}
)

// statusClosedRequest is what logs and metrics show for a request whose client
// went away before an answer, as nginx has it. It is never sent.
const statusClosedRequest = 499

// fail answers a request that no backend has answered.
func (x *exchange) fail(bad *http1.Error) {
	if x.failure == "" {
		x.failure = bad.Msg
	}
	if bad == errClosedRequest {
		x.status, x.keep = bad.Status, false
		return
	}
	x.reply(bad)
}

// reply answers a request itself. The connection lives on if the request is
// there whole, so that the next one is found behind it.
func (x *exchange) reply(bad *http1.Error) {
	x.status = bad.Status
	x.keep = x.keep && x.whole
	x.begun = true
	w := x.w
	w.head = appendReply(w.head[:0], bad, !x.keep, x.keep && w.req.Minor == 0, w.req.Method == http1.MethodHead, x.c.clock.wall(x.now))
	_ = x.toClient(w.head)
}

// refuse answers bytes that are no request, and gives the connection up.
func (c *client) refuse(bad *http1.Error) {
	w := c.work
	now := c.clock.now()
	w.head = appendReply(w.head[:0], bad, true, false, false, c.clock.wall(now))
	_ = c.write(w.head, now.Add(c.conf.Limits.WriteTimeout))
	c.conf.series.BadRequest(bad.Status)
	if log := c.listener.server.access.Load(); log != nil {
		log.Write(&accesslog.Entry{
			Start: c.clock.wall(now).UnixNano(), Pick: accesslog.NotReached, Connect: accesslog.NotReached, FirstByte: accesslog.NotReached,
			Client: c.peer, Listener: c.conf.Name, Status: bad.Status, Error: bad.Msg,
		})
	}
	c.phase, c.lingers = phaseOver, true
}

// appendReply appends a whole answer that says what is wrong.
func appendReply(dst []byte, bad *http1.Error, closes, keeps, head bool, now time.Time) []byte {
	body := strconv.Itoa(bad.Status) + " " + http.StatusText(bad.Status) + ": " + bad.Msg + "\n"
	dst = append(dst, "HTTP/1.1 "+strconv.Itoa(bad.Status)+" "+http.StatusText(bad.Status)+"\r\nDate: "...)
	dst = now.UTC().AppendFormat(dst, http.TimeFormat)
	dst = append(dst, "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n"...)
	if bad.Status == http.StatusMethodNotAllowed || bad == errOptions {
		dst = append(dst, "Allow: GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH\r\n"...)
	}
	switch {
	case closes:
		dst = append(dst, "Connection: close\r\n"...)
	case keeps:
		dst = append(dst, "Connection: keep-alive\r\n"...)
	}
	dst = append(dst, "\r\n"...)
	if head {
		return dst
	}
	return append(dst, body...)
}

const (
	// lingerTime and lingerBytes bound how much of what a client still sends is
	// thrown away, so that it gets to read its answer: closing a socket with
	// unread bytes resets the connection, and what was sent with it (RFC 9112 §9.6).
	lingerTime  = time.Second
	lingerBytes = 1 << 20
)

// finish closes the connection so that what was written arrives, unless the
// answer must not look whole.
func (c *client) finish() {
	if c.resets {
		c.reset()
		return
	}
	if c.lingers {
		c.linger()
	}
	_ = c.close()
}

// linger ends the stream to the client and waits for the client to end its own.
func (c *client) linger() {
	c.closeWrite()
	now := c.clock.now()
	limit := now.Add(lingerTime)
	c.acquire()
	for n := 0; n < lingerBytes; {
		k, err := c.read(c.work.in, patience{now: now, limit: limit})
		if err != nil {
			return
		}
		n += k
	}
}
