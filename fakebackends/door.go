package fakebackends

import (
	"context"
	"errors"
	"net"
	"time"
)

// accept takes in connections until l is closed.
func (b *backend) accept(l net.Listener) {
	for {
		raw, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			time.Sleep(acceptPause)
		default:
			b.admit(l, raw)
		}
	}
}

// admit takes a connection in, unless the door was shut meanwhile.
func (b *backend) admit(l net.Listener, raw net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := newConn(raw, b)
	if b.listener != l || len(b.conns) >= MaxConnections {
		c.hangUp(true)
		return
	}
	b.conns[c] = struct{}{}
	b.fleet.running.Go(c.serve)
}

// forget ends a connection whose goroutine is done.
func (b *backend) forget(c *conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c.hangUp(false)
	delete(b.conns, c)
}

// open lets connections in again (door). The backend's mutex is held.
func (b *backend) open() {
	if b.closed || b.listener != nil {
		return
	}
	l, err := b.port.listen(context.Background())
	if err != nil {
		b.changed(b.fleet.now(), "cannot listen again yet: "+err.Error())
		time.AfterFunc(reopenPause, b.reopen)
		return
	}
	b.listener = l
	b.fleet.running.Go(func() { b.accept(l) })
}

// reopen tries again to open, if the backend still is to.
func (b *backend) reopen() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.actor.accepts() {
		b.open()
	}
}

// shut refuses new connections, and ends those on which nobody waits, or all if they are to be lost (door). The
// others end with their answer. The backend's mutex is held.
func (b *backend) shut(lost bool) {
	if b.listener != nil {
		_ = b.listener.Close()
		b.listener = nil
	}
	for c := range b.conns {
		if lost || !c.busy {
			c.hangUp(lost)
		}
	}
}
