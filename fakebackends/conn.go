package fakebackends

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lbctl/lbctl/scenarios"
)

// conn is one connection to a backend: its goroutine reads requests, and whoever lets the backend's time pass writes
// the answers.
type conn struct {
	net.Conn
	backend *backend
	budget  int // bytes that may still be read of what is being read
	reader  *bufio.Reader
	turn    chan struct{} // holds an element when the present request has been answered

	// Guarded by the backend's mutex.
	busy       bool // a request waits for its answer
	last       bool // no request after this one
	headless   bool // the answer is to have no body: it is for a HEAD request
	ended      bool
	writeUntil time.Time // deadline of writes
}

func newConn(raw net.Conn, b *backend) *conn {
	c := &conn{Conn: raw, backend: b, turn: make(chan struct{}, 1)}
	c.reader = bufio.NewReader(c)
	return c
}

// errTooLong says that a head is longer than MaxHeadBytes.
var errTooLong = errors.New("head too long")

// Read reads no more than the budget allows.
func (c *conn) Read(p []byte) (int, error) {
	if c.budget <= 0 {
		return 0, errTooLong
	}
	n, err := c.Conn.Read(p[:min(len(p), c.budget)])
	c.budget -= n
	return n, err
}

// serve takes in one request after the other until the connection ends.
func (c *conn) serve() {
	defer c.backend.forget(c)
	for {
		c.budget = MaxHeadBytes
		req, err := http.ReadRequest(c.reader)
		if err == nil {
			err = c.readBody(req)
		}
		if isEnd(err) {
			return
		}
		var call *call
		if err == nil {
			call, err = c.backend.read(req)
		}
		if err != nil {
			c.refuse(err)
			return
		}
		call.client = c
		c.backend.arrive(c, call, req)
		c.budget = MaxHeadBytes
		if _, err := c.reader.Peek(1); err != nil { // the next request has come, or the client has gone
			c.backend.cancel(call)
			return
		}
		<-c.turn
	}
}

// isEnd says that an error is the end of a connection, and not of what came over it.
func isEnd(err error) bool {
	var lost net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &lost)
}

// readBody reads a request's body to its end.
func (c *conn) readBody(req *http.Request) error {
	if req.Body == http.NoBody {
		return nil
	}
	if strings.EqualFold(req.Header.Get("Expect"), "100-continue") {
		if _, err := io.WriteString(c.Conn, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
			return err
		}
	}
	for {
		c.budget = MaxHeadBytes
		if _, err := io.CopyN(io.Discard, req.Body, MaxHeadBytes/2); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// refuse answers what cannot be understood. It takes in for a while what the client is still sending, since closing on that
// would reset the connection and might lose the answer (RFC 9112 section 9.6).
func (c *conn) refuse(why error) {
	text := why.Error() + "\n"
	_ = c.SetWriteDeadline(time.Now().Add(refusalLimit)) // fails on a connection that is closed: so will the write
	_, err := fmt.Fprintf(c.Conn, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
	if tcp, ok := c.Conn.(*net.TCPConn); !ok || err != nil || tcp.CloseWrite() != nil || c.SetReadDeadline(time.Now().Add(refusalLimit)) != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, c.Conn, MaxHeadBytes)
}

// read returns the call that a request is.
func (b *backend) read(req *http.Request) (*call, error) {
	c := &call{}
	switch req.URL.Path {
	case HealthPath:
		c.question = askHealth
	case LoadPath:
		c.question = askLoad
	default:
		return c, b.readNumbers(req, c)
	}
	if req.URL.RawQuery == "" {
		return c, nil
	}
	query := req.URL.Query()
	if c.question == askLoad && query.Get(waitQuery) == waitIdle {
		c.question = askIdle
	}
	if text := query.Get(balancerQuery); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n >= b.fleet.scenario.Balancers {
			return nil, fmt.Errorf("%s in the query: expected the number of a balancer, 0 to %d, got %q", balancerQuery, b.fleet.scenario.Balancers-1, text)
		}
		c.balancer = n
	}
	return c, nil
}

// readNumbers reads which request it is.
func (b *backend) readNumbers(req *http.Request, c *call) (err error) {
	if text := req.Header.Get(RequestHeader); text == "" {
		c.number = b.fleet.anonymous.Add(1) - 1
	} else if c.number, err = strconv.ParseUint(text, 10, 64); err != nil {
		return fmt.Errorf("%s: expected a whole number from 0, got %q", RequestHeader, text)
	}
	if text := req.Header.Get(AttemptHeader); text != "" {
		n, err := strconv.ParseUint(text, 10, 31)
		if err != nil || n > scenarios.MaxRetries {
			return fmt.Errorf("%s: expected a whole number from 0 to %d, got %q", AttemptHeader, scenarios.MaxRetries, text)
		}
		c.attempt = int(n)
	}
	return nil
}
