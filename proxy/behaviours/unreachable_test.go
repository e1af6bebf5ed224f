package behaviours_test

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// refusing is a backend where nobody listens. Its port is bound until the test ends, so that nobody comes to
// listen there.
func refusing(t *testing.T) *origin {
	t.Helper()
	_, at := bound(t)
	return &origin{t: t, scheme: "http", at: at}
}

// blackHole is a backend to which connections do not come about: its kernel's queue is full, and what else
// arrives is dropped.
func blackHole(t *testing.T) *origin {
	t.Helper()
	fd, at := bound(t)
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(os.NewSyscallError("listen", err))
	}
	for range 64 {
		nc, err := net.DialTimeout("tcp", at, 200*time.Millisecond)
		if err != nil {
			return &origin{t: t, scheme: "http", at: at}
		}
		t.Cleanup(func() { _ = nc.Close() })
	}
	t.Skip("this system queues any number of connections")
	return nil
}

// bound returns a socket with an address on loopback that does not listen.
func bound(t *testing.T) (fd int, at string) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(os.NewSyscallError("socket", err))
	}
	syscall.CloseOnExec(fd)
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(os.NewSyscallError("bind", err))
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(os.NewSyscallError("getsockname", err))
	}
	return fd, fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
}
