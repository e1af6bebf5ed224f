package proxy

import (
	"errors"
	"io"
	"sync/atomic"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/proxy/http1"
)

// tunnel passes on the answer 101 and then bytes both ways, until both sides have
// ended, or nothing has moved for too long. w.out[from:have] came with the answer,
// and what the client has sent after its request is in w.in.
func (x *exchange) tunnel(l *link, from, have int) {
	w := x.w
	defer x.backend.drop(l)
	x.keep = false
	x.begun = true
	w.head = w.res.AppendForward(w.head[:0], x.ans, &http1.ResponseEdits{Extra: viaAnswer})
	if x.put(from, have) != nil {
		return
	}
	x.c.listener.server.tunnels.Add(1)
	defer x.c.listener.server.tunnels.Add(-1)
	t := &tunnel{x: x, over: make(chan struct{})}
	t.moved.Store(int64(x.c.clock.now()))
	buf := w.in[x.head:] // behind the head, which the log still needs
	if len(buf) == 0 {
		buf = make([]byte, len(w.in))
	}
	go func() {
		defer close(t.over)
		t.taken = t.pump(&l.wire, &x.c.wire, buf, x.end-x.head, w.have-x.head)
	}()
	x.given += t.pump(&x.c.wire, &l.wire, w.out[headroom:], 0, 0)
	<-t.over
	x.taken += t.taken
}

// tunnel is what the two directions share.
type tunnel struct {
	x     *exchange
	moved atomic.Int64 // lb.Time when bytes moved last, in any direction
	dead  atomic.Bool  // a direction has failed: the other has nobody left to talk to
	over  chan struct{}
	taken int64 // bytes from the client; read it once over
}

// pump moves bytes from one side to the other; buf[from:have] goes first.
func (t *tunnel) pump(to, source *wire, buf []byte, from, have int) (moved int64) {
	limit := t.x.c.conf.Limits.TunnelIdleTimeout
	for {
		if have > from {
			if to.write(buf[from:have], t.x.c.clock.now().Add(limit)) != nil {
				break
			}
			moved += int64(have - from)
			t.moved.Store(int64(t.x.c.clock.now()))
		}
		n, err := source.read(buf, patience{now: t.x.c.clock.now(), limit: lb.Never, bear: t.look})
		if errors.Is(err, io.EOF) {
			to.closeWrite() // the other direction may go on
			return moved
		}
		if err != nil {
			break
		}
		from, have = 0, n
	}
	t.dead.Store(true)
	_ = to.close() // the other direction waits for one of them
	_ = source.close()
	return moved
}

var errIdleTunnel = errors.New("nothing moved in the tunnel")

func (t *tunnel) look(now lb.Time) error {
	if t.x.c.listener.server.stopped.Load() {
		return errClosed
	}
	if t.dead.Load() || now.Sub(lb.Time(t.moved.Load())) >= t.x.c.conf.Limits.TunnelIdleTimeout {
		return errIdleTunnel
	}
	return nil
}
