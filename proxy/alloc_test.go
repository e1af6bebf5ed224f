package proxy

import (
	"bytes"
	"fmt"
	"net"
	"path/filepath"
	"runtime"
	"testing"
)

// rawOrigin answers each read with answer, and allocates nothing for it.
func rawOrigin(t testing.TB, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				buf, out := make([]byte, 64<<10), []byte(answer)
				for {
					if _, err := c.Read(buf); err != nil {
						return
					}
					if _, err := c.Write(out); err != nil {
						return
					}
				}
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

const (
	smallRequest = "GET /a/path?with=query HTTP/1.1\r\nHost: example.com\r\nUser-Agent: test/1.0\r\nAccept: */*\r\nCookie: a=b; c=d\r\n\r\n"
	smallAnswer  = "HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\nServer: test\r\nConnection: keep-alive\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
)

var hello = []byte("hello")

// ask sends request and reads one answer, which ends in end.
func ask(t testing.TB, c net.Conn, buf, request, end []byte) {
	if _, err := c.Write(request); err != nil {
		t.Fatal(err)
	}
	for n := 0; !bytes.HasSuffix(buf[:n], end); {
		k, err := c.Read(buf[n:])
		if err != nil {
			t.Fatalf("after %q: %v", buf[:n], err)
		}
		n += k
	}
}

// TestNothingIsAllocatedPerRequest: in the steady state, with all that a
// production server has on. A handful over thousands of requests is the
// runtime's, and that of the explained picks of each second.
func TestNothingIsAllocatedPerRequest(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("counts allocations")
	}
	for _, policy := range []string{"p2c", "peak_ewma", "maglev", "least_connections"} {
		for _, log := range []string{"", "access_log: " + filepath.Join(t.TempDir(), "log") + "\n"} {
			for name, request := range map[string]string{
				"GET":     smallRequest,
				"POST":    "POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 4\r\n\r\nbody",
				"chunked": "POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
			} {
				s := start(t, yaml(fmt.Sprintf("    pool: {policy: %s, health: {enabled: true, interval: 1h}}\n%s", policy, log),
					rawOrigin(t, smallAnswer), rawOrigin(t, smallAnswer)))
				c, err := net.Dial("tcp", s.Addr("web").String())
				if err != nil {
					t.Fatal(err)
				}
				buf, request := make([]byte, 4096), []byte(request)
				const runs = 2000
				for range runs {
					ask(t, c, buf, request, hello)
				}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				for range runs {
					ask(t, c, buf, request, hello)
				}
				runtime.ReadMemStats(&after)
				if n := float64(after.Mallocs-before.Mallocs) / runs; n > 0.1 {
					t.Errorf("%s, %s, log %v: %.2f allocations per request", policy, name, log != "", n)
				}
				_ = c.Close()
				_ = s.Close()
			}
		}
	}
}

// BenchmarkProxy is one client on one connection: client, proxy and backend share
// the processors.
func BenchmarkProxy(b *testing.B) {
	conf := mustLoad(b, yaml("", rawOrigin(b, smallAnswer)))
	s, err := New(conf, Options{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	c, err := net.Dial("tcp", s.Addr("web").String())
	if err != nil {
		b.Fatal(err)
	}
	buf, request := make([]byte, 4096), []byte(smallRequest)
	b.ReportAllocs()
	for b.Loop() {
		ask(b, c, buf, request, hello)
	}
}
