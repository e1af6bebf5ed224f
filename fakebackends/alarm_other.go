//go:build !linux

package fakebackends

import (
	"sync"
	"time"
)

// alarm goes off at a time, as exactly as the Go runtime's timers do: up to a millisecond late.
type alarm struct {
	timer  *time.Timer
	closed chan struct{}
	once   sync.Once
}

func newAlarm() (*alarm, error) {
	return &alarm{timer: time.NewTimer(never), closed: make(chan struct{})}, nil
}

// never is longer than any scenario.
const never = 1 << 62

// set makes the alarm go off after d, in place of when it was to before.
func (a *alarm) set(d time.Duration) { a.timer.Reset(d) }

// wait waits until the alarm goes off, unless gone says that it has already; false when it is closed. It may go off
// for no reason.
func (a *alarm) wait(gone func() bool) bool {
	if gone() {
		return true
	}
	select {
	case <-a.timer.C:
		return true
	case <-a.closed:
		return false
	}
}

func (a *alarm) close() { a.once.Do(func() { close(a.closed) }) }
