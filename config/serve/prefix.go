package serve

import (
	"fmt"
	"net/netip"
)

// Prefix is a range of IP addresses. A single address is a range of one.
type Prefix struct{ netip.Prefix }

// UnmarshalScalar reads "10.0.0.0/8", "fd00::/8" or a single address.
func (p *Prefix) UnmarshalScalar(s string) error {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		a = a.Unmap()
		p.Prefix = netip.PrefixFrom(a, a.BitLen())
		return nil
	}
	got, err := netip.ParsePrefix(s)
	if err != nil || got.Addr().Is4In6() {
		return fmt.Errorf(`expected an address or a prefix, like "10.0.0.0/8"; got %q`, s)
	}
	if whole := got.Masked(); whole != got {
		return fmt.Errorf("expected a prefix without host bits, got %q; did you mean %q?", s, whole)
	}
	p.Prefix = got
	return nil
}
