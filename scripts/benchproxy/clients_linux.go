package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// clientTimeout is the longest that connecting, or one request with its answer, may take.
const clientTimeout = 10 * time.Second

// clients are connections that are kept.
type clients []net.Conn

// connectClients opens so many connections, each with one request answered.
func connectClients(ctx context.Context, target netip.AddrPort, n int) (clients, error) {
	if n > clientsPerAddress*maxIdleAddresses {
		return nil, fmt.Errorf("%d clients: the loopback's addresses are enough for %d", n, clientsPerAddress*maxIdleAddresses)
	}
	all := make(clients, n)
	err := each(ctx, n, func(i int) (err error) {
		source := net.IPv4(127, 0, 0, byte(2+i/clientsPerAddress))
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: source}, Control: choosePortLate, Timeout: clientTimeout, KeepAlive: -1}
		if all[i], err = d.DialContext(ctx, "tcp4", target.String()); err != nil {
			return err
		}
		return askOne(all[i])
	})
	if err != nil {
		all.close()
		return nil, err
	}
	return all, nil
}

// choosePortLate has the port chosen when the destination is known. Chosen before, it must be free for
// every destination, and the search among thousands takes a millisecond.
func choosePortLate(_, _ string, raw syscall.RawConn) (err error) {
	if failed := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	}); failed != nil {
		return failed
	}
	return err
}

// ask has each client make a request and read the answer.
func (c clients) ask(ctx context.Context) error {
	return each(ctx, len(c), func(i int) error { return askOne(c[i]) })
}

func askOne(conn net.Conn) error {
	if err := conn.SetDeadline(time.Now().Add(clientTimeout)); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, "GET "+bodies[0].path()+" HTTP/1.1\r\nHost: example.com\r\n\r\n"); err != nil {
		return err
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	n, err := io.Copy(io.Discard, answer.Body)
	if err == nil && (answer.StatusCode != http.StatusOK || n != int64(bodies[0].bytes) || answer.Close) {
		err = fmt.Errorf("status %d with %d bytes, closing: %t", answer.StatusCode, n, answer.Close)
	}
	return err
}

func (c clients) close() {
	for _, conn := range c {
		if conn != nil {
			conn.Close()
		}
	}
}

// each calls do for 0 to n-1, some at once, and returns the first error; after it no new calls begin.
func each(ctx context.Context, n int, do func(i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var workers sync.WaitGroup
	for first := range atOnce {
		workers.Go(func() {
			for i := first; i < n && ctx.Err() == nil; i += atOnce {
				if err := do(i); err != nil {
					cancel(err)
				}
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}
