package probe_test

import (
	"context"
	"errors"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb/rng"
	"github.com/lbctl/lbctl/proxy/probe"
)

// zone answers one look-up after the other.
type zone struct {
	t       *testing.T
	answers [][]string // addresses, or one error
}

var errZone = errors.New("lookup app.example: server misbehaving")

func (z *zone) lookup(_ context.Context, network, host string) ([]netip.Addr, error) {
	if network != "ip" || host != "app.example" {
		z.t.Errorf("asked for %s of %s", network, host)
	}
	answer := z.answers[0]
	z.answers = z.answers[1:]
	if answer == nil {
		return nil, errZone
	}
	var found []netip.Addr
	for _, a := range answer {
		found = append(found, netip.MustParseAddr(a))
	}
	return found, nil
}

func TestResolver(t *testing.T) {
	z := &zone{t: t}
	r := probe.NewResolver("app.example", 80, z.lookup)
	if r.Fixed() || r.Addresses() != nil {
		t.Errorf("before the first look-up: fixed %v, %v", r.Fixed(), r.Addresses())
	}
	two := []netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:80"), netip.MustParseAddrPort("10.0.0.2:80")}
	for _, step := range []struct {
		name    string
		answer  []string
		changed bool
		err     string
		want    []netip.AddrPort
	}{
		{"no answer yet", nil, false, "no address: lookup app.example", nil},
		{"sorted, once each, as IPv4", []string{"10.0.0.2", "::ffff:10.0.0.1", "10.0.0.2"}, true, "", two},
		{"same in another order", []string{"10.0.0.1", "10.0.0.2"}, false, "", two},
		{"failure", nil, false, "no address: ", two},
		{"none", []string{}, false, "app.example has no addresses", two},
		{"both kinds", []string{"::1", "10.0.0.9"}, true, "",
			[]netip.AddrPort{netip.MustParseAddrPort("10.0.0.9:80"), netip.MustParseAddrPort("[::1]:80")}},
	} {
		z.answers = [][]string{step.answer}
		changed, err := r.Resolve(t.Context())
		if changed != step.changed || !reflect.DeepEqual(r.Addresses(), step.want) {
			t.Errorf("%s: changed %v, %v; want %v, %v", step.name, changed, r.Addresses(), step.changed, step.want)
		}
		check(t, err, step.err)
	}
}

func TestResolverLimit(t *testing.T) {
	r := probe.NewResolver("app.example", 80, func(context.Context, string, string) ([]netip.Addr, error) {
		var many []netip.Addr
		for i := range 2 * probe.MaxAddresses {
			many = append(many, netip.AddrFrom4([4]byte{10, 0, byte(^i >> 8), byte(^i)}))
		}
		return many, nil
	})
	if _, err := r.Resolve(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := r.Addresses()
	if len(all) != probe.MaxAddresses || all[0] != netip.MustParseAddrPort("10.0.254.0:80") {
		t.Errorf("%d addresses from %v", len(all), all[0])
	}
}

func TestResolverOfAnAddress(t *testing.T) {
	for host, want := range map[string]string{"127.0.0.1": "127.0.0.1:80", "::1": "[::1]:80", "::ffff:127.0.0.1": "127.0.0.1:80"} {
		r := probe.NewResolver(host, 80, func(context.Context, string, string) ([]netip.Addr, error) {
			t.Errorf("%s looked up", host)
			return nil, nil
		})
		changed, err := r.Resolve(t.Context())
		if !r.Fixed() || changed || err != nil || len(r.Addresses()) != 1 || r.Addresses()[0] != netip.MustParseAddrPort(want) {
			t.Errorf("%s: %v, fixed %v, changed %v, %v", host, r.Addresses(), r.Fixed(), changed, err)
		}
	}
}

func TestSpread(t *testing.T) {
	random := rng.New(1)
	low, high := time.Hour, time.Duration(0)
	for range 1000 {
		next := probe.Spread(time.Minute, &random)
		low, high = min(low, next), max(high, next)
	}
	if low < 54*time.Second || low > 55*time.Second || high > 66*time.Second || high < 65*time.Second {
		t.Errorf("between %v and %v, want 54 s to 66 s", low, high)
	}
}
