package probe

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/orca"
)

// loadConns are the connections of a LoadClient that are not in use.
type loadConns struct {
	mu     sync.Mutex
	idle   []*loadConn // the one used last comes last
	out    int         // probes under way
	closed bool
}

// keepFor is how long a connection is kept unused: shorter than common servers do (nginx 75 s). The next
// probe closes what is older, and there are at most MaxKeptLoads of them.
const keepFor = 30 * time.Second

func (c *loadConns) enter() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out == MaxLoadProbes {
		return false
	}
	c.out++
	return true
}

func (c *loadConns) leave() {
	c.mu.Lock()
	c.out--
	c.mu.Unlock()
}

// take returns the connection to t that was used last, or nil.
func (c *loadConns) take(t Target) *loadConn {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(time.Now())
	for i := len(c.idle) - 1; i >= 0; i-- {
		conn := c.idle[i]
		if conn.target == t {
			c.idle = slices.Delete(c.idle, i, i+1)
			return conn
		}
	}
	return nil
}

// keep takes conn back, or closes it if there are enough.
func (c *loadConns) keep(conn *loadConn) {
	conn.used = time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(conn.used)
	if c.closed || len(c.idle) == MaxKeptLoads {
		conn.raw.Close()
		return
	}
	c.idle = append(c.idle, conn)
}

// drop closes what was not used for too long.
func (c *loadConns) drop(now time.Time) {
	old := 0
	for old < len(c.idle) && now.Sub(c.idle[old].used) > keepFor {
		c.idle[old].raw.Close()
		old++
	}
	c.idle = slices.Delete(c.idle, 0, old)
}

func (c *loadConns) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.idle {
		conn.raw.Close()
	}
	c.idle, c.closed = nil, true
}

// loadConn is one connection, with one exchange at a time. It has no goroutine of its own, unlike a
// connection of http.Transport: load probes are as many as requests, and cost about as much as one.
type loadConn struct {
	target Target
	raw    net.Conn
	bound  io.LimitedReader // of raw: what one answer may take
	in     *bufio.Reader    // of bound
	out    []byte           // the request
	used   time.Time        // when it was used last; zero: never
}

func newLoadConn(raw net.Conn, t Target) *loadConn {
	c := &loadConn{target: t, raw: raw, bound: io.LimitedReader{R: raw}}
	c.in = bufio.NewReaderSize(&c.bound, 1<<10)
	return c
}

// errStale says that a kept connection turned out to be closed.
var errStale = errors.New("the backend closed a kept connection")

// exchange sends the request and reads the answer.
func (c *loadConn) exchange(ctx context.Context, path string) (rep lb.Report, reusable bool, err error) {
	deadline, _ := ctx.Deadline() // zero: none
	c.raw.SetDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { c.raw.SetDeadline(time.Unix(1, 0)) })

	answer, err := c.roundTrip(path)
	if err == nil {
		rep, err = readReport(answer)
		// A body that is whole has been read to its end; what comes behind it is nobody's answer.
		reusable = wholeRead(answer) && !answer.Close && c.in.Buffered() == 0
	}
	if !stop() {
		return lb.Report{}, false, explain("no answer", ctx.Err())
	}
	return rep, reusable, err
}

func (c *loadConn) roundTrip(path string) (*http.Response, error) {
	c.bound.N = MaxHead + orca.MaxBytes
	c.out = append(c.out[:0], "GET "...)
	c.out = append(append(c.out, path...), " HTTP/1.1\r\nHost: "...)
	c.out = append(append(c.out, c.target.authority()...), "\r\nUser-Agent: "+loadAgent+"\r\n\r\n"...)
	_, err := c.raw.Write(c.out)
	if err == nil {
		_, err = c.in.Peek(1)
	}
	if err != nil {
		if c.used.IsZero() || isLate(err) {
			return nil, explain("no answer", err)
		}
		return nil, errStale
	}
	answer, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return nil, explain("no whole answer", err)
	}
	return answer, nil
}

// wholeRead says whether an answer's body has been read to its end.
func wholeRead(answer *http.Response) bool {
	n, err := answer.Body.Read(make([]byte, 1))
	return n == 0 && err == io.EOF
}
