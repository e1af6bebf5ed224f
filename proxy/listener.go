package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/proxy/http1"
	"github.com/lbctl/lbctl/proxy/metrics"
)

// acceptPause is how long accepting rests after an error that is not about one
// connection, such as too many open files.
const acceptPause = 10 * time.Millisecond

// handoverPause is how long a socket that others listen beside still accepts: as
// long as handshakes that have begun may take.
const handoverPause = 200 * time.Millisecond

// listener accepts the clients of one address.
type listener struct {
	server *Server
	socket net.Listener
	conf   atomic.Pointer[listenerConf]
	log    *slog.Logger

	stopping atomic.Bool
	mu       sync.Mutex
	clients  map[*client]struct{}
	perAddr  map[netip.Addr]int
	aborted  bool // nobody is let in any more
}

// listenerConf is what a reload may change.
type listenerConf struct {
	serve.Listener
	head   http1.Limits
	series *metrics.ListenerSeries
	tls    *tls.Config // nil: plain
	work   *workspacePool
}

// listen opens the socket of a listener.
func listen(s *Server, conf *listenerConf) (*listener, error) {
	address := conf.Address
	if address.Network == "unix" {
		if err := removeStale(address.Addr); err != nil {
			return nil, err
		}
	}
	lc := net.ListenConfig{}
	lc.SetMultipathTCP(false) // its sockets take no filter, and clients of a proxy have one path
	if conf.ReusePort {
		lc.Control = func(_, _ string, c syscall.RawConn) error {
			var failed error
			err := c.Control(func(fd uintptr) {
				failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
			})
			return errors.Join(err, failed)
		}
	}
	socket, err := lc.Listen(context.Background(), address.Network, address.Addr)
	if err != nil {
		return nil, err
	}
	l := &listener{server: s, socket: socket, clients: map[*client]struct{}{}, perAddr: map[netip.Addr]int{}, log: s.log.With("listener", conf.Name)}
	l.conf.Store(conf)
	return l, nil
}

// removeStale removes a Unix socket that nobody listens on any more, as one is
// left by a process that was killed.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&os.ModeSocket == 0 {
		return nil // listening will say what is wrong
	}
	if conn, err := net.Dial("unix", path); err == nil {
		_ = conn.Close()
		return nil
	}
	return os.Remove(path)
}

// accept takes in clients until the socket is closed.
func (l *listener) accept() {
	for {
		conn, err := l.socket.Accept()
		switch {
		case err == nil:
			l.admit(conn)
		case errors.Is(err, net.ErrClosed):
			return
		case l.stopping.Load():
			_ = l.socket.Close()
			return
		default:
			l.log.Warn("accept", "error", err)
			time.Sleep(acceptPause)
		}
	}
}

// admit starts a client's goroutine.
func (l *listener) admit(conn net.Conn) {
	conf := l.conf.Load()
	c := &client{accepted: conn, listener: l, conf: conf}
	if !l.enter(c, &conf.Limits) {
		conf.series.Refused()
		_ = conn.Close()
		return
	}
	conf.series.Accepted()
	l.server.clients.Go(func() { c.run(conn) })
}

// enter counts a client in, if the listener's limit has room for it.
func (l *listener) enter(c *client, lim *serve.Limits) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.aborted || len(l.clients) >= lim.Connections {
		return false
	}
	l.clients[c] = struct{}{}
	return true
}

// enterFrom counts the client under its address, once that is known, if the limit
// of one client has room for it.
func (l *listener) enterFrom(c *client, from netip.Addr, most int) bool {
	if most == 0 || !from.IsValid() {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.perAddr[from] >= most {
		return false
	}
	l.perAddr[from]++
	c.counted = from
	return true
}

// leave counts a client out.
func (l *listener) leave(c *client) {
	c.conf.series.Closed()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.clients, c)
	if !c.counted.IsValid() {
		return
	}
	if l.perAddr[c.counted]--; l.perAddr[c.counted] <= 0 {
		delete(l.perAddr, c.counted)
	}
}

// addressOf returns the address of an IP peer; not valid for Unix sockets.
func addressOf(a net.Addr) netip.AddrPort {
	if tcp, ok := a.(*net.TCPAddr); ok {
		ap := tcp.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}

// trusts says whether an address is in one of the ranges.
func trusts(ranges []serve.Prefix, a netip.Addr) bool {
	for i := range ranges {
		if ranges[i].Contains(a) {
			return true
		}
	}
	return false
}

// close stops listening, and drains the clients that are there. Who is queued to
// be accepted is taken in first: closing the socket would reset them.
func (l *listener) close() {
	if l.stopping.Swap(true) {
		return
	}
	pause := acceptPause
	if conf := l.conf.Load(); conf.ReusePort && conf.Address.Network == "tcp" {
		pause = handoverPause
		if err := refuseHandshakes(l.socket); err != nil {
			l.log.Warn("connections that are made just now may be reset", "error", err)
		}
	}
	if d, ok := l.socket.(interface{ SetDeadline(time.Time) error }); ok {
		_ = d.SetDeadline(time.Now().Add(pause)) // accept closes the socket then
	}
	l.eachClient((*client).lookUpSoon)
}

// abort stops listening and cuts every client off.
func (l *listener) abort() {
	l.close()
	_ = l.socket.Close()
	l.mu.Lock()
	l.aborted = true
	l.mu.Unlock()
	l.eachClient(func(c *client) { go func() { _ = c.accepted.Close() }() }) // Close waits for a read callback to return
}

// count returns the number of clients.
func (l *listener) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.clients)
}

func (l *listener) eachClient(do func(*client)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.clients {
		do(c)
	}
}

// draining says that no client gets to send more than one more request.
func (l *listener) draining() bool { return l.stopping.Load() }

// conf returns what a reload puts into force for a listener.
func (s *Server) listenerConf(conf serve.Listener) (*listenerConf, error) {
	lc := &listenerConf{Listener: conf, series: s.metrics.Listener(conf.Name)}
	lim := &lc.Limits
	lc.head = http1.Limits{HeadBytes: lim.HeadBytes, URIBytes: lim.URIBytes, FieldBytes: lim.FieldBytes, Fields: lim.HeaderFields}
	if lc.work = s.workers[lim.BufferBytes]; lc.work == nil {
		lc.work = &workspacePool{bytes: lim.BufferBytes}
		s.workers[lim.BufferBytes] = lc.work
	}
	if conf.TLS == nil {
		return lc, nil
	}
	lc.tls = &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	if conf.TLS.MinVersion == "1.3" {
		lc.tls.MinVersion = tls.VersionTLS13
	}
	for _, pair := range conf.TLS.Certificates {
		cert, err := tls.LoadX509KeyPair(pair.Cert, pair.Key)
		if err != nil {
			return lc, err
		}
		lc.tls.Certificates = append(lc.tls.Certificates, cert)
	}
	return lc, nil
}
