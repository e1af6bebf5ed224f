package proxy

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb"
)

const twoListeners = "listeners: [{name: web, address: \"127.0.0.1:0\"}, {name: old, address: \"[::1]:0\"}]"

// TestCloseCutsDrainingListeners: also clients of a listener that a reload has removed.
func TestCloseCutsDrainingListeners(t *testing.T) {
	entered := make(chan struct{})
	origin := scripted(t, func(_ int, c net.Conn, r *bufio.Reader) {
		head(r)
		close(entered)
		_, _ = io.Copy(io.Discard, r)
	})
	one := yaml(calm, origin)
	s := start(t, strings.Replace(one, "listeners: [{name: web, address: \"127.0.0.1:0\"}]", twoListeners, 1))
	c, err := net.Dial("tcp", s.Addr("old").String())
	if err != nil {
		t.Skip("no IPv6")
	}
	defer func() { _ = c.Close() }()
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-entered
	if err := s.Reload(mustLoad(t, one)); err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	select {
	case <-closed:
	case <-time.After(patient):
		t.Error("Close waits for the clients of a listener that an earlier reload removed")
		_ = c.Close()
	}
}

// TestIdleConnectionNoticesTheDrain: the listener's own wake
// comes before the client is ready for it, as it does for whoever is accepted
// after the drain has begun.
func TestIdleConnectionNoticesTheDrain(t *testing.T) {
	s := start(t, yaml(calm, answering(t, "a").URL))
	s.mu.Lock()
	for _, l := range s.listeners {
		l.stopping.Store(true)
	}
	s.mu.Unlock()
	c, r := dial(t, s)
	_ = c
	if _, err := r.ReadByte(); err != io.EOF {
		t.Errorf("an idle connection during a drain: %v; want its end", err)
	}
}

// TestNoReloadDuringShutdown: a stop cannot be taken back.
func TestNoReloadDuringShutdown(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	origin := scripted(t, func(_ int, c net.Conn, r *bufio.Reader) {
		head(r)
		close(entered)
		<-leave
		answerOK(c, "x")
	})
	one := yaml(calm, origin)
	s := start(t, one)
	c, r := dial(t, s)
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- s.Shutdown(t.Context()) }()
	eventually(t, "draining", s.Draining)
	err := s.Reload(mustLoad(t, strings.Replace(one, "listeners: [{name: web, address: \"127.0.0.1:0\"}]", twoListeners, 1)))
	if err == nil {
		t.Error("a reload during a stop opens new listeners")
	}
	close(leave)
	_, _, _ = reply(t, r)
	<-stopped
}

// queued is a listening socket with one connection in its queue, which is accepted
// when its time has come.
type queued struct {
	net.Listener
	conn     net.Conn
	when     func(*queued)
	deadline chan struct{} // closed when accepting is to end soon
	closed   chan struct{} // closed when it is to end now
	once     [2]sync.Once
}

func (q *queued) Accept() (net.Conn, error) {
	if q.conn == nil {
		<-q.deadline
		return nil, os.ErrDeadlineExceeded
	}
	q.when(q)
	conn := q.conn
	q.conn = nil
	return conn, nil
}

func (q *queued) SetDeadline(time.Time) error {
	q.once[0].Do(func() { close(q.deadline) })
	return nil
}

func (q *queued) Close() error {
	q.once[1].Do(func() { close(q.closed) })
	return q.Listener.Close()
}

// queueOne has a server listen on a socket with a client in its queue, and returns the
// client's side.
func queueOne(t *testing.T, s *Server, when func(*queued)) net.Conn {
	t.Helper()
	conf, err := s.listenerConf(mustLoad(t, yaml(calm, "http://127.0.0.1:1")).Listeners[0])
	if err != nil {
		t.Fatal(err)
	}
	conf.Name = "queued"
	l, err := listen(s, conf)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", l.socket.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patient))
	conn, err := l.socket.Accept()
	if err != nil {
		t.Fatal(err)
	}
	l.socket = &queued{Listener: l.socket, conn: conn, when: when, deadline: make(chan struct{}), closed: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.swapListeners(&change{listeners: map[string]*listenerConf{"queued": conf}, opened: map[string]*listener{"queued": l}})
	return c
}

// TestShutdownServesTheQueue: nobody else is there when the stop begins.
func TestShutdownServesTheQueue(t *testing.T) {
	s := start(t, yaml(calm, answering(t, "a").URL))
	c := queueOne(t, s, func(q *queued) {
		<-q.deadline
		select { // as if the processor had been with others
		case <-q.closed:
		case <-time.After(300 * time.Millisecond):
		}
	})
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if n := verdicts(t, s, lb.Success); n != 1 {
		t.Errorf("%d requests of one in the queue were answered before the stop", n)
	}
	if status, body, err := reply(t, bufio.NewReader(c)); err != nil || body != "a" {
		t.Errorf("%d %q %v", status, body, err)
	}
}

// TestCloseCutsWhoWasJustAccepted: Close comes between accept and admit.
func TestCloseCutsWhoWasJustAccepted(t *testing.T) {
	s := start(t, yaml(calm, answering(t, "a").URL))
	c := queueOne(t, s, func(q *queued) { <-q.closed })
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	select {
	case <-closed:
	case <-time.After(patient / 2):
		t.Error("Close waits for a client that came in as it began")
	}
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the client's connection is still open: %v", err)
	}
}

// TestCloseWhileConnecting: nobody waits for a backend that does not shake hands.
func TestCloseWhileConnecting(t *testing.T) {
	entered := make(chan struct{}, 1)
	s := start(t, yaml(calm+"    connections: {connect_timeout: 8s}\n", mute(t, entered)))
	c, _ := dial(t, s)
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-entered
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	select {
	case <-closed:
	case <-time.After(patient / 2):
		t.Error("Close waits for a connection to be made")
		<-closed
	}
}

// TestLastAnswerArrives: the proxy ends the connection, for it drains, while
// the client has sent one more request: closing a socket with unread bytes throws
// away what is still to be sent.
func TestLastAnswerArrives(t *testing.T) {
	const size = 256 << 10
	entered, leave := make(chan struct{}), make(chan struct{})
	s := start(t, yaml(calm, httptestServer(t, func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-leave
		w.Header().Set("Content-Length", strconv.Itoa(size))
		_, _ = io.WriteString(w, strings.Repeat("x", size))
	})))
	d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
	}}
	c, err := d.Dial("tcp", s.Addr("web").String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(patient))
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-entered
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	s.mu.Lock()
	var l *listener
	for _, l = range s.listeners {
		l.stopping.Store(true)
	}
	s.mu.Unlock()
	close(leave)
	eventually(t, "the proxy has nothing more to say", func() bool { return l.count() == 0 })
	if _, body, err := reply(t, bufio.NewReader(c)); err != nil || len(body) != size {
		t.Errorf("%d bytes of %d, %v", len(body), size, err)
	}
}

// TestLookUpSeesTheRequest: what a client sent with its end is a
// request like any other.
func TestLookUpSeesTheRequest(t *testing.T) {
	s := start(t, yaml(calm, answering(t, "a").URL))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	theirs, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = theirs.Close() }()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	write(t, theirs, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	_ = theirs.(*net.TCPConn).CloseWrite()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.listeners {
		c := &client{listener: l, conf: l.conf.Load(), until: s.clock.now().Add(time.Hour)}
		if err := c.init(conn, conn.(*net.TCPConn), true, s.clock); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the end has come", func() bool { return c.look().finished() })
		if c.lookUp(); c.phase == phaseOver {
			t.Error("the connection is given up, and the request in it was not read")
		}
	}
}
