package fakebackends

import (
	"net"
	"strconv"
	"time"

	"github.com/lbctl/lbctl/lb/orca"
	"github.com/lbctl/lbctl/measure"
)

// letter is the beginning of an answer that does not change, and its body.
type letter struct{ head, body string }

// letters are a backend's answers by how they end.
func letters(backend string) (l [measure.NumEndings]letter) {
	for how, status := range map[measure.Ending]string{
		measure.OK: "200 OK", measure.Failed: "500 Internal Server Error", measure.Rejected: "503 Service Unavailable",
	} {
		body := backend + ": " + how.String() + "\n"
		l[how] = letter{"HTTP/1.1 " + status + "\r\n" + BackendHeader + ": " + backend + "\r\nContent-Type: text/plain\r\n", body}
	}
	return l
}

// write appends a call's answer to dst. It has no Date: the clock is the scenario's (RFC 9110 section 6.6.1).
func (l *letter) write(dst []byte, c *call, headless, last bool) []byte {
	var room [orca.MaxBytes]byte
	report := orca.Append(room[:0], c.report)
	dst = append(dst, l.head...)
	if len(report) > 0 {
		dst = append(dst, orca.Header+": "...)
		dst = append(dst, report...)
		dst = append(dst, "\r\n"...)
	}
	if last {
		dst = append(dst, "Connection: close\r\n"...)
	}
	body, more := l.body, ""
	if c.question == askLoad || c.question == askIdle {
		body, more = string(report), "\n"
	}
	dst = append(dst, "Content-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(body)+len(more)), 10)
	dst = append(dst, "\r\n\r\n"...)
	if !headless {
		dst = append(dst, body...)
		dst = append(dst, more...)
	}
	return dst
}

// reply answers the request that waits. The backend's mutex is held.
func (c *conn) reply(answered *call) {
	switch answered.ending {
	case measure.Reset:
		c.hangUp(true)
		return
	case measure.Refused:
		c.hangUp(false)
		return
	}
	b := c.backend
	c.last = c.last || b.listener == nil
	b.out = b.letters[answered.ending].write(b.out[:0], answered, c.headless, c.last)
	c.allowWrite()
	_, err := c.Write(b.out)
	if err != nil || c.last {
		c.hangUp(err != nil)
		return
	}
	c.release()
}

// allowWrite extends the deadline of writes, which costs more than a look at it, now and then.
func (c *conn) allowWrite() {
	if now := time.Now(); c.writeUntil.Sub(now) < writeLimit {
		c.writeUntil = now.Add(2 * writeLimit)
		_ = c.SetWriteDeadline(c.writeUntil) // fails on a connection that is closed: so will the write
	}
}

// release lets the next request come. The backend's mutex is held.
func (c *conn) release() {
	c.busy = false
	select {
	case c.turn <- struct{}{}:
	default:
	}
}

// hangUp ends the connection: with a reset if it is to look lost. The backend's mutex is held.
func (c *conn) hangUp(lost bool) {
	if c.ended {
		return
	}
	c.ended = true
	if tcp, ok := c.Conn.(*net.TCPConn); ok && lost {
		_ = tcp.SetLinger(0) // fails on a connection that is lost already
	}
	_ = c.Close()
	c.release()
}
