package bench

import (
	"time"

	"golang.org/x/sys/unix"
)

// sleep waits for d, on a thread of its own: the kernel's timers are right to some 50 µs, where those of the Go
// runtime are up to a millisecond late in a process that is idle.
func sleep(d time.Duration) {
	ts := unix.NsecToTimespec(d.Nanoseconds())
	for unix.Nanosleep(&ts, &ts) == unix.EINTR {
	}
}
