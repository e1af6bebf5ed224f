package probe_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lbctl/lbctl/proxy/probe"
)

// grpcAnswer is what a health server says, the bytes as they are on the wire.
type grpcAnswer struct {
	http    int    // status; 0 means 200
	message string // framed
	status  string // grpc-status; "" leaves it out
	text    string // grpc-message
	early   bool   // grpc-status as a header, in an answer that is all trailers
}

func (a grpcAnswer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if a.early {
		w.Header().Set("Grpc-Status", a.status)
		w.Header().Set("Grpc-Message", a.text)
		return
	}
	w.Header().Set("Content-Type", "application/grpc")
	if a.http != 0 {
		w.WriteHeader(a.http)
	}
	io.WriteString(w, a.message)
	w.(http.Flusher).Flush()
	if a.status != "" {
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", a.status)
		w.Header().Set(http.TrailerPrefix+"Grpc-Message", a.text)
	}
}

const serving = "\x00\x00\x00\x00\x02\x08\x01"

func TestGRPC(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer grpcAnswer
		want   string
	}{
		{"serving", grpcAnswer{message: serving, status: "0"}, ""},
		{"serving, with fields to come", grpcAnswer{message: "\x00\x00\x00\x00\x14\x12\x02hi\x08\x01\x1d\x01\x02\x03\x04\x21\x01\x02\x03\x04\x05\x06\x07\x08", status: "0"}, ""},
		{"not serving", grpcAnswer{message: "\x00\x00\x00\x00\x02\x08\x02", status: "0"}, "status NOT_SERVING, expected SERVING"},
		{"default value", grpcAnswer{message: "\x00\x00\x00\x00\x00", status: "0"}, "status UNKNOWN, expected SERVING"},
		{"status to come", grpcAnswer{message: "\x00\x00\x00\x00\x02\x08\x09", status: "0"}, "status 9, expected SERVING"},
		{"service unknown", grpcAnswer{early: true, status: "5"}, "does not know this service"},
		{"no health service", grpcAnswer{early: true, status: "12"}, "does not implement grpc.health.v1.Health"},
		{"another status", grpcAnswer{status: "14", text: "over\tloaded"}, `grpc-status "14", message "over\tloaded"`},
		{"long message", grpcAnswer{early: true, status: "14", text: strings.Repeat("x", 999)}, `message "` + strings.Repeat("x", 128) + `"`},
		{"serving, but failed", grpcAnswer{message: serving, status: "13"}, `grpc-status "13"`},
		{"not gRPC", grpcAnswer{message: "hello"}, "no grpc-status"},
		{"HTTP error", grpcAnswer{http: 503}, "HTTP status 503, expected 200"},
		{"no message", grpcAnswer{status: "0"}, "expected one gRPC message"},
		{"cut message", grpcAnswer{message: serving[:6], status: "0"}, "expected one gRPC message"},
		{"two messages", grpcAnswer{message: serving + serving, status: "0"}, "expected one gRPC message"},
		{"compressed", grpcAnswer{message: "\x01" + serving[1:], status: "0"}, "compressed, unasked"},
		{"malformed", grpcAnswer{message: "\x00\x00\x00\x00\x02\x0a\x09", status: "0"}, "not a HealthCheckResponse"},
		{"endless", grpcAnswer{message: strings.Repeat("x", 2*probe.MaxMessage), status: "0"}, "more than 4096 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			check(t, probe.GRPC("").Probe(within(t, generous), target(serveH2C(t, c.answer.ServeHTTP))), c.want)
		})
	}
}

// serveH2C serves HTTP/2 without TLS, and nothing else.
func serveH2C(t *testing.T, h http.HandlerFunc) *httptest.Server {
	s := h2c(h)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func h2c(h http.HandlerFunc) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	return s
}

func TestGRPCCall(t *testing.T) {
	var got atomic.Pointer[http.Request]
	var body atomic.Pointer[[]byte]
	s := h2c(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got.Store(r)
		body.Store(&b)
		grpcAnswer{message: serving, status: "0"}.ServeHTTP(w, r)
	})
	ended := watch(s)
	s.Start()
	t.Cleanup(s.Close)
	to := target(s)
	to.Host = "grpc.example"
	p := probe.GRPC("shop.v1.Cart")
	for range 2 {
		check(t, p.Probe(within(t, generous), to), "")
	}
	eventually(t, func() bool { return ended() == 2 }, "2 connections end")

	r := got.Load()
	if r.Method != "POST" || r.URL.Path != "/grpc.health.v1.Health/Check" || r.ProtoMajor != 2 || r.Host != "grpc.example" ||
		r.Header.Get("Content-Type") != "application/grpc" || r.Header.Get("Te") != "trailers" || r.UserAgent() != "lbctl-health" {
		t.Errorf("sent %s %s %s, Host %s, %v", r.Method, r.URL, r.Proto, r.Host, r.Header)
	}
	if want := "\x00\x00\x00\x00\x0e\x0a\x0cshop.v1.Cart"; !bytes.Equal(*body.Load(), []byte(want)) {
		t.Errorf("sent %q, want %q", *body.Load(), want)
	}
}

func TestGRPCWithTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(grpcAnswer{message: serving, status: "0"})
	s.EnableHTTP2 = true
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(s.Close)
	check(t, probe.GRPC("").Probe(within(t, generous), target(s)), "")

	strange := target(s)
	strange.TLS = &tls.Config{}
	check(t, probe.GRPC("").Probe(within(t, generous), strange), "certificate signed by unknown authority")

	old := serveTLS(t, func(http.ResponseWriter, *http.Request) {})
	if err := probe.GRPC("").Probe(within(t, generous), target(old)); err == nil {
		t.Error("a server of HTTP/1.1 alone passes for a gRPC server")
	}
}

func TestGRPCFailures(t *testing.T) {
	check(t, probe.GRPC("").Probe(within(t, generous), refusing(t)), "no connection: ")
	check(t, probe.GRPC("").Probe(within(t, generous), script(t, "HTTP/1.1 400 Bad Request\r\n\r\n")), "no ")
	to, expiring := silent(t)
	check(t, probe.GRPC("").Probe(expiring, to), " in time")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := probe.GRPC("").Probe(ctx, to); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it canceled", err)
	}
}
