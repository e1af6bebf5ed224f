package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/proxy/probe"
)

// staleAfter is how long an idle connection is trusted to be silent without a
// look at it: about as long as an event loop would take to see what came in.
const staleAfter = time.Millisecond

// reapEvery is how often connections that outlived their limits are looked for.
const reapEvery = time.Second

// backend is one backend of a live pool: where it is, and the connections to
// it. Any goroutine may call its methods.
type backend struct {
	id       lb.BackendID
	name     string
	url      serve.URL
	clock    clock
	weight   float64                    // as configured; the keeper's
	loadPath string                     // the keeper's
	tls      atomic.Pointer[tls.Config] // nil: plain
	limits   atomic.Pointer[serve.Connections]

	addresses atomic.Pointer[[]string] // what the name resolved to; nil: the name itself
	turn      atomic.Uint32            // of the addresses

	mu   sync.Mutex
	idle []*link // the one used last comes last
	open int     // idle or busy

	health backendHealth
	leave  context.CancelFunc // ends what runs beside it
	halt   context.Context    // done when the server stops: connecting is given up
	gone   atomic.Bool        // out of the pool: connections are not kept
	core   atomic.Pointer[lb.Backend]
	loads  atomic.Pointer[probe.LoadClient] // nil: it does not tell its load
	busy   atomic.Bool                      // something was sent to it since it was last heard to be idle
}

// chosen notes that a pick went to the backend.
func (b *backend) chosen(as *lb.Backend) {
	if b.core.Load() == nil {
		b.core.Store(as)
	}
	if !b.busy.Load() {
		b.busy.Store(true)
	}
}

// link is one connection to a backend.
type link struct {
	wire
	backend *backend
	born    lb.Time
	idle    lb.Time // since when
	used    bool    // it carried a request before
	suspect bool    // its last answer had no body: backends are known to send one all the same, a moment later
}

// configure takes over what may change without the backend being another one.
func (b *backend) configure(spec serve.Backend, p *plan) {
	b.weight = spec.Weight
	b.limits.Store(&p.conf.Connections)
	b.tls.Store(p.forBackend(b.url))
	b.listen(p.conf.LoadPath)
}

// listen sets where the backend tells its load; "" says that it does not.
func (b *backend) listen(path string) {
	var next *probe.LoadClient
	if path != "" && path == b.loadPath {
		return
	}
	if path != "" {
		next, _ = probe.NewLoadClient(path) // a path that cannot be sent was refused with the configuration
	}
	b.loadPath = path
	if last := b.loads.Swap(next); last != nil {
		last.Close()
	}
}

// errTooManyConnections says that a backend's connections are all busy.
var errTooManyConnections = errors.New("as many connections as allowed are open")

// link returns a connection to use: an idle one that looks alive, or a new one.
// A request that may not be sent twice wants a careful look. fresh asks for a new connection, which must be there
// by limit.
func (b *backend) link(now, limit lb.Time, careful, fresh bool) (*link, error) {
	for !fresh {
		l := b.takeIdle()
		if l == nil {
			break
		}
		lim := b.limits.Load()
		unused := now.Sub(l.idle)
		if unused < lim.IdleTimeout && now.Sub(l.born) < lim.MaxAge && !((careful || l.suspect || unused > staleAfter) && l.stale()) {
			return l, nil
		}
		b.drop(l)
	}
	return b.dial(now, limit)
}

func (b *backend) takeIdle() *link {
	b.mu.Lock()
	defer b.mu.Unlock()
	last := len(b.idle) - 1
	if last < 0 {
		return nil
	}
	l := b.idle[last]
	b.idle[last] = nil
	b.idle = b.idle[:last]
	return l
}

// keep takes back a connection whose exchange ended well.
func (b *backend) keep(l *link, now lb.Time) {
	l.idle, l.used = now, true
	b.mu.Lock()
	kept := !b.gone.Load() && len(b.idle) < b.limits.Load().MaxIdle
	if kept {
		b.idle = append(b.idle, l)
	}
	b.mu.Unlock()
	if !kept {
		b.drop(l)
	}
}

// drop closes a connection for good.
func (b *backend) drop(l *link) {
	b.mu.Lock()
	b.open--
	b.mu.Unlock()
	_ = l.close()
}

// reap closes idle connections that outlived their limits; all of them once the
// backend is out of the pool.
func (b *backend) reap(now lb.Time) {
	lim := b.limits.Load()
	b.mu.Lock()
	var over []*link
	b.idle = slices.DeleteFunc(b.idle, func(l *link) bool {
		gone := b.gone.Load() || now.Sub(l.idle) >= lim.IdleTimeout || now.Sub(l.born) >= lim.MaxAge
		if gone {
			over = append(over, l)
		}
		return gone
	})
	b.open -= len(over)
	b.mu.Unlock()
	for _, l := range over {
		_ = l.close()
	}
}

// retire closes what is idle and keeps nothing from now on.
func (b *backend) retire() {
	b.leave()
	b.listen("")
	b.gone.Store(true)
	b.reap(b.clock.now())
}

// counts returns the connections that are idle and that are open.
func (b *backend) counts() (idle, open int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.idle), b.open
}

// address returns where to connect to next.
func (b *backend) address() (network, address string) {
	if all := b.addresses.Load(); all != nil && len(*all) > 0 {
		return b.url.Network(), (*all)[int(b.turn.Add(1))%len(*all)]
	}
	return b.url.Network(), b.url.Address()
}

func (b *backend) dial(now, limit lb.Time) (*link, error) {
	lim := b.limits.Load()
	b.mu.Lock()
	room := b.open < lim.Max
	if room {
		b.open++
	}
	b.mu.Unlock()
	if !room {
		return nil, errTooManyConnections
	}
	ctx, cancel := context.WithTimeout(b.halt, min(lim.ConnectTimeout, limit.Sub(now)))
	defer cancel()
	l, err := b.connect(ctx, now)
	if err != nil {
		b.mu.Lock()
		b.open--
		b.mu.Unlock()
		return nil, err
	}
	return l, nil
}

func (b *backend) connect(ctx context.Context, now lb.Time) (*link, error) {
	network, address := b.address()
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	beneath := conn.(syscall.Conn) // TCP and Unix sockets are
	secure := b.tls.Load()
	if secure != nil {
		secured := tls.Client(conn, secure)
		if err := secured.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, err
		}
		conn = secured
	}
	l := &link{backend: b, born: now}
	if err := l.init(conn, beneath, secure == nil, b.clock); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return l, nil
}
