package proxy

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/proxy/http1"
)

// upload passes on the body of a request that was not there whole, beside the
// goroutine that waits for the answer: a backend may answer before it has seen
// all of it (RFC 9112 §9.5), and some answer as they read.
type upload struct {
	x       *exchange
	link    *link
	left    int64 // of a body with a length
	stopped atomic.Bool
	expects bool          // the client may wait to be invited to send
	invited atomic.Int64  // lb.Time when it was; 0: not yet
	begun   atomic.Bool   // it has sent something
	sending atomic.Bool   // the backend is to take bytes
	over    chan struct{} // closed at the end, after which the fields below may be read
	err     error         // nil: all was sent, or the backend would not take more
	refused bool          // the backend would not take more
	ended   lb.Time
	taken   int64
	moved   bool // into a buffer of its own: what follows the body is not where the next request is looked for
}

// errStopped says that the answer was complete before the body was.
var errStopped = errors.New("stopped")

func startUpload(x *exchange, l *link) *upload {
	u := &upload{x: x, link: l, left: x.w.req.Length, over: make(chan struct{}), expects: x.w.req.ExpectContinue && x.taken == 0}
	x.w.sent.Reset()
	go u.run()
	return u
}

func (u *upload) run() {
	u.err = u.pass()
	if errors.Is(u.err, io.EOF) {
		u.err = errClientGone
	}
	u.ended = u.x.c.clock.now()
	close(u.over)
	if u.err != nil {
		u.link.wake() // whoever waits for the answer waits in vain
	}
}

// result returns how it ended, if it has.
func (u *upload) result() (err error, over bool) {
	select {
	case <-u.over:
		return u.err, true
	default:
		return nil, false
	}
}

// roomyUpload holds the longest part of a body that is passed on whole: a
// trailer, or a chunk's line.
const roomyUpload = http1.MaxTrailerBytes + http1.MaxChunkLineBytes

// minUploadRoom is the least room for a body behind the head of its request.
// With less it gets a buffer of its own.
const minUploadRoom = 1024

// uploading says whether the request's body is still being passed on.
func (x *exchange) uploading() bool {
	if x.upload == nil {
		return false
	}
	_, over := x.upload.result()
	return !over
}

// waitsForClient says whether the next move is the client's.
func (u *upload) waitsForClient() bool {
	err, over := u.result()
	uninvited := u.expects && u.invited.Load() == 0 && !u.begun.Load()
	return !over && !u.sending.Load() && !uninvited || errors.Is(err, errBodyTimeout)
}

// pass moves the body through w.in behind the request's head, which the log and
// a refusal still need.
func (u *upload) pass() error {
	x, w := u.x, u.x.w
	buf, have := w.in[x.head:], w.have-x.head
	for {
		if have > 0 {
			done, used, err := u.forward(buf[:have])
			if err != nil || u.refused {
				return err
			}
			if done {
				if !u.moved {
					x.end, w.have = x.head+used, x.head+have
				}
				return nil
			}
			have = copy(buf, buf[used:have])
		}
		if have == len(buf) || len(buf) < minUploadRoom {
			buf = append(make([]byte, 0, len(buf)+roomyUpload), buf...)[:len(buf)+roomyUpload]
			u.moved = true
		}
		n, err := x.c.read(buf[have:], u.waiting())
		if err != nil {
			return u.readError(err)
		}
		u.begun.Store(true)
		have += n
	}
}

// waiting is the patience for the client's next bytes. One that waits to be
// invited to send (100-continue) has until it is, and then as long as others.
func (u *upload) waiting() patience {
	now := u.x.c.clock.now()
	p := patience{now: now, limit: u.x.deadline, bear: u.look}
	if !u.expects || u.begun.Load() {
		p.limit = p.limit.Min(now.Add(u.x.c.conf.Limits.BodyTimeout))
	}
	return p
}

func (u *upload) look(now lb.Time) error {
	if u.stopped.Load() {
		return errStopped
	}
	invited := lb.Time(u.invited.Load())
	if invited > 0 && !u.begun.Load() && now.Sub(invited) >= u.x.c.conf.Limits.BodyTimeout {
		return errTimeout
	}
	return nil
}

// invite notes that the client has been told to go on.
func (u *upload) invite(now lb.Time) { u.invited.Store(int64(now)) }

func (u *upload) readError(err error) error {
	switch {
	case errors.Is(err, errStopped):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errBodyTimeout
	}
	return errClientGone
}

// forward passes a part of the body on. It says whether that was the last, and
// how many bytes of p belonged to the body and are done with.
func (u *upload) forward(p []byte) (done bool, used int, err error) {
	pass := p
	if u.x.w.req.Body == http1.BodyChunked {
		var bad *http1.Error
		var data int64
		if pass, used, data, done, bad = passChunks(&u.x.w.sent, p, false); bad != nil {
			return false, 0, bad
		}
		u.taken += data
	} else {
		pass = p[:min(int64(len(p)), u.left)]
		used = len(pass)
		u.left -= int64(used)
		u.taken += int64(used)
		done = u.left == 0
	}
	if limit := u.x.c.conf.Limits.BodyBytes; limit > 0 && u.taken > limit {
		return false, 0, errBodyTooLarge
	}
	limit := u.x.deadline.Min(u.x.c.clock.now().Add(u.x.c.conf.Limits.BodyTimeout))
	u.sending.Store(true)
	if u.link.write(pass, limit) != nil {
		u.refused = true // its answer, or its end, will say why
	}
	u.sending.Store(false)
	return done, used, nil
}

// stopUpload ends an upload that is still going on, and takes note of how far it
// came. Afterwards the request's bytes are the exchange's alone again.
func (x *exchange) stopUpload() {
	u := x.upload
	if u == nil {
		return
	}
	for !u.isOver() {
		u.stopped.Store(true)
		x.c.wake()
		_ = u.link.conn.SetWriteDeadline(past)
	}
	if u.stopped.Load() {
		_ = u.link.conn.SetWriteDeadline(time.Time{})
	}
	x.c.armedRead = 0 // the deadline that wake has set is over
	x.taken, x.keep = u.taken, x.keep && !u.moved
	x.whole = u.err == nil && !u.refused
	x.upload = nil
}

// isOver waits a little for the end. A deadline that was set to interrupt a
// wait may be overwritten by whoever was just about to wait, so it is set again
// until it has worked.
func (u *upload) isOver() bool {
	if u.stopped.Load() {
		select {
		case <-u.over:
		case <-time.After(stopPause):
		}
	}
	_, over := u.result()
	return over
}

const stopPause = 10 * time.Millisecond

var past = time.Unix(1, 0)
