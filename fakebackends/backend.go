package fakebackends

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/measure"
)

// backend is an actor with sockets and a clock.
type backend struct {
	fleet   *Fleet
	index   int
	port    *port
	letters [measure.NumEndings]letter
	alarm   *alarm // goes off when the actor's next happening is due

	rings atomic.Int64 // when it does (lb.Time); written with the mutex held

	mu       sync.Mutex
	actor    *actor
	listener net.Listener // nil: connections are refused
	conns    map[*conn]struct{}
	closed   bool
	out      []byte // for one answer at a time
}

// newBackend opens a backend's port and sets its clock going.
func (f *Fleet) newBackend(ctx context.Context, index, portNumber int) (*backend, error) {
	b := &backend{
		fleet: f, index: index, conns: make(map[*conn]struct{}),
		letters: letters(f.scenario.Model(f.seed).Backends()[index].Name),
	}
	b.rings.Store(int64(lb.Never))
	b.actor = newActor(f.scenario, f.seed, index, b, b)
	var err error
	if b.port, err = reserve(ctx, f.options.Listen, portNumber); err != nil {
		return nil, err
	}
	if b.listener, err = b.port.listen(ctx); err != nil {
		b.port.release()
		return nil, err
	}
	if b.alarm, err = newAlarm(); err != nil {
		_ = b.listener.Close()
		b.port.release()
		return nil, err
	}
	l := b.listener // which a crash right away takes from b
	f.running.Go(func() { b.accept(l) })
	f.running.Go(b.keepTime)
	return b, nil
}

// keepTime lets happen what is due, whenever it is.
func (b *backend) keepTime() {
	due := func() bool { return b.rings.Load() <= int64(b.fleet.now()) }
	for b.alarm.wait(due) {
		b.mu.Lock()
		now := b.fleet.now()
		b.actor.advance(now)
		b.rings.Store(int64(lb.Never))
		b.setAlarm(now)
		b.mu.Unlock()
	}
}

// setAlarm sees to it that the alarm goes off for what happens next. Where nothing will, it may go off for nothing.
func (b *backend) setAlarm(now lb.Time) {
	next := b.actor.next()
	if int64(next) == b.rings.Load() || next == lb.Never || b.closed {
		return
	}
	b.rings.Store(int64(next))
	b.alarm.set(next.Sub(now))
}

// arrive hands a call to the actor.
func (b *backend) arrive(c *conn, call *call, req *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.ended {
		return
	}
	c.busy, c.last, c.headless = true, req.Close, req.Method == http.MethodHead
	now := b.fleet.now()
	b.actor.advance(now)
	b.actor.arrive(now, call)
	b.setAlarm(now)
}

// cancel tells the actor that a call's client has gone.
func (b *backend) cancel(c *call) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.fleet.now()
	b.actor.advance(now)
	b.actor.cancel(now, c)
	b.setAlarm(now)
}

// close ends everything at once.
func (b *backend) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.shut(true)
	b.alarm.close()
	b.port.release()
}
