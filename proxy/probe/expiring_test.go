package probe

import (
	"context"
	"sync"
)

// Expiring is a context whose deadline passes when the test says so, and not by the clock.
type Expiring struct {
	context.Context
	expire func()
	done   chan struct{}
}

func NewExpiring(parent context.Context) *Expiring {
	done := make(chan struct{})
	return &Expiring{Context: parent, done: done, expire: sync.OnceFunc(func() { close(done) })}
}

func (e *Expiring) Expire()               { e.expire() }
func (e *Expiring) Done() <-chan struct{} { return e.done }

func (e *Expiring) Err() error {
	select {
	case <-e.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}
