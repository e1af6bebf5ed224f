package probe_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lbctl/lbctl/proxy/probe"
)

// generous bounds how long a probe may take that is expected to succeed, or to fail for another reason.
const generous = 20 * time.Second

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// check demands an error that has want in it, in one line, or none where want is "".
func check(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("unexpected error: %v", err)
	case want != "" && err == nil:
		t.Errorf("no error, want %q", want)
	case want != "" && !strings.Contains(err.Error(), want):
		t.Errorf("error %q, want %q", err, want)
	case err != nil && strings.ContainsAny(err.Error(), "\r\n"):
		t.Errorf("an error of several lines: %q", err)
	}
}

func target(s *httptest.Server) probe.Target {
	t := probe.Target{Network: s.Listener.Addr().Network(), Address: s.Listener.Addr().String()}
	if s.TLS != nil {
		t.TLS = trusting(s)
		t.Host = "example.com" // what httptest's certificate is made out to
	}
	return t
}

func trusting(s *httptest.Server) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &tls.Config{RootCAs: roots}
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// quiet keeps what test servers complain of out of the tests' output: it is asked for.
var quiet = log.New(io.Discard, "", 0)

func serveTLS(t *testing.T, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// serveUnix serves h on a Unix socket.
func serveUnix(t *testing.T, h http.HandlerFunc) probe.Target {
	l := listen(t, "unix", filepath.Join(t.TempDir(), "s"))
	s := &http.Server{Handler: h}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return probe.Target{Network: "unix", Address: l.Addr().String()}
}

// watch returns a function that counts the connections to s that were opened and are closed. Call
// it before s starts.
func watch(s *httptest.Server) (ended func() int32) {
	var n atomic.Int32
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			n.Add(1)
		}
	}
	return n.Load
}

// eventually waits until ok, for a generous time.
func eventually(t *testing.T, ok func() bool, what string) {
	t.Helper()
	for limit := time.Now().Add(generous); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("never came about: %s", what)
		}
	}
}

func listen(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// silent returns a target that accepts connections and says nothing, and a context that expires when it
// is first spoken to.
func silent(t *testing.T) (probe.Target, context.Context) {
	l := listen(t, "tcp", "127.0.0.1:0")
	ctx := probe.NewExpiring(t.Context())
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		c.Read(make([]byte, 1))
		ctx.Expire()
		<-t.Context().Done()
	}()
	return target4(l), ctx
}

func target4(l net.Listener) probe.Target {
	return probe.Target{Network: "tcp", Address: l.Addr().String()}
}

// refusing returns a target on whose port nobody listens.
func refusing(t *testing.T) probe.Target {
	l := listen(t, "tcp", "127.0.0.1:0")
	l.Close()
	return target4(l)
}

// script answers each connection, whatever it says first, with raw bytes.
func script(t *testing.T, answer string) probe.Target {
	l := listen(t, "tcp", "127.0.0.1:0")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 4096))
			c.Write([]byte(answer))
			c.Close()
		}
	}()
	return target4(l)
}
