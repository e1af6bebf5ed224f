package proxy

import (
	"errors"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/proxy/http1"
)

// send sends the request and waits for the first bytes of the answer, which
// are in w.out from headroom on. It returns how far they reach.
func (x *exchange) send(l *link) (have int, err error) {
	w := x.w
	w.head = w.req.AppendForward(w.head[:0], x.in, &http1.Edits{Drop: x.c.origin.drops, Extra: w.extra})
	into := w.out[headroom : headroom+len(w.in)]
	var n int
	if x.whole {
		x.appendBody()
		x.expectAnswer(x.now)
		n, err = l.exchange(w.head, into, patience{now: x.now, limit: x.deadline.Min(x.answerBy), bear: x.bear})
	} else {
		n, err = x.sendStreaming(l, into)
	}
	return headroom + n, err
}

// expectAnswer sets by when the head of the answer must be there: some time
// after the end of the request, or after an interim answer.
func (x *exchange) expectAnswer(from lb.Time) {
	x.answerBy = from.Add(x.pool.conf.Load().Connections.ResponseTimeout)
}

// appendBody appends a body that is there whole to the head: both go in one write.
func (x *exchange) appendBody() {
	w := x.w
	body := w.in[x.head:x.end]
	if w.req.Body != http1.BodyChunked {
		w.head = append(w.head, body...)
		return
	}
	// The original stays as it is, in case it must be sent again.
	at := len(w.head)
	w.head = append(w.head, body...)
	w.sent.Reset()
	passed, _, _, _, _ := passChunks(&w.sent, w.head[at:], false) // cannot fail: whole has looked at it
	w.head = w.head[:at+len(passed)]
}

// sendStreaming sends the head, lets the body follow as it comes, and waits for
// the answer, which may come before the body's end.
func (x *exchange) sendStreaming(l *link, into []byte) (int, error) {
	if err := l.write(x.w.head, x.waiting(x.pool.conf.Load().Connections.ReadTimeout).limit); err != nil {
		return 0, errors.Join(errUnsent, err)
	}
	x.streamed = true
	x.upload = startUpload(x, l)
	if x.answerBy = lb.Never; x.upload.expects {
		x.expectAnswer(x.now) // the backend's word comes next
	}
	return l.read(into, patience{now: x.now, limit: x.deadline, bear: x.bear})
}
