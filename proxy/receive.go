package proxy

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/orca"
	"github.com/lbctl/lbctl/proxy/http1"
)

// maxInterim bounds the interim answers (1xx) before a final one.
const maxInterim = 64

// receive takes the answer, of which w.out[headroom:have] is there, and passes
// it on. It returns nil if the client has been answered, as well as could be.
func (x *exchange) receive(l *link, have int) *http1.Error {
	from, have, err := x.receiveHead(l, headroom, have)
	if err != nil {
		err = x.blame(err)
		x.stopUpload()
		x.backend.drop(l)
		return x.broken(err)
	}
	w := x.w
	x.answered = x.tick()
	x.status = w.res.Status
	x.verdict = lb.Success
	if x.status >= 500 {
		x.verdict = lb.Failure
	}
	if text := w.res.GetID(x.ans, http1.FieldEndpointLoadMetrics); len(text) > 0 && x.pool.balancer.ReadsReports() {
		x.report, _ = orca.Parse(text)
	}
	if x.status == 101 {
		x.stopUpload() // it is over
		x.tunnel(l, from, have)
		return nil
	}
	clean := x.relay(l, from, have)
	x.stopUpload()
	l.suspect = w.res.Body == http1.BodyNone
	if clean && x.whole && w.res.KeepAlive {
		x.backend.keep(l, x.now)
	} else {
		x.backend.drop(l)
	}
	return nil
}

// receiveHead reads until the head of a final answer is in w.res, and passes on
// the interim ones before it. It returns where the answer's body begins in w.out
// and how far it is there.
func (x *exchange) receiveHead(l *link, from, have int) (int, int, error) {
	w := x.w
	w.res.Reset()
	for interims := 0; ; {
		n, bad := w.res.Parse(w.out[from:have], w.req.Method, &x.c.conf.head)
		switch {
		case bad != nil:
			return 0, 0, errors.New(bad.Msg)
		case n == 0:
			if from > headroom {
				have = headroom + copy(w.out[headroom:], w.out[from:have])
				from = headroom
			}
			if have == headroom+len(w.in) {
				return 0, 0, errAnswerHead
			}
			got, err := l.read(w.out[have:headroom+len(w.in)], patience{now: x.tick(), limit: x.deadline.Min(x.answerBy), bear: x.bear})
			if err != nil {
				return 0, 0, cutShort(err)
			}
			have += got
		case w.res.Status == 101 && x.uploading():
			return 0, 0, errEarlyUpgrade
		case w.res.Status == 101 && !x.askedFor(w.res.Upgrade.Of(w.out[from:])):
			return 0, 0, errNoUpgrade
		case w.res.Status >= 200 || w.res.Status == 101:
			x.ans = w.out[from:]
			return from + n, have, nil
		default:
			if interims++; interims > maxInterim {
				return 0, 0, errInterims
			}
			if err := x.passInterim(from); err != nil {
				return 0, 0, errClientGone
			}
			switch x.tick(); {
			case x.uploading():
				x.answerBy = lb.Never
				x.upload.invite(x.now)
			case x.answerBy != lb.Never:
				x.expectAnswer(x.now)
			}
			from += n
			w.res.Reset()
		}
	}
}

// askedFor says whether the client offered to change to all of these protocols.
func (x *exchange) askedFor(protocols []byte) bool {
	offered := x.w.req.Upgrade.Of(x.in)
	if len(offered) == 0 || len(protocols) == 0 {
		return false
	}
	for p := range bytes.SplitSeq(protocols, []byte(",")) {
		if !slices.ContainsFunc(bytes.Split(offered, []byte(",")), func(o []byte) bool {
			return bytes.EqualFold(bytes.TrimSpace(o), bytes.TrimSpace(p))
		}) {
			return false
		}
	}
	return true
}

var (
	errAnswerHead   = errors.New("the head of the answer is too long")
	errNoUpgrade    = errors.New("the answer switches to a protocol that nobody asked for")
	errEarlyUpgrade = errors.New("the answer switches protocols before the end of the request")
	errInterims     = errors.New("too many interim answers")
)

// cutShort says of an end of the stream that it came too early.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// passInterim passes an interim answer on to a client that knows of such.
func (x *exchange) passInterim(from int) error {
	w := x.w
	if w.req.Minor == 0 {
		return nil
	}
	w.head = w.res.AppendForward(w.head[:0], w.out[from:], &http1.ResponseEdits{})
	return x.toClient(w.head)
}

// toClient writes to the client. If it takes nothing for too long, or is gone,
// the exchange is over.
func (x *exchange) toClient(p []byte) error {
	limit := x.deadline.Min(x.now.Add(x.c.conf.Limits.WriteTimeout))
	if err := x.c.write(p, limit); err != nil {
		x.keep, x.failure = false, "client: "+err.Error()
		if x.verdict == lb.Success {
			x.verdict = lb.Canceled
		}
		return err
	}
	return nil
}
