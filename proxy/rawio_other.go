//go:build unix && !linux

package proxy

import (
	"errors"
	"syscall"
)

// The portable forms of rawio_linux.go.

func rawRead(fd uintptr, p []byte) (int, syscall.Errno) { return outcome(syscall.Read(int(fd), p)) }

func rawWrite(fd uintptr, p []byte) (int, syscall.Errno) { return outcome(syscall.Write(int(fd), p)) }

func outcome(n int, err error) (int, syscall.Errno) {
	var errno syscall.Errno
	errors.As(err, &errno)
	return n, errno
}

// pollHangUp: no such event here; a client that leaves is noticed when it is written to.
const pollHangUp = 0
