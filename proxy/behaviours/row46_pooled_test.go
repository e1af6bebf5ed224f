package behaviours_test

import (
	"strings"
	"testing"
	"time"
)

// pooled returns a client and O's end of a connection that has served one of its requests and is kept.
func pooled(t *testing.T, b *testbed, o *origin) (c, oc *conn) {
	t.Helper()
	c = b.dial()
	c.send("GET /first HTTP/1.1\r\nHost: a.test\r\n\r\n")
	oc = o.accept()
	oc.request()
	oc.send(ok("first"))
	if m := c.wants(200); m.body != "first" {
		t.Fatalf("client got %q", m.body)
	}
	return c, oc
}

// RFC 9110 §9.2.2, RFC 9112 §9.3.1: O may close a kept connection at any time, and nobody can know whether a
// request that was on its way has been acted on.
func TestRow46StalePooledConnection(t *testing.T) {
	t.Parallel()
	const body = "Content-Length: 5\r\n\r\nhello"
	for _, tt := range []struct {
		method, rest string
		again        bool
	}{
		{"GET", "\r\n", true}, {"HEAD", "\r\n", true}, {"OPTIONS", "\r\n", true}, {"DELETE", "\r\n", true},
		{"POST", body, false}, {"POST", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", false}, {"POST", "Content-Length: 0\r\n\r\n", false}, {"PATCH", body, false}, {"MYSTERY", "\r\n", false},
	} {
		for _, how := range []string{"FIN", "RST"} {
			name := tt.method + " " + strings.Fields(tt.rest + " -")[0] + " " + how
			t.Run("closed on the second request "+name, func(t *testing.T) {
				t.Parallel()
				o := newOrigin(t)
				b := start(t, setup{}, o)
				c, oc := pooled(t, b, o)
				c.send(tt.method + " /second HTTP/1.1\r\nHost: a.test\r\n" + tt.rest)
				if m := oc.request(); m.target() != "/second" {
					t.Fatalf("O got %q", m.start)
				}
				if how == "RST" {
					oc.reset()
				} else {
					_ = oc.Close()
				}
				if !tt.again {
					deviates(t, "closes without an answer, for the client to try again")
					c.wants(502)
					b.unseen(o)
					return
				}
				if *peer == "haproxy" && tt.method != "GET" {
					return
				}
				oc = o.accept()
				if m := oc.request(); m.start != tt.method+" /second HTTP/1.1" {
					t.Fatalf("O got %q", m.start)
				}
				oc.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				if m := c.answerTo(tt.method); m.status() != 200 {
					t.Fatalf("client got %q", m.start)
				}
			})
			t.Run("closed before the second request "+name, func(t *testing.T) {
				t.Parallel()
				deviates(t, "may not have noticed")
				o := newOrigin(t)
				b := start(t, setup{}, o)
				c, oc := pooled(t, b, o)
				if how == "RST" {
					oc.reset()
				} else {
					_ = oc.Close()
				}
				c.send(tt.method + " /second HTTP/1.1\r\nHost: a.test\r\n" + tt.rest)
				oc = o.accept() // nothing of it was sent before, so whatever it is may be sent now
				if m := oc.request(); m.start != tt.method+" /second HTTP/1.1" || strings.Contains(tt.rest, "hello") && m.body != "hello" {
					t.Fatalf("O got %q", m.start)
				}
				oc.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				if m := c.answerTo(tt.method); m.status() != 200 {
					t.Fatalf("client got %q", m.start)
				}
			})
		}
	}
	t.Run("never answered", neverAnswered)
	t.Run("GET with a body", staleWithBody) // again as a whole, or not at all
	t.Run("closed in the head of the answer", closedInHead)
	t.Run("fresh connection", closedFresh)
}

func neverAnswered(t *testing.T) {
	t.Parallel()
	deviates(t, "closes without an answer, for the client to try again")
	o := newOrigin(t)
	b := start(t, setup{}, o)
	c, oc := pooled(t, b, o)
	c.send(get(""))
	oc.request()
	_ = oc.Close()
	got := make(chan int)
	go func() {
		m, _ := c.readAnswer("GET")
		got <- m.status()
	}()
	for attempts := 1; ; attempts++ {
		select {
		case nc := <-o.accepted:
			oc := &conn{Conn: nc, t: t, who: "O"}
			oc.request()
			_ = oc.Close()
		case status := <-got:
			if status != 502 || attempts > 4 {
				t.Fatalf("client got %d after %d attempts, expected 502 after a few", status, attempts)
			}
			return
		}
	}
}

func staleWithBody(t *testing.T) {
	t.Parallel()
	deviates(t, "closes without an answer, for the client to try again")
	for _, rest := range []string{"Content-Length: 5\r\n\r\nhello", chunked + "\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n"} {
		o := newOrigin(t)
		b := start(t, setup{}, o)
		c, oc := pooled(t, b, o)
		c.send("GET /second HTTP/1.1\r\nHost: a.test\r\n" + rest)
		oc.request()
		_ = oc.Close()
		o.serve(echo)
		if m := c.wants(200, 502); m.status() == 200 && m.body != "GET /second hello" {
			t.Errorf("client got %q", m.body)
		}
	}
}

func closedInHead(t *testing.T) {
	t.Parallel()
	deviates(t, "closes without an answer, for the client to try again")
	o := newOrigin(t)
	b := start(t, setup{}, o)
	c, oc := pooled(t, b, o)
	c.send(post("Content-Length: 5\r\n", "hello"))
	oc.request()
	oc.send("HTTP/1.1 200 OK\r\nContent-Le")
	_ = oc.Close()
	c.wants(502)
	b.unseen(o)
}

func closedFresh(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	b := start(t, setup{}, o)
	c := b.dial()
	c.send(post("Content-Length: 5\r\n", "hello"))
	oc := o.accept()
	oc.request()
	_ = oc.Close()
	c.wants(502)
	b.unseen(o)
}

// RFC 9112 §6.3: what comes after an answer belongs to no request.
func TestRow50PoolPoisoning(t *testing.T) {
	t.Parallel()
	const evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
	for _, tt := range []struct{ name, method, answer string }{
		{"length", "GET", ok("first")},
		{"length 0", "GET", ok("")},
		{"chunked", "GET", "HTTP/1.1 200 OK\r\n" + chunked + "\r\n5\r\nfirst\r\n0\r\n\r\n"},
		{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"},
		{"204", "GET", "HTTP/1.1 204 No Content\r\n\r\n"},
		{"304", "GET", "HTTP/1.1 304 Not Modified\r\n\r\n"},
	} {
		for _, extra := range []string{evil, "x", "\r\n", "\x00"} {
			for _, when := range []string{"same segment", "100 ms later"} {
				t.Run(tt.name+" "+extra[:1]+" "+when, func(t *testing.T) {
					t.Parallel()
					o := newOrigin(t)
					b := start(t, setup{}, o)
					c := b.dial()
					c.send(tt.method + " / HTTP/1.1\r\nHost: a.test\r\n\r\n")
					oc := o.accept()
					oc.request()
					if when == "same segment" {
						oc.send(tt.answer + extra)
					} else {
						oc.send(tt.answer)
						time.Sleep(100 * time.Millisecond)
						oc.offer(extra)
					}
					if m := c.answerTo(tt.method); m.status() == 502 || strings.Contains(m.body, "evil") {
						t.Fatalf("client got %q with %q", m.start, m.body)
					}
					c.send("GET /second HTTP/1.1\r\nHost: a.test\r\n\r\n")
					oc2 := o.accept()
					if m := oc2.request(); m.target() != "/second" {
						t.Fatalf("O got %q", m.start)
					}
					oc2.send(lastly("second"))
					if m := c.wants(200); m.body != "second" {
						t.Fatalf("client got %q", m.body)
					}
					oc.over()
					b.unseen(o)
				})
			}
		}
	}
}
