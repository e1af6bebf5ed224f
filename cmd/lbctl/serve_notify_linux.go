package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// monotonicMicros reads CLOCK_MONOTONIC, in microseconds.
func monotonicMicros() int64 {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		panic("lbctl: no monotonic clock: " + err.Error())
	}
	return now.Nano() / int64(time.Microsecond)
}
