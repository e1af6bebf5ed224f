package bench

import (
	"net/netip"
	"strconv"
	"testing"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/lbctl/lbctl/fakebackends"
)

func TestTargetsAreTheModelsRequests(t *testing.T) {
	sc := scenarioOf(t, "duration: 10s\nbalancers: {count: 3}\narrivals: {poisson: {rate_rps: 50}}\nclients: {count: 20}\nbackends: [{name: a}]\n")
	m := sc.Model(7)
	ts := &targets{model: m, urls: []string{"http://one/", "http://two/", "http://three/"}}
	for n := range uint64(100) {
		var got vegeta.Target
		if err := ts.target(&got); err != nil {
			t.Fatal(err)
		}
		if got.URL != ts.urls[m.Balancer(n)] || got.Method != "GET" {
			t.Errorf("request %d: %s %s", n, got.Method, got.URL)
		}
		if number := got.Header.Get(fakebackends.RequestHeader); number != strconv.FormatUint(n, 10) {
			t.Errorf("request %d is numbered %q", n, number)
		}
		if key := got.Header.Get(keyHeader); key != strconv.FormatUint(m.Request(n).Key, 16) {
			t.Errorf("request %d has the key %q", n, key)
		}
	}
}

func TestClientsHaveAddressesOfTheirOwn(t *testing.T) {
	seen := map[netip.Addr]uint64{}
	for _, c := range []uint64{0, 1, 0xffff, 1 << 16, 1 << 48, ^uint64(0)} {
		a, err := netip.ParseAddr(clientAddress(c))
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[a]; ok {
			t.Errorf("clients %x and %x share %v", c, other, a)
		}
		if seen[a] = c; !a.IsPrivate() {
			t.Errorf("%v may be somebody's", a)
		}
	}
}
