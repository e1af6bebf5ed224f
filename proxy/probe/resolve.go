package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/lbctl/lbctl/lb/rng"
)

// Lookup finds the addresses of a host; network is "ip". It is net.Resolver's LookupNetIP.
type Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)

// MaxAddresses bounds how many addresses of one name are used: the lowest.
const MaxAddresses = 256

// Resolver remembers the addresses behind one name, and keeps them through
// failures of the name service: backends that were found yesterday serve on while it is away.
// It has one owner: no two calls at a time.
type Resolver struct {
	host   string
	port   uint16
	lookup Lookup
	fixed  bool // host is an IP address
	last   []netip.AddrPort
}

// NewResolver returns a resolver of host, a name or an IP address. lookup nil means the system's
// resolver.
func NewResolver(host string, port uint16, lookup Lookup) *Resolver {
	if lookup == nil {
		lookup = net.DefaultResolver.LookupNetIP
	}
	r := &Resolver{host: host, port: port, lookup: lookup}
	if a, err := netip.ParseAddr(host); err == nil {
		r.fixed, r.last = true, []netip.AddrPort{netip.AddrPortFrom(a.Unmap(), port)}
	}
	return r
}

// Fixed says that the host is an IP address, so that looking it up again changes nothing.
func (r *Resolver) Fixed() bool { return r.fixed }

// Addresses returns the last good answer, ascending and without duplicates; nil before the first. Read only.
func (r *Resolver) Addresses() []netip.AddrPort { return r.last }

// Resolve looks the name up and says whether Addresses has changed. On an error, which includes a
// name that has no addresses, it has not.
func (r *Resolver) Resolve(ctx context.Context) (changed bool, err error) {
	if r.fixed {
		return false, nil
	}
	found, err := r.lookup(ctx, "ip", r.host)
	if err == nil && len(found) == 0 {
		err = errors.New(r.host + " has no addresses")
	}
	if err != nil {
		return false, explain("no address", err)
	}
	addresses := normalize(found, r.port)
	changed = !slices.Equal(addresses, r.last)
	r.last = addresses
	return changed, nil
}

func normalize(found []netip.Addr, port uint16) []netip.AddrPort {
	all := make([]netip.AddrPort, len(found))
	for i, a := range found {
		all[i] = netip.AddrPortFrom(a.Unmap(), port)
	}
	slices.SortFunc(all, netip.AddrPort.Compare)
	all = slices.Compact(all)
	return slices.Clip(all[:min(len(all), MaxAddresses)])
}

// Spread returns how long to wait until a name is looked up again that is to be every so often: up to
// a tenth more or less, lest balancers that were started together ask together.
func Spread(every time.Duration, random *rng.Rand) time.Duration {
	return time.Duration(float64(every) * (0.9 + 0.2*random.Float64()))
}
