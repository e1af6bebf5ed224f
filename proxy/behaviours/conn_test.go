package behaviours_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what must come. It takes a small fraction of that, so only what
// never comes runs into it.
const patience = 10 * time.Second

// conn is a connection as a test holds it, the client's or the origin's end: bytes are written exactly as
// given and read exactly as they come. The methods that return no error end the test, and are for its own goroutine.
type conn struct {
	net.Conn
	t   *testing.T
	who string
	got []byte // read, not yet taken
}

// send writes each part by itself.
func (c *conn) send(parts ...string) {
	c.t.Helper()
	for _, p := range parts {
		if err := c.write(p); err != nil {
			c.t.Fatalf("%s: send %s: %v", c.who, short(p), err)
		}
	}
}

// offer is send to a side that may have had enough and closed.
func (c *conn) offer(parts ...string) {
	for _, p := range parts {
		if c.write(p) != nil {
			return
		}
	}
}

func (c *conn) write(p string) error {
	_ = c.SetWriteDeadline(time.Now().Add(patience))
	_, err := io.WriteString(c.Conn, p)
	return err
}

// more reads once.
func (c *conn) more() error {
	p := make([]byte, 64<<10)
	_ = c.SetReadDeadline(time.Now().Add(patience))
	n, err := c.Read(p)
	c.got = append(c.got, p[:n]...)
	if n > 0 {
		return nil
	}
	return err
}

// readThrough takes everything up to mark, and mark.
func (c *conn) readThrough(mark string) (string, error) {
	for {
		if i := strings.Index(string(c.got), mark); i >= 0 {
			return c.cut(i + len(mark)), nil
		}
		if err := c.more(); err != nil {
			return "", fmt.Errorf("%s waits for %q, has %s: %w", c.who, mark, short(string(c.got)), err)
		}
	}
}

// read takes n bytes.
func (c *conn) readN(n int) (string, error) {
	for len(c.got) < n {
		if err := c.more(); err != nil {
			return "", fmt.Errorf("%s waits for %d bytes, has %s: %w", c.who, n, short(string(c.got)), err)
		}
	}
	return c.cut(n), nil
}

func (c *conn) cut(n int) string {
	p := string(c.got[:n])
	c.got = c.got[n:]
	return p
}

// expect reads exactly want.
func (c *conn) expect(want string) {
	c.t.Helper()
	got, err := c.readN(len(want))
	if err != nil {
		c.t.Fatal(err)
	}
	if got != want {
		c.t.Fatalf("%s got %s, expected %s", c.who, short(got), short(want))
	}
}

// rest reads to the end of the stream. reset says that it ended with a reset in place of a FIN.
func (c *conn) rest() (all string, reset bool) {
	c.t.Helper()
	for {
		switch err := c.more(); {
		case err == nil:
		case errors.Is(err, io.EOF):
			return c.cut(len(c.got)), false
		case isReset(err):
			return c.cut(len(c.got)), true
		default:
			c.t.Fatalf("%s waits for the end of the stream, has %s: %v", c.who, short(string(c.got)), err)
		}
	}
}

// over waits until the other side has closed, and wants nothing more to come before.
func (c *conn) over() {
	c.t.Helper()
	if all, _ := c.rest(); all != "" {
		c.t.Fatalf("%s got %s, expected the end of the stream", c.who, short(all))
	}
}

// overWithin is over, with a limit that is part of the rule.
func (c *conn) overWithin(limit time.Duration) {
	c.t.Helper()
	began := time.Now()
	c.over()
	if took := time.Since(began); took > limit {
		c.t.Fatalf("%s: closed after %v, expected within %v", c.who, took, limit)
	}
}

// silentFor wants nothing to come, and the stream not to end, for d.
func (c *conn) silentFor(d time.Duration) {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(d))
	var p [512]byte
	n, err := c.Read(p[:])
	if n > 0 || len(c.got) > 0 {
		c.t.Fatalf("%s got %s, expected silence", c.who, short(string(c.got)+string(p[:n])))
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("%s: %v, expected silence", c.who, err)
	}
}

// closeWrite ends the stream towards the other side, and goes on listening.
func (c *conn) closeWrite() {
	c.t.Helper()
	if err := c.Conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		c.t.Fatalf("%s: %v", c.who, err)
	}
}

// reset closes with a RST.
func (c *conn) reset() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrUnexpectedEOF)
}

// short quotes s, or what a person reads of it.
func short(s string) string {
	const enough = 600
	if len(s) > enough {
		return fmt.Sprintf("%q… (%d bytes)", s[:enough], len(s))
	}
	return fmt.Sprintf("%q", s)
}

// isEnd tells whether err is the end of a stream, however it ended.
func isEnd(err error) bool { return errors.Is(err, io.EOF) || isReset(err) }
