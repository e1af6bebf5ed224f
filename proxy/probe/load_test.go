package probe_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/orca"
	"github.com/lbctl/lbctl/proxy/probe"
)

var busy = lb.Report{Valid: true, InFlight: 3, Latency: 12 * time.Millisecond, Service: 8 * time.Millisecond}

func loadClient(t testing.TB, path string) *probe.LoadClient {
	c, err := probe.NewLoadClient(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestLoad(t *testing.T) {
	text := string(orca.Append(nil, busy))
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/body":
			io.WriteString(w, text+"\n")
		case "/chunked":
			io.WriteString(w, text[:20])
			w.(http.Flusher).Flush()
			io.WriteString(w, text[20:])
		case "/header":
			w.Header().Set("Endpoint-Load-Metrics", text)
			io.WriteString(w, "something else")
		case "/header-alone":
			w.Header().Set("Endpoint-Load-Metrics", text)
			w.WriteHeader(http.StatusNoContent)
		case "/large":
			io.WriteString(w, strings.Repeat(" ", 2*orca.MaxBytes)+text)
		case "/words":
			io.WriteString(w, "load average: 0.1")
		case "/asked":
			if r.Method != "GET" || r.Host != "app.example" || r.UserAgent() != "lbctl-load" || r.URL.RawQuery != "a=b" {
				t.Errorf("asked by %s %s, Host %s, %v", r.Method, r.URL, r.Host, r.Header)
			}
			io.WriteString(w, text)
		default:
			http.Error(w, text, http.StatusServiceUnavailable)
		}
	})
	to := target(s)
	to.Host = "app.example"
	for _, c := range []struct{ path, want string }{
		{"/body", ""},
		{"/chunked", ""},
		{"/header", ""},
		{"/header-alone", ""},
		{"/asked?a=b", ""},
		{"/large", "no load report in the answer"},
		{"/words", `no load report in the answer: "load average: 0.1"`},
		{"/failing", "status 503, expected 200"},
	} {
		t.Run(c.path, func(t *testing.T) {
			client := loadClient(t, c.path)
			for range 2 { // the second over what the first left behind
				got, err := client.Ask(within(t, generous), to)
				check(t, err, c.want)
				if c.want == "" && got != busy || c.want != "" && got != (lb.Report{}) {
					t.Errorf("got %+v", got)
				}
			}
		})
	}
}

// counted counts the connections that are opened to s.
func counted(l net.Listener) (net.Listener, *atomic.Int32) {
	c := &countingListener{Listener: l}
	return c, &c.accepted
}

type countingListener struct {
	net.Listener
	accepted atomic.Int32
}

func (l *countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.accepted.Add(1)
	}
	return c, err
}

func serveCounted(t *testing.T, h http.HandlerFunc) (probe.Target, *atomic.Int32) {
	l, n := counted(listen(t, "tcp", "127.0.0.1:0"))
	s := &http.Server{Handler: h}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return target4(l), n
}

func TestLoadKeepsConnections(t *testing.T) {
	to, connections := serveCounted(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Write(orca.Append(nil, busy))
	})
	client := loadClient(t, "/load")
	for range 10 {
		if _, err := client.Ask(within(t, generous), to); err != nil {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("10 probes over %d connections, want 1", n)
	}
	client.Close()
	if _, err := client.Ask(within(t, generous), to); err != nil {
		t.Fatal(err)
	}
	if n := connections.Load(); n != 2 {
		t.Errorf("%d connections after Close, want 2", n)
	}
}

// TestLoadStaleConnection: that a backend closed a kept connection costs the probe nothing but a new one.
func TestLoadStaleConnection(t *testing.T) {
	l, connections := counted(listen(t, "tcp", "127.0.0.1:0"))
	text := orca.Append(nil, busy)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 4096))
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
			c.Close()
		}
	}()
	client := loadClient(t, "/load")
	for i := range int32(3) {
		got, err := client.Ask(within(t, generous), target4(l))
		if err != nil || got != busy {
			t.Fatalf("probe %d: %+v, %v", i, got, err)
		}
		if n := connections.Load(); n != i+1 {
			t.Errorf("%d connections after %d probes", n, i+1)
		}
	}
}

// TestLoadBytesBehindTheAnswer: what comes behind an answer is not taken for the next one.
func TestLoadBytesBehindTheAnswer(t *testing.T) {
	text := string(orca.Append(nil, busy))
	lie := string(orca.Append(nil, lb.Report{Valid: true}))
	answer := func(s string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(s), s)
	}
	to := script(t, answer(text)+answer(lie))
	client := loadClient(t, "/load")
	for range 2 {
		if got, err := client.Ask(within(t, generous), to); err != nil || got != busy {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func TestLoadFailures(t *testing.T) {
	for _, c := range []struct {
		name   string
		target probe.Target
		want   string
	}{
		{"nobody listens", refusing(t), "no connection: "},
		{"closed without an answer", script(t, ""), "no answer: "},
		{"not HTTP", script(t, "hello"), "no whole answer: "},
		{"endless head", script(t, "HTTP/1.1 200 OK\r\n"+strings.Repeat("X: y\r\n", 1<<15)), "no whole answer: "},
		{"cut body", script(t, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nTEXT"), "no whole answer: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := loadClient(t, "/load").Ask(within(t, generous), c.target)
			check(t, err, c.want)
		})
	}
	to, ctx := silent(t)
	_, err := loadClient(t, "/load").Ask(ctx, to)
	check(t, err, "no answer in time")
	_, err = probe.NewLoadClient("load")
	check(t, err, `expected a path like "/load"; got "load"`)
}

func TestLoadOverTLSAndUnix(t *testing.T) {
	h := func(w http.ResponseWriter, _ *http.Request) { w.Write(orca.Append(nil, busy)) }
	for _, to := range []probe.Target{target(serveTLS(t, h)), serveUnix(t, h)} {
		client := loadClient(t, "/load")
		for range 2 {
			if got, err := client.Ask(within(t, generous), to); err != nil || got != busy {
				t.Errorf("%s: %+v, %v", to.Network, got, err)
			}
		}
	}
}

func TestLoadWaitIdle(t *testing.T) {
	idle := make(chan struct{})
	var asked atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("wait") == "idle" {
			asked.Add(1)
			select {
			case <-idle:
			case <-r.Context().Done():
				return
			}
			w.Write(orca.Append(nil, lb.Report{Valid: true}))
			return
		}
		w.Write(orca.Append(nil, busy))
	})
	for i, path := range []string{"/load", "/load?a=b"} {
		client := loadClient(t, path)
		turned := make(chan lb.Report)
		go func() {
			r, err := client.WaitIdle(within(t, generous), target(s))
			if err != nil {
				t.Error(err)
			}
			turned <- r
		}()
		eventually(t, func() bool { return asked.Load() == int32(i+1) }, "the long poll arrives")
		if got, err := client.Ask(within(t, generous), target(s)); err != nil || got != busy {
			t.Errorf("meanwhile: %+v, %v", got, err)
		}
		idle <- struct{}{}
		if r := <-turned; !r.Idle() {
			t.Errorf("not idle: %+v", r)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		eventually(t, func() bool { return asked.Load() == 3 }, "the long poll arrives")
		cancel()
	}()
	if _, err := loadClient(t, "/load").WaitIdle(ctx, target(s)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it canceled", err)
	}
}

// TestLoadLimit: no more than MaxLoadProbes are out at a time, and no more than MaxKeptLoads connections stay.
func TestLoadLimit(t *testing.T) {
	answer := make(chan struct{})
	var waiting atomic.Int32
	to, connections := serveCounted(t, func(w http.ResponseWriter, _ *http.Request) {
		waiting.Add(1)
		<-answer
		w.Write(orca.Append(nil, busy))
	})
	client := loadClient(t, "/load")
	var all sync.WaitGroup
	ask := func() {
		if _, err := client.Ask(within(t, generous), to); err != nil {
			t.Error(err)
		}
	}
	for range probe.MaxLoadProbes {
		all.Go(ask)
	}
	eventually(t, func() bool { return waiting.Load() == probe.MaxLoadProbes }, "all load probes are out")
	if _, err := client.Ask(within(t, generous), to); !errors.Is(err, probe.ErrBusy) {
		t.Errorf("one more: %v, want ErrBusy", err)
	}
	close(answer)
	all.Wait()
	for range probe.MaxKeptLoads + 1 {
		ask()
	}
	if n := connections.Load(); n != probe.MaxLoadProbes {
		t.Errorf("%d connections, want %d", n, probe.MaxLoadProbes)
	}
}

func BenchmarkLoad(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		text := orca.Append(nil, busy)
		answer := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
		buf := make([]byte, 4096)
		for {
			if _, err := c.Read(buf); err != nil {
				return
			}
			c.Write(answer)
		}
	}()
	client := loadClient(b, "/load")
	to := target4(l)
	ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.Ask(ctx, to); err != nil {
			b.Fatal(err)
		}
	}
}
