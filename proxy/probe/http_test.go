package probe_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lbctl/lbctl/proxy/probe"
)

// statuses is a range of statuses.
type statuses struct{ from, to int }

func (s statuses) Has(status int) bool { return s.from <= status && status <= s.to }
func (s statuses) String() string      { return fmt.Sprintf("%d-%d", s.from, s.to) }

var good = statuses{200, 399}

func httpProber(t *testing.T, c probe.HTTPConfig) probe.Prober {
	t.Helper()
	if c.Path == "" {
		c.Path = "/"
	}
	if c.Status == nil {
		c.Status = good
	}
	p, err := probe.HTTP(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestHTTP(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ok":
			io.WriteString(w, "all is well")
		case "/moved":
			http.Redirect(w, r, "/broken", http.StatusFound)
		case "/large":
			io.WriteString(w, strings.Repeat("x", 1000)+"well")
		case "/short":
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "cut")
		default:
			http.Error(w, "oops", http.StatusInternalServerError)
		}
	})
	for _, c := range []struct {
		name   string
		config probe.HTTPConfig
		want   string
	}{
		{"good", probe.HTTPConfig{Path: "/ok"}, ""},
		{"bad status", probe.HTTPConfig{Path: "/broken"}, "status 500, expected 200-399"},
		{"bad status wanted", probe.HTTPConfig{Path: "/broken", Status: statuses{500, 500}}, ""},
		{"redirects are not followed", probe.HTTPConfig{Path: "/moved"}, ""},
		{"redirect refused", probe.HTTPConfig{Path: "/moved", Status: statuses{200, 200}}, "status 302, expected 200-200"},
		{"head", probe.HTTPConfig{Path: "/ok", Method: "HEAD"}, ""},
		{"body", probe.HTTPConfig{Path: "/ok", Body: "well"}, ""},
		{"wrong body", probe.HTTPConfig{Path: "/ok", Body: "ill"}, `no "ill" in the body of 11 bytes`},
		{"large body, found", probe.HTTPConfig{Path: "/large", Body: "well"}, ""},
		{"large body, too far", probe.HTTPConfig{Path: "/large", Body: "well", MaxBody: 1000}, `no "well" in the first 1000 bytes`},
		{"large body, not asked for", probe.HTTPConfig{Path: "/large", MaxBody: 10}, ""},
		{"short body", probe.HTTPConfig{Path: "/short", Body: "cut"}, "no whole body: unexpected EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			check(t, httpProber(t, c.config).Probe(within(t, generous), target(s)), c.want)
		})
	}
}

func TestHTTPFailures(t *testing.T) {
	for _, c := range []struct {
		name   string
		target probe.Target
		want   string
	}{
		{"nobody listens", refusing(t), "no connection: dial tcp 127.0.0.1:"},
		{"closed without an answer", script(t, ""), "no answer: "},
		{"not HTTP", script(t, "SSH-2.0-x\r\n"), "no answer: "},
		{"endless head", script(t, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 2*probe.MaxHead)), "no answer: "},
		{"no such socket", probe.Target{Network: "unix", Address: t.TempDir() + "/none"}, "no connection: dial unix"},
	} {
		t.Run(c.name, func(t *testing.T) {
			check(t, httpProber(t, probe.HTTPConfig{}).Probe(within(t, generous), c.target), c.want)
		})
	}
}

func TestHTTPNoAnswerInTime(t *testing.T) {
	to, ctx := silent(t)
	err := httpProber(t, probe.HTTPConfig{}).Probe(ctx, to)
	if err == nil || err.Error() != "no answer in time" || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want no answer in time", err)
	}

	stalled := probe.NewExpiring(t.Context())
	stalls := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		stalled.Expire()
		<-r.Context().Done()
	})
	check(t, httpProber(t, probe.HTTPConfig{Body: "x"}).Probe(stalled, target(stalls)), "in time")
}

func TestHTTPRequest(t *testing.T) {
	var got atomic.Pointer[http.Request]
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { got.Store(r) })
	to := target(s)
	for _, c := range []struct{ configured, target, want string }{
		{"", "", to.Address},
		{"", "app.example:81", "app.example:81"},
		{"other.example", "app.example", "other.example"},
	} {
		to.Host = c.target
		p := httpProber(t, probe.HTTPConfig{Method: "OPTIONS", Path: "//a%2Fb?c=%zz", Host: c.configured})
		check(t, p.Probe(within(t, generous), to), "")
		r := got.Load()
		if r.Host != c.want || r.RequestURI != "//a%2Fb?c=%zz" || r.Method != "OPTIONS" || r.UserAgent() != "lbctl-health" || !r.Close || r.ProtoMajor != 1 {
			t.Errorf("sent %s %s for Host %q, %v", r.Method, r.RequestURI, r.Host, r.Header)
		}
	}
}

// TestHTTPConnections: each probe has its connection, which is closed afterwards.
func TestHTTPConnections(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	ended := watch(s)
	s.Start()
	t.Cleanup(s.Close)
	for range 3 {
		check(t, httpProber(t, probe.HTTPConfig{}).Probe(within(t, generous), target(s)), "status 404")
	}
	eventually(t, func() bool { return ended() == 3 }, "3 connections end")
}

func TestHTTPS(t *testing.T) {
	s := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.TLS.ServerName+" "+r.Proto)
	})
	p := httpProber(t, probe.HTTPConfig{Body: "example.com HTTP/1.1"})
	verified := target(s)
	check(t, p.Probe(within(t, generous), verified), "")

	withPort := verified
	withPort.Host = "example.com:8443"
	check(t, p.Probe(within(t, generous), withPort), "")

	named := verified
	named.Host, named.TLS = "other.example", trusting(s)
	named.TLS.ServerName = "example.com"
	check(t, p.Probe(within(t, generous), named), "")

	misnamed := verified
	misnamed.Host = "other.example"
	check(t, p.Probe(within(t, generous), misnamed), "certificate is valid for")

	strange := verified
	strange.TLS = &tls.Config{}
	check(t, p.Probe(within(t, generous), strange), "certificate signed by unknown authority")

	lenient := verified
	lenient.TLS = &tls.Config{InsecureSkipVerify: true}
	check(t, p.Probe(within(t, generous), lenient), "")

	plain := verified
	plain.TLS = nil
	check(t, p.Probe(within(t, generous), plain), "status 400")

	none := script(t, "HTTP/1.1 200 OK\r\n\r\n")
	none.TLS = &tls.Config{}
	check(t, p.Probe(within(t, generous), none), "no connection: ")
}

func TestHTTPOnUnixSocket(t *testing.T) {
	to := serveUnix(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Host) })
	check(t, httpProber(t, probe.HTTPConfig{Body: "localhost"}).Probe(within(t, generous), to), "")
}

func TestHTTPConfigMistakes(t *testing.T) {
	for _, c := range []struct {
		config probe.HTTPConfig
		want   string
	}{
		{probe.HTTPConfig{Path: "", Status: good}, `expected a path like "/healthz"; got ""`},
		{probe.HTTPConfig{Path: "healthz", Status: good}, "expected a path"},
		{probe.HTTPConfig{Path: "http://x/", Status: good}, "expected a path"},
		{probe.HTTPConfig{Path: "/%zz", Status: good}, "expected a path"},
		{probe.HTTPConfig{Path: "/", Method: "GE T", Status: good}, `expected a method like GET; got "GE T"`},
		{probe.HTTPConfig{Path: "/"}, "statuses of a good answer are missing"},
	} {
		_, err := probe.HTTP(c.config)
		check(t, err, c.want)
	}
}
