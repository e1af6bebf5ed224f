package fakebackends

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// alarm goes off at a time. It is a timer of the kernel's, whose end wakes a goroutine as incoming bytes do, some 50 µs
// later. The Go runtime's own timers are up to a millisecond late while the process is idle, since it waits for
// them in whole milliseconds.
type alarm struct {
	file *os.File
	raw  syscall.RawConn
	fd   int
}

func newAlarm() (*alarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("timerfd: %w", err)
	}
	file := os.NewFile(uintptr(fd), "timerfd")
	raw, err := file.SyscallConn()
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("timerfd: %w", err)
	}
	return &alarm{file, raw, fd}, nil
}

// set makes the alarm go off after d, in place of when it was to before. It must not be closed.
func (a *alarm) set(d time.Duration) {
	next := unix.ItimerSpec{Value: unix.NsecToTimespec(max(1, d.Nanoseconds()))} // 0 would switch it off
	if err := unix.TimerfdSettime(a.fd, 0, &next, nil); err != nil {
		panic("fakebackends: " + err.Error())
	}
}

// wait waits until the alarm goes off after the call, unless gone says that it has already; false when it is closed.
// It may go off for no reason. The runtime watches for edges, so nothing need be read, which would cost
// two more system calls.
func (a *alarm) wait(gone func() bool) bool {
	waited := false
	return nil == a.raw.Read(func(uintptr) bool {
		over := waited || gone()
		waited = true
		return over
	})
}

func (a *alarm) close() { _ = a.file.Close() }
