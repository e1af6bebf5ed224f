package proxy

import (
	"bufio"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/pires/go-proxyproto"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// client is one client connection. It is served by one goroutine, from the
// first byte to the last.
//
// While it waits for a request it holds no buffers, and its goroutine sits in
// the read callback of its socket. Requests that have arrived whole are served
// from within that callback: the socket was read empty before, and news of it is
// kept while the callback runs, so that the wait for the next request begins
// without trying a read that finds nothing. What needs more of the client's
// bytes meanwhile (a body to be streamed, a tunnel) is served outside of it.
type client struct {
	wire
	accepted net.Conn // as it came, to be closed by others
	listener *listener
	conf     *listenerConf
	counted  netip.Addr // for the limit per client; the zero Addr: not counted
	origin   origin
	peer     netip.AddrPort
	rand     rng.Rand

	work    *workspace // nil: idle
	until   lb.Time    // of the present wait for a request
	last    lb.Time    // when bytes were last dealt with
	onTurn  func(fd uintptr) bool
	first   [1]byte // of a request over TLS
	phase   phase
	drained bool        // a drain has been noticed
	ready   atomic.Bool // the wire may be used by others
	lingers bool        // what the client still sends is thrown away before the end
	resets  bool        // the end must not look like the end of an answer
}

// phase is what a client connection is to do next.
type phase uint8

const (
	phaseRead   phase = iota // wait for a request, or more of one
	phaseStream              // a request is parsed whose body is still to come
	phaseOver
)

// run serves a connection that was just accepted.
func (c *client) run(conn net.Conn) {
	defer c.listener.leave(c)
	early, conn, err := c.open(conn)
	if err != nil {
		_ = conn.Close()
		return
	}
	c.rand = rng.New(rng.Mix(c.listener.server.options.Seed, c.listener.server.connections.Add(1)))
	c.onTurn = c.turn
	c.until = c.clock.now().Add(c.conf.Limits.IdleTimeout)
	c.ready.Store(true)
	if len(early) > 0 {
		c.acquire()
		c.work.have = copy(c.work.in, early)
		c.serve()
	}
	for c.phase != phaseOver {
		c.next()
	}
	c.finish()
	c.release()
}

// open makes the accepted connection ready: PROXY protocol, then TLS. What was
// read beyond the PROXY header is returned.
func (c *client) open(conn net.Conn) (early []byte, _ net.Conn, err error) {
	beneath, ok := conn.(syscall.Conn)
	if !ok {
		return nil, conn, errors.New("not a socket")
	}
	peer := addressOf(conn.RemoteAddr())
	if pp := c.conf.ProxyProtocol; pp != nil && trusts(pp.Trusted, peer.Addr()) {
		if peer, early, err = proxyHeader(conn, pp.HeaderTimeout, peer); err != nil {
			c.listener.log.Debug("PROXY header", "peer", peer, "error", err)
			return nil, conn, err
		}
	}
	if c.conf.tls != nil {
		secured := tls.Server(&preceded{Conn: conn, early: early}, c.conf.tls)
		early = nil
		_ = conn.SetDeadline(time.Now().Add(c.conf.Limits.HeaderTimeout))
		if err := secured.Handshake(); err != nil {
			c.listener.log.Debug("TLS handshake", "peer", peer, "error", err)
			return nil, conn, err
		}
		conn = secured
	}
	_ = conn.SetDeadline(time.Time{})
	if !c.listener.enterFrom(c, peer.Addr(), c.conf.Limits.ConnectionsPerClient) {
		c.conf.series.Refused()
		return nil, conn, errTooManyOfOne
	}
	c.peer = peer
	c.origin = newOrigin(peer, c.conf.tls != nil, c.conf.TrustedProxies)
	return early, conn, c.init(conn, beneath, c.conf.tls == nil, c.listener.server.clock)
}

var errTooManyOfOne = errors.New("as many connections of one client as allowed are open")

// maxProxyHeader bounds a PROXY header with what may come in the same segment.
const maxProxyHeader = 4096

// proxyHeader reads the header of the PROXY protocol and returns the address
// that it names, and the bytes read after it.
func proxyHeader(conn net.Conn, limit time.Duration, peer netip.AddrPort) (netip.AddrPort, []byte, error) {
	_ = conn.SetReadDeadline(time.Now().Add(limit))
	r := bufio.NewReaderSize(conn, maxProxyHeader)
	h, err := proxyproto.Read(r)
	if err != nil {
		return peer, nil, err
	}
	if source, ok := h.SourceAddr.(*net.TCPAddr); ok && h.Command.IsProxy() {
		peer = addressOf(source)
	}
	early, err := r.Peek(r.Buffered())
	return peer, early, err
}

// preceded is a connection of which some bytes were read already.
type preceded struct {
	net.Conn
	early []byte
}

func (p *preceded) Read(b []byte) (int, error) {
	if len(p.early) > 0 {
		n := copy(b, p.early)
		p.early = p.early[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}

// next does what the phase asks for.
func (c *client) next() {
	switch c.phase {
	case phaseStream:
		c.serve()
		c.restWhenIdle()
	default:
		if c.plain {
			c.nextPlain()
		} else {
			c.nextTLS()
		}
	}
}

func (c *client) nextPlain() {
	now := c.clock.now()
	if now >= c.until {
		c.late()
		return
	}
	c.armRead(now, c.until)
	if c.listener.draining() && !c.drained { // whoever was to wake this wait may have come before it was armed
		c.lookUp()
		return
	}
	err := c.sock.Read(c.onTurn)
	switch {
	case err == nil:
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.armedRead = 0
		c.lookUp()
	default:
		c.phase = phaseOver
	}
}

// turn is the read callback of the client's socket: it takes in what is there
// and serves it. It returns false to wait for more.
func (c *client) turn(fd uintptr) bool {
	for {
		c.acquire()
		room := c.work.room()
		n, errno := rawRead(fd, room)
		switch {
		case errno == syscall.EAGAIN:
			c.restWhenIdle()
			if c.armedRead > c.until {
				c.armRead(0, c.until)
			}
			return false
		case errno == syscall.EINTR:
			continue
		case errno != 0 || n == 0:
			c.phase = phaseOver
			return true
		}
		c.work.have += n
		c.serve()
		switch {
		case c.phase != phaseRead:
			return true
		case n == len(room): // perhaps not all
		default:
			c.restWhenIdle()
			if limit := c.until.Min(c.last.Add(endPause)); c.armedRead > limit {
				c.armRead(0, limit)
			}
			return false
		}
	}
}

// nextTLS is nextPlain for a connection whose socket cannot be read directly. An
// idle one waits for a single byte, so that it needs no buffers; the rest is
// there, decrypted, when they have been acquired.
func (c *client) nextTLS() {
	now := c.clock.now()
	if now >= c.until {
		c.late()
		return
	}
	c.armRead(now, c.until)
	if c.listener.draining() && !c.drained {
		c.lookUp()
		return
	}
	into := c.first[:]
	if c.work != nil {
		into = c.work.room()
	}
	n, err := c.conn.Read(into)
	switch {
	case n > 0 && c.work == nil:
		c.acquire()
		c.work.have = copy(c.work.in, into)
	case n > 0:
		c.work.have += n
		c.serve()
		c.restWhenIdle()
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.armedRead = 0
		c.lookUp()
	case err != nil:
		c.phase = phaseOver
	}
}

// restWhenIdle gives the buffers back between two requests.
func (c *client) restWhenIdle() {
	if c.work != nil && c.work.have == 0 {
		c.release()
	}
}

// endPause is how soon a client's end is noticed that came with its last bytes:
// the socket announces both at once, and only the bytes were read. Looking for it
// after each request would cost a system call each.
const endPause = 200 * time.Millisecond

// lookUp is called when a wait for a request was interrupted. The next one begins
// with a read, and so finds an end that came unseen.
func (c *client) lookUp() {
	now := c.clock.now()
	if c.bearIdle(now) != nil || now >= c.until {
		c.late()
	}
}

// lookUpSoon interrupts a wait for a request, or has the next one be interrupted.
func (c *client) lookUpSoon() {
	if c.ready.Load() {
		c.wake()
	}
}

// drainIdle is how long, once a drain has begun, a connection without a request
// is kept: its client may be about to send one, and is told with its answer that
// it is the last.
const drainIdle = time.Second

var errDraining = errors.New("draining")

// bearIdle ends the wait for a request early when the server drains.
func (c *client) bearIdle(now lb.Time) error {
	if c.listener.draining() && !c.drained {
		c.drained = true
		c.until = c.until.Min(now.Add(drainIdle))
	}
	if now >= c.until {
		return errDraining
	}
	return nil
}

// late ends a connection whose time to send a request is over. A request that
// has begun is answered.
func (c *client) late() {
	if c.work != nil && c.work.have > c.work.from {
		c.refuse(errHeaderTimeout)
	}
	c.phase = phaseOver
}

func (c *client) acquire() {
	if c.work == nil {
		c.work = c.conf.work.take()
	}
}

func (c *client) release() {
	if c.work != nil {
		c.conf.work.give(c.work)
		c.work = nil
	}
}

// serve answers the requests that are there, in order. It returns when it needs
// more bytes, in whatever phase says.
func (c *client) serve() {
	w := c.work
	for {
		n, bad := w.req.Parse(w.in[w.from:w.have], &c.conf.head)
		switch {
		case bad != nil:
			c.refuse(bad)
			c.phase = phaseOver
			return
		case n == 0:
			c.await()
			return
		}
		x := &w.exchange
		x.start(c, n)
		if c.plain && c.phase == phaseRead && x.readsMore() {
			c.phase = phaseStream // come back outside of the read callback
			return
		}
		c.phase = phaseRead
		x.answer()
		if c.phase != phaseRead {
			return
		}
		w.req.Reset()
	}
}

// await sets how long the rest of a request, or the next one, may take to come.
func (c *client) await() {
	w, lim := c.work, &c.conf.Limits
	if w.from == w.have {
		w.from, w.have = 0, 0
		c.until = c.last.Add(lim.IdleTimeout)
		if c.listener.draining() {
			c.until = c.until.Min(c.last.Add(drainIdle))
		}
		return
	}
	w.shift()
	if w.begun == 0 {
		c.last = c.clock.now()
		w.begun = c.last
	}
	c.until = w.begun.Add(lim.HeaderTimeout)
}
