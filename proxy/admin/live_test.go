package admin

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/proxy"
)

// startProxy serves a pool of the given backends.
func startProxy(t *testing.T, backends ...string) *proxy.Server {
	t.Helper()
	conf, err := serve.Load("lbctl.yaml", fmt.Appendf(nil,
		"{listeners: [{name: web, address: '127.0.0.1:0'}], pools: [{name: web, backends: [%s], pool: {health: {enabled: false}}}]}", strings.Join(backends, ", ")))
	if err != nil {
		t.Fatal(err)
	}
	s, err := proxy.New(conf, proxy.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestLive drives an engine that serves, and holds the admin listener's words
// against what clients see.
func TestLive(t *testing.T) {
	named := func(name string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, name) }))
		t.Cleanup(s.Close)
		return fmt.Sprintf("{name: %s, url: '%s'}", name, s.URL)
	}
	s := startProxy(t, named("a"), named("b"))
	h := New(Options{Engine: s})
	tellsA := func(n int) {
		t.Helper()
		for range n {
			r, err := http.Get("http://" + s.Addr("web").String())
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(r.Body)
			_ = r.Body.Close()
			if err != nil || string(body) != "a" {
				t.Fatalf("got %q, %v", body, err)
			}
		}
	}
	expect := func(method, path string, status int, parts ...string) {
		t.Helper()
		w := ask(h, method, path, "")
		for _, part := range parts {
			if w.Code != status || !strings.Contains(w.Body.String(), part) {
				t.Errorf("%s %s: got %d %s\nwant %d with %s", method, path, w.Code, w.Body, status, part)
			}
		}
	}
	expect("POST", "/backends/web/b/drain", 200, `"draining": true`)
	tellsA(20)
	expect("GET", "/explain", 200, "policy p2c", "→ a", "- b: excluded, draining")
	settle(t, func() bool { // the last request is counted after its answer went out
		return strings.Contains(ask(h, "GET", "/metrics", "").Body.String(), `lbctl_requests_total{backend="a",code="200",pool="web",route="*/"} 20`)
	})
	expect("GET", "/metrics", 200,
		`lbctl_backend_draining{backend="b",pool="web"} 1`,
		`lbctl_backend_health{backend="b",pool="web",state="healthy"} 1`, `lbctl_connections_accepted_total{listener="web"} `)
	expect("POST", "/backends/web/b/undrain", 200, `"draining": false`, `"eligible": true`)
	expect("POST", "/backends/web/b/weight?value=3", 200, `"weight": 3`)
	expect("POST", "/backends/wep/b/drain", 404, `no pool \"wep\"; did you mean \"web\"?`)
	expect("GET", "/readyz", 200, "ready\n")
	expect("POST", "/backends/web/a/drain", 200, `"eligible": false`)
	expect("POST", "/backends/web/b/drain", 200, `"eligible": false`)
	expect("GET", "/readyz", 503, "not ready\npool web has no backend to offer\n")
}

// settle waits for a condition.
func settle(t *testing.T, holds func() bool) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("not so after a minute")
		}
	}
}
