package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/proxy"
)

var _ Engine = (*proxy.Server)(nil)

// ask sends a request to a handler on loopback.
func ask(h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(
		context.WithValue(context.Background(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9901}),
		method, "http://127.0.0.1:9901"+target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		} else {
			r.Header.Set(header[i], header[i+1])
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func handlerOf(f *fakeEngine) http.Handler {
	return New(Options{Engine: f, Version: "v1.2.3", Reload: func() error { return nil }})
}

func TestAnswers(t *testing.T) {
	h := handlerOf(newEngine(t))
	for _, c := range []struct {
		method, target string
		status         int
		body           string // how it begins
	}{
		{"GET", "/healthz", 200, "ok\n"},
		{"HEAD", "/healthz", 200, "ok\n"}, // a server leaves the body out
		{"GET", "/readyz", 200, "ready\n"},
		{"GET", "/", 200, "lbctl, admin listener\n\nGET  /                 "},
		{"GET", "/backends", 200, "{\n  \"draining\": false,\n  \"pools\": [\n    {\n      \"name\": \"api\",\n"},
		{"GET", "/config", 200, "{\n  \"listeners\": [\n"},
		{"GET", "/explain?pool=web&n=1", 200, "2023-11-14T22:13:20.005Z, pool web, request 100\npolicy p2c, snapshot 1\n  → 10.0.0.1:80: fewer in flight\n"},
		{"GET", "/explain?pool=web&n=1&format=json", 200, "[\n  {\n    \"at\": \"2023-11-14T22:13:20.005Z\",\n"},
		{"POST", "/reload", 200, "{\n  \"reloaded\": true\n}\n"},
		{"GET", "/explain", 400, problemText("pool: expected one of api, web")},
		{"GET", "/explain?pool=none", 404, problemText(`no pool "none"; did you mean "one"?`)},
		{"GET", "/explain?pool=web&n=0", 400, problemText(`n: expected a whole number from 1 to 1000, got "0"`)},
		{"GET", "/explain?pool=web&format=xml", 400, problemText(`format: expected text or json, got "xml"`)},
		{"GET", "/explain?pol=web", 400, problemText(`no parameter "pol"; did you mean "pool"?`)},
		{"GET", "/explain?pool=a&pool=b", 400, problemText("parameter pool is there twice")},
		{"GET", "/explain?pool=%zz", 400, problemText(`parameters: invalid URL escape "%zz"`)},
		{"GET", "/helthz", 404, problemText(`no path "/helthz"; did you mean "/healthz"?; GET / lists what there is`)},
		{"GET", "/explian", 404, problemText(`no path "/explian"; did you mean "/explain"?; GET / lists what there is`)},
		{"GET", "/reload", 405, problemText("GET is not for this path: expected POST")},
		{"DELETE", "/config", 405, problemText("DELETE is not for this path: expected GET, HEAD")},
		{"GET", "/backends/web/10.0.0.1:80/drain", 405, problemText("GET is not for this path: expected POST")},
		{"POST", "/backends/web/10.0.0.1:81/drain", 404, problemText(`no backend "10.0.0.1:81"; did you mean "10.0.0.1:80"?`)},
		{"POST", "/backends/web/broken/drain", 500, problemText("something is wrong")},
		{"POST", "/backends/web/10.0.0.1:80/weight", 400, problemText(`value: expected a number from 1e-06 to 1e+06, got ""`)},
		{"POST", "/backends/web/10.0.0.1:80/weight?value=NaN", 400, problemText(`value: expected a number from 1e-06 to 1e+06, got "NaN"`)},
		{"POST", "/backends/web/10.0.0.1:80/weight?value=2&x=1", 400, problemText(`no parameter "x"`)},
	} {
		w := ask(h, c.method, c.target, "")
		if w.Code != c.status || !strings.HasPrefix(w.Body.String(), c.body) {
			t.Errorf("%s %s: got %d %s\nwant %d %s", c.method, c.target, w.Code, w.Body, c.status, c.body)
		}
		if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: got %v", c.method, c.target, w.Header())
		}
		if allow := w.Header().Get("Allow"); (allow != "") != (c.status == 405) {
			t.Errorf("%s %s: got Allow %q", c.method, c.target, allow)
		}
	}
}

func problemText(msg string) string {
	text, _ := json.MarshalIndent(problem{msg}, "", "  ")
	return string(text) + "\n"
}

func TestAccept(t *testing.T) {
	w := ask(handlerOf(newEngine(t)), "GET", "/explain?pool=web", "", "Accept", "application/json")
	var picks []proxy.Explanation
	if err := json.Unmarshal(w.Body.Bytes(), &picks); err != nil || len(picks) != defaultExplanations || picks[9].Request != 91 {
		t.Errorf("got %v, %v", err, picks)
	}
	f := newEngine(t)
	f.picks = 0
	f.status.Pools = f.status.Pools[:1]
	if w := ask(handlerOf(f), "GET", "/explain?format=json", ""); w.Body.String() != "[]\n" {
		t.Errorf("got %s", w.Body)
	}
	if w := ask(handlerOf(f), "GET", "/explain", ""); w.Body.String() != "pool api: no pick has been explained yet\n" {
		t.Errorf("got %s", w.Body)
	}
}

// TestConfig holds that what /config shows can be loaded.
func TestConfig(t *testing.T) {
	f := newEngine(t)
	c, err := serve.Load("shown.json", ask(handlerOf(f), "GET", "/config", "").Body.Bytes())
	if err != nil || len(c.Pools) != 2 {
		t.Errorf("got %v, %v", c, err)
	}
}

func TestOrders(t *testing.T) {
	f := newEngine(t)
	h := handlerOf(f)
	for _, c := range []struct{ path, body, want string }{
		{"/backends/web/10.0.0.2:80/drain", "", `"draining": true`},
		{"/backends/web/10.0.0.2:80/undrain", "", `"draining": false`},
		{"/backends/web/10.0.0.2:80/weight?value=2.5", "", `"weight": 2.5`},
		{"/backends/web/10.0.0.2%3A80/weight", "value=3", `"weight": 3`},
	} {
		w := ask(h, "POST", c.path, c.body, "Content-Type", "application/x-www-form-urlencoded")
		if w.Code != 200 || !strings.Contains(w.Body.String(), c.want) || !strings.Contains(w.Body.String(), `"name": "10.0.0.2:80"`) {
			t.Errorf("%s: got %d %s", c.path, w.Code, w.Body)
		}
	}
	want := []string{"drain true web 10.0.0.2:80", "drain false web 10.0.0.2:80", "weight 2.5 web 10.0.0.2:80", "weight 3 web 10.0.0.2:80"}
	if !slices.Equal(f.orders, want) {
		t.Errorf("got %q", f.orders)
	}
}

func TestReloadThatFails(t *testing.T) {
	h := New(Options{Engine: newEngine(t), Reload: func() error { return errors.New("lbctl.yaml:3:5: pools: no") }})
	w := ask(h, "POST", "/reload", "")
	if want := problemText("not reloaded: the old configuration runs on: lbctl.yaml:3:5: pools: no"); w.Code != 422 || w.Body.String() != want {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestReadiness(t *testing.T) {
	f := newEngine(t)
	h := handlerOf(f)
	expect := func(status int, body string) {
		t.Helper()
		if w := ask(h, "GET", "/readyz", ""); w.Code != status || w.Body.String() != body {
			t.Errorf("got %d %q, want %d %q", w.Code, w.Body, status, body)
		}
	}
	expect(200, "ready\n")
	f.status.Pools[0].Eligible = 0
	expect(200, "ready\npool api has no backend to offer\n")
	f.status.Pools[1].Eligible = 0
	expect(503, "not ready\npool api has no backend to offer\npool web has no backend to offer\n")
	f.status.Draining = true
	expect(503, "draining\n")
	f.status.Pools[1].Eligible = 2
	expect(503, "draining\n")
}

// TestBrowsers are kept from acting for pages of other origins.
func TestBrowsers(t *testing.T) {
	f := newEngine(t)
	h := handlerOf(f)
	const drain = "/backends/web/10.0.0.1:80/drain"
	for _, c := range []struct {
		method, path string
		header       []string
		status       int
	}{
		{"POST", drain, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"POST", drain, []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"POST", drain, []string{"Origin", "http://evil.example"}, 403},
		{"POST", drain, []string{"Host", "evil.example:9901"}, 421},
		{"GET", "/config", []string{"Host", "evil.example:9901"}, 421},
		{"GET", "/config", []string{"Host", ""}, 421},
		{"POST", drain, []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"POST", drain, []string{"Host", "localhost:9901"}, 200},
		{"POST", drain, []string{"Host", "LOCALHOST"}, 200},
		{"POST", drain, []string{"Host", "[::1]:9901"}, 200},
		{"POST", drain, []string{"Host", "[::1]"}, 200},
		{"POST", drain, nil, 200},
	} {
		if w := ask(h, c.method, c.path, "", c.header...); w.Code != c.status {
			t.Errorf("%s %s %q: got %d %s", c.method, c.path, c.header, w.Code, w.Body)
		}
	}
	if len(f.orders) != 6 {
		t.Errorf("got %q", f.orders)
	}
	r := httptest.NewRequest("GET", "http://lb.example/healthz", nil)
	r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(10, 0, 0, 9)}))
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != 200 {
		t.Errorf("not on loopback, names are fine: got %d %s", w.Code, w.Body)
	}
}

func TestLargeBodiesAreRefused(t *testing.T) {
	body := "value=" + strings.Repeat("1", maxBody)
	w := ask(handlerOf(newEngine(t)), "POST", "/backends/web/10.0.0.1:80/weight", body, "Content-Type", "application/x-www-form-urlencoded")
	if w.Code != 400 || w.Body.String() != problemText("parameters: http: request body too large") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestScrape(t *testing.T) {
	f := newEngine(t)
	f.set.Series("*/", "web", "10.0.0.1:80").Done(200, 1e6, 1, 2)
	w := ask(handlerOf(f), "GET", "/metrics", "")
	for _, want := range []string{
		`lbctl_requests_total{backend="10.0.0.1:80",code="200",pool="web",route="*/"} 1` + "\n",
		`lbctl_backend_in_flight{backend="10.0.0.2:80",pool="web"} 2` + "\n",
		`lbctl_backend_connections{backend="10.0.0.2:80",pool="web",state="busy"} 2` + "\n",
		`lbctl_build_info{go_version="go1`, "\ngo_goroutines ",
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s in\n%s", want, w.Body)
		}
	}
}
