package serve

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// FuzzLoad holds Load to its promise for whatever it is given: errors, or a configuration that is
// complete and whose view loads again as the same.
func FuzzLoad(f *testing.F) {
	for _, name := range []string{"testdata/files/good.txt", "testdata/files/mistakes.txt"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, story := range strings.Split(string(text), "\nload\n")[1:] {
			file, _, _ := strings.Cut(story, "\n----")
			f.Add([]byte(file))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Load("my.yaml", text)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without a word")
			}
			return
		}
		checkComplete(t, c)
		view, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Load("my.json", view)
		if err != nil {
			t.Fatalf("the view does not load: %v\n%s", err, view)
		}
		if got, _ := json.Marshal(again); string(got) != string(view) {
			t.Fatalf("got %s\nwant %s", got, view)
		}
	})
}

// checkComplete looks for what a server relies on.
func checkComplete(t *testing.T, c *Config) {
	pools := map[string]bool{}
	for _, p := range c.Pools {
		pools[p.Name] = true
		if p.Pool.LB(1).Policy == nil || len(p.Backends) == 0 {
			t.Fatalf("pool %q is not complete", p.Name)
		}
		for _, b := range p.Backends {
			if b.Name == "" || b.URL.Address() == "" {
				t.Fatalf("pool %q: backend %+v", p.Name, b)
			}
		}
	}
	for _, r := range c.Routes {
		if !pools[r.Pool] {
			t.Fatalf("route %s leads to %q", r.Name(), r.Pool)
		}
	}
	if len(c.Routes) == 0 || len(c.Listeners) == 0 {
		t.Fatal("no routes, or no listeners")
	}
}

// FuzzScalars holds what reads itself from text to what it writes.
func FuzzScalars(f *testing.F) {
	for _, s := range []string{"[::1]:80", "unix:/a", "https://b.example:1", "*.a", "/a/b", "200-299,304", "10.0.0.0/8", "cookie a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var a, a2 Address
		if a.UnmarshalScalar(s) == nil && (a2.UnmarshalScalar(a.String()) != nil || a != a2) {
			t.Errorf("address %q: %+v, then %+v", s, a, a2)
		}
		var u, u2 URL
		if u.UnmarshalScalar(s) == nil && (u2.UnmarshalScalar(u.String()) != nil || u != u2) {
			t.Errorf("URL %q: %+v, then %+v", s, u, u2)
		}
		var h, h2 Host
		if h.UnmarshalScalar(s) == nil && (h2.UnmarshalScalar(string(h)) != nil || h != h2) {
			t.Errorf("host %q: %q, then %q", s, h, h2)
		}
		var p, p2 PathPrefix
		if p.UnmarshalScalar(s) == nil && (p2.UnmarshalScalar(string(p)) != nil || p != p2) {
			t.Errorf("prefix %q: %q, then %q", s, p, p2)
		}
		var set, set2 StatusSet
		if set.UnmarshalScalar(s) == nil && (set2.UnmarshalScalar(set.String()) != nil || set != set2) {
			t.Errorf("statuses %q: %s, then %s", s, set, set2)
		}
		var net, net2 Prefix
		if net.UnmarshalScalar(s) == nil && (net2.UnmarshalScalar(net.String()) != nil || net != net2) {
			t.Errorf("prefix %q: %s, then %s", s, net, net2)
		}
		var k, k2 Key
		if k.UnmarshalScalar(s) == nil && (k2.UnmarshalScalar(k.String()) != nil || k != k2) {
			t.Errorf("key %q: %s, then %s", s, k, k2)
		}
	})
}
