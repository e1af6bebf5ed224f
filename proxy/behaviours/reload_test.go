package behaviours_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// server returns the server under test, of which these tests want more than haproxy can be asked for.
func (b *testbed) server() lbctlPeer {
	b.t.Helper()
	deviates(b.t, "is controlled by signals and files")
	return b.running.(lbctlPeer)
}

// RFC 9112 §9.6: what is in flight is finished, and clients are told that it is the last.
func TestShutdownFinishesRequests(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	b := start(t, setup{}, o)
	s := b.server()
	idle := b.dial()
	idle.send(get(""))
	oc := o.accept()
	oc.request()
	oc.send(lastly("x"))
	idle.wants(200)
	waiting := b.dial() // for its answer
	waiting.send(get(""))
	waitingO := o.accept()
	waitingO.request()
	reading := b.dial() // its answer's body
	reading.send(get(""))
	readingO := o.accept()
	readingO.request()
	readingO.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
	reading.head()
	reading.expect("hello")
	sending := b.dial() // its request's body
	sending.send(post("Content-Length: 10\r\n", "hello"))
	sendingO := o.accept()
	sendingO.head()
	sendingO.expect("hello")

	addr := b.addr("web")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- s.Shutdown(ctx) }()
	for { // nobody new is let in
		nc, err := net.DialTimeout(addr.Network(), addr.String(), patience)
		if err != nil {
			break
		}
		_ = nc.Close()
	}
	waitingO.send(ok("late"))
	if m := waiting.wants(200); m.body != "late" || !strings.EqualFold(m.value("Connection"), "close") {
		t.Errorf("client got %q with %q", m.fields, m.body)
	}
	waiting.over()
	readingO.send("world")
	reading.expect("world")
	reading.over()
	sending.send("world")
	sendingO.expect("world")
	sendingO.send(ok("done"))
	if m := sending.wants(200); m.body != "done" {
		t.Errorf("client got %q", m.body)
	}
	sending.over()
	idle.over()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestShutdownCutsOffAtItsLimit(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"request", "tunnel", "upload", "download"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			b := start(t, setup{}, o)
			s := b.server()
			c := b.dial()
			switch what {
			case "tunnel":
				c.send(get(websocket))
			case "upload":
				c.send(post("Content-Length: 10\r\n", "hello"))
			default:
				c.send(get(""))
			}
			oc := o.accept()
			oc.head()
			switch what {
			case "tunnel":
				oc.send(switching)
				c.head()
			case "download":
				oc.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
				c.head()
			}
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			stopped := make(chan error, 1)
			go func() { stopped <- s.Shutdown(ctx) }()
			select {
			case err := <-stopped:
				// A tunnel has no end to wait for: cutting it off is no failure.
				if (err == nil) != (what == "tunnel") {
					t.Errorf("stopped with %v", err)
				}
			case <-time.After(patience):
				t.Fatal("Shutdown does not return")
			}
			_, _ = c.rest()
			_, _ = oc.rest()
		})
	}
}

// load has clients send requests one after another until stop, and counts those that are not answered well. Their
// connections are kept as long as the proxy keeps them.
func (b *testbed) load(clients int, good func(m message) bool) (stop func() (requests, failed int64)) {
	b.t.Helper()
	var requests, failed atomic.Int64
	var done sync.WaitGroup
	stopping := make(chan struct{})
	for range clients {
		done.Go(func() {
			for {
				c, err := b.connect("web")
				if err != nil {
					b.t.Error(err)
					return
				}
				for kept := true; kept; {
					select {
					case <-stopping:
						_ = c.Close()
						return
					default:
					}
					requests.Add(1)
					err := c.write(post("Content-Length: 5\r\n", "hello"))
					var m message
					if err == nil {
						m, err = c.readAnswer("POST")
					}
					if err != nil || !good(m) {
						failed.Add(1)
						b.t.Logf("client got %q with %q: %v", m.start, m.body, err)
					}
					kept = err == nil && !strings.EqualFold(m.value("Connection"), "close")
				}
				_ = c.Close()
			}
		})
	}
	return func() (int64, int64) {
		close(stopping)
		done.Wait()
		return requests.Load(), failed.Load()
	}
}

func TestReloadLosesNothing(t *testing.T) {
	t.Parallel()
	one, two := newOrigin(t), newOrigin(t)
	var served [2]atomic.Int64
	for i, o := range []*origin{one, two} {
		o.serve(func(message) string {
			served[i].Add(1)
			return ok("x")
		})
	}
	b := start(t, setup{}, one, two)
	s := b.server()
	stop := b.load(4, func(m message) bool { return m.status() == 200 && m.body == "x" })
	progress := func(i int) { // until backend i has served more
		from := served[i].Load()
		for limit := time.Now().Add(patience); served[i].Load() < from+10; time.Sleep(time.Millisecond) {
			if time.Now().After(limit) {
				t.Fatalf("backend %d gets nothing", i)
			}
		}
	}
	progress(0)
	progress(1)
	for _, yaml := range []string{
		setup{}.yaml(one, two), // the same again
		setup{}.yaml(one),      // a backend removed
		setup{}.yaml(two),      // replaced by the other
		setup{}.yaml(one, two), // both
		setup{routes: "{path_prefix: /x, pool: web}, {pool: web}"}.yaml(one, two),
		setup{limits: "header_timeout: 3s", connections: "max_idle: 1"}.yaml(two, one),
	} {
		if err := s.Reload(load(t, yaml)); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(yaml, one.url()) {
			progress(0)
		}
		if strings.Contains(yaml, two.url()) {
			progress(1)
		}
	}
	if requests, failed := stop(); failed > 0 {
		t.Errorf("%d of %d requests failed", failed, requests)
	}
}

func TestReloadInMidRequest(t *testing.T) {
	t.Parallel()
	one, two := newOrigin(t), newOrigin(t)
	b := start(t, setup{}, one)
	s := b.server()
	c := b.dial()
	c.send(post("Content-Length: 10\r\n", "hello"))
	oc := one.accept()
	oc.head()
	oc.expect("hello")
	if err := s.Reload(load(t, setup{}.yaml(two))); err != nil { // its backend is gone
		t.Fatal(err)
	}
	other := b.dial()
	other.send(get(""))
	twoC := two.accept()
	twoC.request()
	twoC.send(ok("two"))
	if m := other.wants(200); m.body != "two" {
		t.Fatalf("client got %q", m.body)
	}
	c.send("world")
	oc.expect("world")
	oc.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none")
	c.head()
	oc.send("one")
	c.expect("oneone")
	c.send(get("")) // on the connection that was there before
	twoC.request()
	twoC.send(ok("two"))
	if m := c.wants(200); m.body != "two" {
		t.Fatalf("client got %q", m.body)
	}
	oc.over() // nobody needs it any more
}

func TestReloadKeepsWhatIsWhenItFails(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	o.serve(echo)
	b := start(t, setup{}, o)
	s := b.server()
	c := b.dial()
	c.send(get(""))
	c.wants(200)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	bad := fmt.Sprintf("address: %q", taken.Addr())
	if err := s.Reload(load(t, setup{listener: bad}.yaml(newOrigin(t)))); err == nil {
		t.Fatal("no error, although the address is taken")
	}
	c.send(get(""))
	c.wants(200)
	c = b.dial()
	c.send(get(""))
	c.wants(200)
}
