package behaviours_test

import (
	"fmt"
	"strings"
	"testing"
)

// echo answers with what the request was.
func echo(m message) string {
	line, _, _ := strings.Cut(m.start, " HTTP/1.")
	return ok(line + " " + m.body)
}

// RFC 9112 §9.3.2.
func TestRow21Pipelining(t *testing.T) {
	t.Parallel()
	requests := []struct{ send, answer string }{
		{"GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\n", "GET /1 "},
		{"POST /2 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello", "POST /2 hello"},
		{"GET /3 HTTP/1.1\r\nHost: a.test\r\n\r\n", "GET /3 "},
		{"POST /4 HTTP/1.1\r\nHost: a.test\r\n" + chunked + "\r\n5\r\nhello\r\n1\r\n!\r\n0\r\nX: y\r\n\r\n", "POST /4 hello!"},
		{"POST /5 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n", "POST /5 "},
		{"DELETE /6 HTTP/1.1\r\nHost: a.test\r\n\r\n", "DELETE /6 "},
		{"PUT /7 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 40\r\n\r\n" + smuggled[:40], "PUT /7 " + smuggled[:40]},
		{"GET /8 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n", "GET /8 "},
	}
	var all string
	for _, r := range requests {
		all += r.send
	}
	for _, size := range []int{len(all), 1, 7, 64, len(requests[0].send) + 1} {
		t.Run(fmt.Sprintf("in writes of %d", size), func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			o.serve(echo)
			c := start(t, setup{}, o).dial()
			for rest := all; rest != ""; {
				n := min(size, len(rest))
				c.send(rest[:n])
				rest = rest[n:]
			}
			for _, r := range requests {
				if m := c.wants(200); m.body != r.answer {
					t.Fatalf("client got %q, expected %q", m.body, r.answer)
				}
			}
			c.over()
		})
	}
	t.Run("500 in one write", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		o.serve(echo)
		c := start(t, setup{}, o).dial()
		c.send(strings.Repeat(get(""), 500))
		for range 500 {
			c.wants(200)
		}
	})
	t.Run("an attack behind", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		b := start(t, setup{}, o)
		c := b.dial()
		c.send(get("") + post("Content-Length: +1\r\n", smuggled))
		oc := o.accept()
		oc.request()
		oc.send(ok("x"))
		c.wants(200)
		c.wants(400)
		c.over()
		oc.reset()
		b.unseen(o)
	})
}

// RFC 9112 §9.3: what is left of a body must not be read as a request.
func TestRow22UnreadRequestBody(t *testing.T) {
	t.Parallel()
	const size = 100_000
	body := strings.Repeat("b", size-2*len(smuggled)) + smuggled + smuggled
	for _, tt := range []struct{ name, lines, body string }{
		{"length", fmt.Sprintf("Content-Length: %d\r\n", size), body},
		{"chunked", chunked, fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", size, body)},
	} {
		for _, answer := range []struct{ name, lines string }{{"kept", ""}, {"closed", "Connection: close\r\n"}} {
			t.Run(tt.name+" "+answer.name, func(t *testing.T) {
				t.Parallel()
				o := newOrigin(t)
				b := start(t, setup{}, o)
				c := b.dial()
				c.send(post(tt.lines, tt.body[:1000]))
				oc := o.accept()
				m := oc.head()
				oc.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" + answer.lines + "\r\nearly")
				if m := c.wants(200); m.body != "early" {
					t.Fatalf("client got %q", m.body)
				}
				answers := func(m message) string {
					if m.target() != "/second" && m.target() != "/clean" {
						t.Errorf("O got %q", m.start)
					}
					return echo(m)
				}
				if answer.lines != "" {
					oc.reset()
				} else {
					go func() {
						if oc.readBody(&m) == nil {
							serveConn(oc, answers)
						}
					}()
				}
				o.serve(answers)
				// Then the rest comes, and a second request. The proxy closes, or takes the rest for what it is.
				c.offer(tt.body[1000:])
				c.offer("GET /second HTTP/1.1\r\nHost: a.test\r\n\r\n")
				if m, err := c.readAnswer("GET"); err == nil && m.body != "GET /second " || err != nil && !isEnd(err) {
					t.Fatalf("client got %q with %q: %v", m.start, m.body, err)
				}
				c = b.dial()
				c.send("GET /clean HTTP/1.1\r\nHost: a.test\r\n\r\n")
				if m := c.wants(200); m.body != "GET /clean " {
					t.Fatalf("client got %q", m.body)
				}
			})
		}
	}
}
