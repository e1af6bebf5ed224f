package behaviours_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// origin is O: a backend of which a test plays every byte. Connections wait in accepted, in the
// order in which they were made, until the test takes them.
type origin struct {
	t        *testing.T
	ln       net.Listener
	scheme   string
	at       string // host:port
	accepted chan net.Conn

	mu   sync.Mutex
	open []net.Conn
}

// backlog is the number of connections that may wait for a test to take them; more fail the test.
const backlog = 256

func newOrigin(t *testing.T) *origin {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listen(t, ln, "http")
}

// newTLSOrigin is an origin that speaks TLS.
func newTLSOrigin(t *testing.T, cfg *tls.Config) *origin {
	t.Helper()
	ln, err := tls.Listen("tcp", "127.0.0.1:0", cfg)
	if err != nil {
		t.Fatal(err)
	}
	return listen(t, ln, "https")
}

func listen(t *testing.T, ln net.Listener, scheme string) *origin {
	o := &origin{t: t, ln: ln, scheme: scheme, at: ln.Addr().String(), accepted: make(chan net.Conn, backlog)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(o.accepted)
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			o.mu.Lock()
			o.open = append(o.open, nc)
			o.mu.Unlock()
			select {
			case o.accepted <- nc:
			default:
				t.Errorf("O got more than %d connections that nobody expected", backlog)
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = ln.Close()
		<-done
		o.mu.Lock()
		defer o.mu.Unlock()
		for _, nc := range o.open {
			_ = nc.Close()
		}
	})
	return o
}

func (o *origin) url() string {
	if o.scheme == "unix" {
		return "unix:" + o.at
	}
	return o.scheme + "://" + o.at
}

// accept takes the next connection.
func (o *origin) accept() *conn {
	o.t.Helper()
	select {
	case nc, ok := <-o.accepted:
		if !ok {
			o.t.Fatal("O waits for a connection, and is closed")
		}
		return &conn{Conn: nc, t: o.t, who: "O"}
	case <-time.After(patience):
		o.t.Fatal("O waits for a connection")
		return nil
	}
}

// untouched wants no connection to have been made that the test has not taken.
func (o *origin) untouched() {
	o.t.Helper()
	select {
	case nc, ok := <-o.accepted:
		if !ok {
			return
		}
		c := &conn{Conn: nc, t: o.t, who: "O"}
		_ = c.more()
		o.t.Fatalf("O got a connection that it should not have, with %s", short(string(c.got)))
	default:
	}
}

// serve answers every request with what answer says, on all connections, until the test ends. A
// request that cannot be read fails the test, an end of the stream between requests does not.
func (o *origin) serve(answer func(m message) string) {
	go func() {
		for nc := range o.accepted {
			go serveConn(&conn{Conn: nc, t: o.t, who: "O"}, answer)
		}
	}()
	o.t.Cleanup(func() { _ = o.ln.Close() })
}

func serveConn(c *conn, answer func(m message) string) {
	defer c.Close()
	for {
		if len(c.got) == 0 && c.more() != nil {
			return
		}
		m, err := c.readRequest()
		if err != nil {
			return
		}
		if c.write(answer(m)) != nil {
			return
		}
	}
}

// ok is an answer with a body.
func ok(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// lastly is an answer after which O closes.
func lastly(body string) string {
	return strings.Replace(ok(body), "\r\n", "\r\nConnection: close\r\n", 1)
}
