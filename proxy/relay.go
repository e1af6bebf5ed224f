package proxy

import (
	"errors"
	"io"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/proxy/http1"
)

// relay passes a final answer on, whose body begins at w.out[from:have]. It
// returns whether the backend's connection is clean: the answer was whole, and
// nothing came after it.
func (x *exchange) relay(l *link, from, have int) (clean bool) {
	w := x.w
	old := w.req.Minor == 0
	edits := http1.ResponseEdits{Extra: viaAnswer}
	if w.res.Body == http1.BodyUntilClose || w.res.Body == http1.BodyChunked {
		edits.Chunked = !old
		x.keep = x.keep && !old
	}
	if x.uploading() || x.upload != nil && x.upload.moved {
		x.keep = false // who knows how the body goes on
	}
	x.keep = x.keep && !x.c.listener.draining()
	edits.Close = !x.keep
	edits.KeepAlive = x.keep && old
	w.head = w.res.AppendForward(w.head[:0], x.ans, &edits)
	x.begun = true
	switch {
	case w.res.Body == http1.BodyLength:
		return x.relayLength(l, from, have)
	case w.res.Body == http1.BodyChunked:
		return x.relayChunked(l, from, have, old)
	case w.res.Body == http1.BodyUntilClose:
		x.relayUntilClose(l, from, have, old)
		return false
	}
	return x.put(from, from) == nil && x.ends(from, have)
}

// ends says that an answer that ends at to is the last that came from the
// backend. Where the buffer is full, nobody knows what else there is.
func (x *exchange) ends(to, have int) bool { return to == have && have < headroom+len(x.w.in) }

var viaAnswer = []byte("Via: 1.1 " + pseudonym + "\r\n")

// put writes w.out[from:to] to the client, the head before it if it is not yet
// sent. Where there is room the head is put in place before the bytes, so that
// one write does for both.
func (x *exchange) put(from, to int) error {
	w := x.w
	x.given += int64(to - from)
	if n := len(w.head); n > 0 {
		if n > from {
			err := x.toClient(w.head)
			w.head = w.head[:0]
			if err != nil {
				return err
			}
		} else {
			from -= n
			copy(w.out[from:], w.head)
			w.head = w.head[:0]
		}
	}
	return x.toClient(w.out[from:to])
}

// more reads further bytes of the answer's body into w.out[at:].
func (x *exchange) more(l *link, at int) (int, error) {
	w := x.w
	x.tick() // the last write may have waited
	n, err := l.read(w.out[at:headroom+len(w.in)], x.waiting(x.pool.conf.Load().Connections.ReadTimeout))
	x.tick()
	return at + n, err
}

// cut ends an answer that will not come whole, so that the client cannot take
// it for a whole one.
func (x *exchange) cut(err error) {
	x.keep = false
	err = x.blame(err)
	x.failure = "answer cut short: " + err.Error()
	var theirs *http1.Error
	switch {
	case errors.Is(err, errClientGone), errors.As(err, &theirs): // the client's end, or fault
		x.verdict = lb.Canceled
	case errors.Is(err, errTimeout):
		x.verdict = lb.Timeout
	default:
		x.verdict = lb.Failure
	}
}

func (x *exchange) relayLength(l *link, from, have int) (clean bool) {
	left := x.w.res.Length
	for {
		to := from + int(min(left, int64(have-from)))
		left -= int64(to - from)
		if x.put(from, to) != nil {
			return false
		}
		if left == 0 {
			return x.ends(to, have)
		}
		var err error
		from = headroom
		if have, err = x.more(l, from); err != nil {
			x.cut(cutShort(err))
			return false
		}
	}
}

// relayChunked passes a chunked body on, as chunks, or as plain data to a client
// of HTTP/1.0, which is then told the end by the connection's.
func (x *exchange) relayChunked(l *link, from, have int, dataOnly bool) (clean bool) {
	w := x.w
	w.body.Reset()
	for {
		passed, used, _, done, bad := passChunks(&w.body, w.out[from:have], dataOnly)
		if bad != nil {
			return x.cutChunked(from, passed, errors.New(bad.Msg), dataOnly)
		}
		if len(passed) > 0 || len(w.head) > 0 {
			if x.put(from, from+len(passed)) != nil {
				return false
			}
		}
		if done {
			return x.ends(from+used, have)
		}
		var err error
		rest := copy(w.out[headroom:], w.out[from+used:have])
		from = headroom
		if rest == len(w.in) {
			return x.cutChunked(from, nil, errAnswerLine, dataOnly)
		}
		if have, err = x.more(l, from+rest); err != nil {
			return x.cutChunked(from, nil, cutShort(err), dataOnly)
		}
	}
}

var errAnswerLine = errors.New("a trailer that is longer than a buffer")

// cutChunked passes on what was good and ends the answer there. Without chunks
// only a reset tells the client that it is not whole.
func (x *exchange) cutChunked(from int, passed []byte, err error, dataOnly bool) bool {
	if len(passed) > 0 || len(x.w.head) > 0 {
		_ = x.put(from, from+len(passed))
	}
	x.cut(err)
	x.resets = dataOnly
	return false
}

// relayUntilClose passes on a body that the end of the connection ends: as
// chunks, so that the client's connection can live on, or as it is to a client
// of HTTP/1.0.
func (x *exchange) relayUntilClose(l *link, from, have int, raw bool) {
	for {
		if have > from || len(x.w.head) > 0 {
			err := error(nil)
			if raw {
				err = x.put(from, have)
			} else {
				err = x.putChunk(from, have)
			}
			if err != nil {
				return
			}
		}
		var err error
		from = headroom
		have, err = x.more(l, from)
		switch {
		case errors.Is(err, io.EOF):
			if !raw {
				_ = x.toClient(lastChunk)
			}
			return
		case err != nil:
			x.cut(err)
			x.resets = raw
			return
		}
	}
}

var lastChunk = []byte(http1.FinalChunk)

// putChunk writes w.out[from:to] to the client as a chunk.
func (x *exchange) putChunk(from, to int) error {
	w := x.w
	if from == to {
		return x.put(from, to)
	}
	w.head = http1.AppendChunkLine(w.head, to-from)
	to += copy(w.out[to:], "\r\n")
	return x.put(from, to)
}
