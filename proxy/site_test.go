package proxy

import (
	"testing"

	"github.com/lbctl/lbctl/config/serve"
)

const routed = `
listeners: [{address: "127.0.0.1:0"}]
routes:
  - {pool: rest}
  - {path_prefix: /api, pool: api}
  - {path_prefix: /api/v2, pool: api2}
  - {host: example.com, pool: example}
  - {host: example.com, path_prefix: /admin, pool: admin}
  - {host: "*.example.com", pool: sub}
  - {host: "*.deep.example.com", path_prefix: /x, pool: deep}
pools:
  - {name: rest, backends: ["http://127.0.0.1:1"]}
  - {name: api, backends: ["http://127.0.0.1:1"]}
  - {name: api2, backends: ["http://127.0.0.1:1"]}
  - {name: example, backends: ["http://127.0.0.1:1"]}
  - {name: admin, backends: ["http://127.0.0.1:1"]}
  - {name: sub, backends: ["http://127.0.0.1:1"]}
  - {name: deep, backends: ["http://127.0.0.1:1"]}
`

func testSite(t *testing.T, text string) *site {
	t.Helper()
	conf, err := serve.Load("lbctl.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	pools := map[string]*pool{}
	for _, p := range conf.Pools {
		pools[p.Name] = &pool{name: p.Name}
	}
	return newSite(conf, pools, nil)
}

func TestTheMostSpecificRouteWins(t *testing.T) {
	s := testSite(t, routed)
	for _, c := range []struct{ host, path, pool string }{
		{"other.org", "/", "rest"},
		{"other.org", "/apis", "rest"},
		{"other.org", "/api", "api"},
		{"other.org", "/api?x=/api/v2", "api"},
		{"other.org", "/api/v1", "api"},
		{"other.org", "/api/v2/x", "api2"},
		{"example.com", "/api", "example"},
		{"EXAMPLE.com.:8080", "/", "example"},
		{"example.com", "/admin/x", "admin"},
		{"example.com", "/administrator", "example"},
		{"www.example.com", "/admin", "sub"},
		{"a.deep.example.com", "/x/1", "deep"},
		{"a.deep.example.com", "/y", "sub"},
		{".example.com", "/", "rest"},
		{"notexample.com", "/", "rest"},
		{"[::1]:80", "/api", "api"},
		{"example.com", "*", "example"},
	} {
		if r := s.find([]byte(c.host), []byte(c.path)); r == nil || r.pool.name != c.pool {
			t.Errorf("%s%s: got %+v, want pool %s", c.host, c.path, r, c.pool)
		}
	}
}

// TestNoPathGetsRoundARule: what backends may make of a path has the same route
// as the path, or the request is refused.
func TestNoPathGetsRoundARule(t *testing.T) {
	s := testSite(t, routed)
	for _, c := range []struct {
		path string
		ok   bool
	}{
		{"/pub/x", true},
		{"/pub/../pub/x", true},
		{"/a//%2e%2e/%2F?x=%zz;y", true},
		{"/pub/%2e%2e/admin", false},
		{"/pub/..%2fadmin", false},
		{"/pub/%2E./admin/x", false},
		{"/pub\\..\\admin", false},
		{"/%61dmin", false},
		{"//admin", false},
		{"/./admin", false},
		{"/admin/%2e%2e/pub", false},
		{"/pub/..;x=y/admin", false},
		{"/admin;", false},
		{"/admin/./x", true},
		{"/pub?next=/../admin", true},
	} {
		if _, ok := s.findSafe([]byte("example.com"), []byte(c.path)); ok != c.ok {
			t.Errorf("%s: safe %v, want %v", c.path, ok, c.ok)
		}
	}
}

func TestNoRoute(t *testing.T) {
	s := testSite(t, `
listeners: [{address: "127.0.0.1:0"}]
routes: [{host: example.com, path_prefix: /api, pool: api}]
pools: [{name: api, backends: ["http://127.0.0.1:1"]}]
`)
	for _, c := range []struct{ host, path string }{{"example.com", "/"}, {"other.org", "/api"}, {"", "/api"}} {
		if r := s.find([]byte(c.host), []byte(c.path)); r != nil {
			t.Errorf("%s%s: got %s, want no route", c.host, c.path, r.name)
		}
	}
}
