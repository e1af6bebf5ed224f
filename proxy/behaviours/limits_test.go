package behaviours_test

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// CVE-2007-6750, slowloris: a request that never ends to begin.
func TestHeaderTimeout(t *testing.T) {
	t.Parallel()
	s := setup{limits: "header_timeout: 1s, idle_timeout: 1h"}
	for _, part := range []string{"G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a.test\r\nX: y", strings.TrimSuffix(get(""), "\r\n"), "\r\n"} {
		t.Run("stalled", func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			b := start(t, s, o)
			c := b.dial()
			c.send(part)
			c.timedOut()
			b.unseen(o)
		})
	}
	t.Run("drop by drop", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		b := start(t, s, o)
		c := b.dial()
		c.send("GET / HTTP/1.1\r\nHost: a.test\r\nX: ")
		stop := make(chan struct{})
		var done sync.WaitGroup
		done.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(50 * time.Millisecond):
					c.offer("y")
				}
			}
		})
		c.timedOut()
		close(stop)
		done.Wait()
		b.unseen(o)
	})
	t.Run("on the second request", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		b := start(t, s, o)
		c, oc := pooled(t, b, o)
		c.send("GET / HT")
		c.timedOut()
		oc.reset()
		b.unseen(o)
	})
}

// timedOut wants a 408, or just a close.
func (c *conn) timedOut() {
	c.t.Helper()
	if got, _ := c.rest(); got != "" && !strings.HasPrefix(got, "HTTP/1.1 408 ") {
		c.t.Fatalf("%s got %s, expected 408 and a close", c.who, short(got))
	}
}

func TestBodyTimeout(t *testing.T) {
	t.Parallel()
	for _, part := range []string{post("Content-Length: 1000\r\n", "hello"), post("Content-Length: 1000\r\n", ""), post(chunked, "5\r\nhello\r\n"), post(chunked, "5\r\nhe"), post(chunked, "0\r\n"), post(chunked, "0\r\nX: y\r\n")} {
		t.Run("stalled", func(t *testing.T) {
			t.Parallel()
			deviates(t, "lets timeout server decide")
			o := newOrigin(t)
			b := start(t, setup{limits: "body_timeout: 1s"}, o)
			c := b.dial()
			c.send(part)
			oc := o.accept()
			oc.head()
			c.timedOut()
			if got, _ := oc.rest(); strings.HasSuffix(got, "0\r\n\r\n") {
				t.Errorf("O got %q, which has an end", got)
			}
			b.unseen(o)
		})
	}
	t.Run("slow but steady", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		c := start(t, setup{limits: "body_timeout: 2s"}, o).dial()
		c.send(post("Content-Length: 8\r\n", ""))
		oc := o.accept()
		m := oc.head()
		for range 8 { // 4 s in all
			c.silentFor(500 * time.Millisecond)
			c.send("x")
		}
		if err := oc.readBody(&m); err != nil || m.body != "xxxxxxxx" {
			t.Fatalf("O got %q: %v", m.body, err)
		}
		oc.send(ok("x"))
		c.wants(200)
	})
}

func TestIdleTimeout(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	b := start(t, setup{limits: "idle_timeout: 1s, header_timeout: 1s"}, o)
	unused := b.dial()
	c, oc := pooled(t, b, o)
	c.timedOut()
	unused.timedOut()
	oc.reset()
	b.unseen(o)
}

func TestRequestTimeout(t *testing.T) {
	t.Parallel()
	deviates(t, "has no such limit")
	o := newOrigin(t)
	b := start(t, setup{limits: "request_timeout: 1s"}, o)
	c := b.dial()
	c.send(get(""))
	oc := o.accept()
	oc.request()
	oc.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
	c.head()
	began := time.Now()
	for oc.write("x") == nil { // steady, and yet too long
		if time.Since(began) > patience {
			t.Fatal("the exchange goes on")
		}
		time.Sleep(20 * time.Millisecond)
	}
	_, _ = c.rest()
	b.unseen(o)
}

func TestConnectionLimits(t *testing.T) {
	t.Parallel()
	for _, limits := range []string{"connections: 3", "connections_per_client: 3"} {
		t.Run(limits, func(t *testing.T) {
			t.Parallel()
			deviates(t, "lets further connections wait in the kernel")
			o := newOrigin(t)
			o.serve(echo)
			b := start(t, setup{limits: limits}, o)
			var held []*conn
			for range 3 {
				c := b.dial()
				c.send(get(""))
				c.wants(200)
				held = append(held, c)
			}
			for range 3 {
				c := b.dial()
				c.offer(get(""))
				if got, _ := c.rest(); got != "" && !strings.HasPrefix(got, "HTTP/1.1 503 ") && !strings.HasPrefix(got, "HTTP/1.1 429 ") {
					t.Fatalf("client got %s", short(got))
				}
			}
			for _, c := range held { // those that are in stay in
				c.send(get(""))
				c.wants(200)
			}
			_ = held[0].Close() // and one that leaves makes room
			for limit := time.Now().Add(patience); ; {
				c := b.dial()
				c.offer(get(""))
				if m, err := c.readAnswer("GET"); err == nil && m.status() == 200 {
					return
				}
				if time.Now().After(limit) {
					t.Fatal("no room after a connection was closed")
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
}

func TestBackendConnectionLimit(t *testing.T) {
	t.Parallel()
	deviates(t, "lets further requests wait in a queue")
	o := newOrigin(t)
	b := start(t, setup{connections: "max: 2, max_idle: 2"}, o)
	var clients, backends []*conn
	for range 2 {
		c := b.dial()
		c.send(get(""))
		oc := o.accept()
		oc.request()
		clients, backends = append(clients, c), append(backends, oc)
	}
	c := b.dial()
	c.send(get(""))
	c.wants(503)
	o.untouched()
	for i, oc := range backends {
		oc.send(ok("x"))
		clients[i].wants(200)
	}
	c.send(get("")) // now there is one to be had
	got := make(chan struct{})
	for _, oc := range backends {
		go func() {
			if _, err := oc.readRequest(); err == nil {
				_ = oc.write(ok("y"))
				close(got)
			}
		}()
	}
	if m := c.wants(200); m.body != "y" {
		t.Fatalf("client got %q", m.body)
	}
	<-got
	o.untouched()
}

func TestBackendConnectionsAreReused(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	b := start(t, setup{}, o)
	c, oc := pooled(t, b, o)
	for i := range 200 {
		switch i % 4 {
		case 0:
			c.send(post("Content-Length: 5\r\n", "hello"))
		case 1:
			c.send(post(chunked, "5\r\nhello\r\n0\r\n\r\n"))
		default:
			c.send(get(""))
		}
		oc.request()
		if i%2 == 0 {
			oc.send(ok("x"))
		} else {
			oc.send("HTTP/1.1 200 OK\r\n" + chunked + "\r\n1\r\nx\r\n0\r\n\r\n")
		}
		if m := c.wants(200); m.body != "x" {
			t.Fatalf("client got %q", m.body)
		}
	}
	o.untouched()
}

func TestIdleBackendConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	deviates(t, "has it in other settings")
	t.Run("after idle_timeout", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		b := start(t, setup{connections: "idle_timeout: 300ms"}, o)
		_, oc := pooled(t, b, o)
		oc.over()
		b.unseen(o)
	})
	t.Run("at once with max_idle 0", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		b := start(t, setup{connections: "max_idle: 0"}, o)
		_, oc := pooled(t, b, o)
		oc.over()
		b.unseen(o)
	})
	t.Run("after max_age", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		b := start(t, setup{connections: "max_age: 1s, idle_timeout: 1h"}, o)
		c, oc := pooled(t, b, o)
		time.Sleep(1100 * time.Millisecond)
		c.send(get(""))
		oc.over()
		oc = o.accept()
		oc.request()
		oc.send(ok("y"))
		c.wants(200)
	})
}
