package proxy

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/lbctl/lbctl/lb/rng"
	"github.com/lbctl/lbctl/proxy/probe"
)

// resolveTimeout bounds one look-up of a name.
const resolveTimeout = 10 * time.Second

// resolve keeps a backend's addresses up to date until it leaves the pool. Until
// the name was found the system resolves it at each connect.
func (p *pool) resolve(ctx context.Context, b *backend) {
	r := probe.NewResolver(b.url.Host, b.url.Port, nil)
	if r.Fixed() {
		return
	}
	random := rng.Stream(uint64(b.id), p.name)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		p.lookUp(ctx, b, r)
		timer.Reset(probe.Spread(p.conf.Load().Resolve, &random))
	}
}

func (p *pool) lookUp(ctx context.Context, b *backend, r *probe.Resolver) {
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	changed, err := r.Resolve(ctx)
	switch {
	case ctx.Err() == context.Canceled:
	case err != nil:
		p.log.Warn("name not found", "backend", b.name, "name", b.url.Host, "error", err)
	case changed:
		b.move(r.Addresses())
		p.log.Info("backend addresses", "backend", b.name, "name", b.url.Host, "addresses", r.Addresses())
	}
}

// move has further connections go to these addresses. Idle ones to others are
// closed as they grow old.
func (b *backend) move(to []netip.AddrPort) {
	addresses := make([]string, 0, len(to))
	for _, a := range to {
		addresses = append(addresses, a.String())
	}
	b.addresses.Store(&addresses)
}

// target returns where to probe: the backend, or another port of it.
func (b *backend) target(port int) probe.Target {
	network, address := b.address()
	t := probe.Target{Network: network, Address: address, Host: b.url.Address(), TLS: b.tls.Load()}
	if network == "unix" {
		t.Host = ""
	} else if port != 0 {
		t.Address = withPort(address, port)
	}
	return t
}

// withPort returns address with another port.
func withPort(address string, port int) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}
