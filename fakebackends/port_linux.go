package fakebackends

import (
	"context"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// hold is a socket that is bound to the port and never listens. While nobody listens connections are refused, and
// meanwhile the kernel gives the port to nobody else, as it might to a connection that needs a port of its own.
type hold struct{ fd int }

// holdPort binds to an address and returns it with the port that it got.
func holdPort(ctx context.Context, address string) (string, hold, error) {
	at, err := resolve(ctx, address)
	if err != nil {
		return "", hold{}, err
	}
	family := unix.AF_INET6
	if at.Addr().Is4() {
		family = unix.AF_INET
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", hold{}, os.NewSyscallError("socket", err)
	}
	number, err := bind(fd, at)
	if err != nil {
		_ = unix.Close(fd)
		return "", hold{}, &net.OpError{Op: "listen", Net: "tcp", Addr: net.TCPAddrFromAddrPort(at), Err: err}
	}
	return netip.AddrPortFrom(at.Addr(), number).String(), hold{fd}, nil
}

// resolve looks up a host and port to listen on.
func resolve(ctx context.Context, address string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if host == "" {
		host = "::"
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	number, err := net.DefaultResolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(addresses[0].Unmap(), uint16(number)), nil
}

// bind gives a socket its address and returns the port.
func bind(fd int, at netip.AddrPort) (uint16, error) {
	// Sockets of which none listens may share a port if all say so, and listeners of package net do.
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return 0, os.NewSyscallError("setsockopt", err)
	}
	var sa unix.Sockaddr
	if at.Addr().Is4() {
		sa = &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}
	} else {
		sa = &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()}
	}
	if err := unix.Bind(fd, sa); err != nil {
		return 0, os.NewSyscallError("bind", err)
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		return 0, os.NewSyscallError("getsockname", err)
	}
	switch sa := bound.(type) {
	case *unix.SockaddrInet4:
		return uint16(sa.Port), nil
	case *unix.SockaddrInet6:
		return uint16(sa.Port), nil
	}
	return 0, unix.EAFNOSUPPORT
}

func (h hold) release() { _ = unix.Close(h.fd) }
