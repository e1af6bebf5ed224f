package behaviours_test

import (
	"slices"
	"strings"
	"testing"
)

// RFC 9110 §7.6.1.
func TestRow24HopByHopFields(t *testing.T) {
	t.Parallel()
	deviates(t, "does not look at what Connection nominates")
	hops := "Connection: X-Hop, keep-alive\r\nX-Hop: 1\r\nA: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nx-HOP: 2\r\n" +
		"B: 2\r\nCONNECTION:x-hop-2 ,, X-Hop-3\r\nX-Hop-2: 1\r\nX-Hop-3: 1\r\nUpgrade: tls/1.0\r\nX-Hop-4: stays\r\nC: 3\r\n"
	o := newOrigin(t)
	c := start(t, setup{}, o).dial()
	for range 2 {
		c.send(get(hops + "TE: gzip\r\n"))
		oc := o.accept()
		if got, want := oc.request().others(), []string{"Host: a.test", "A: 1", "B: 2", "X-Hop-4: stays", "C: 3"}; !slices.Equal(got, want) {
			t.Errorf("O got %q, expected %q", got, want)
		}
		oc.send("HTTP/1.1 200 OK\r\nConnection: close\r\n" + hops + "Content-Length: 2\r\n\r\nok")
		a := c.wants(200)
		got := slices.DeleteFunc(a.others(), func(f string) bool { return strings.HasPrefix(f, "Content-Length:") })
		if want := []string{"A: 1", "B: 2", "X-Hop-4: stays", "C: 3"}; !slices.Equal(got, want) || a.body != "ok" {
			t.Errorf("client got %q, expected %q", got, want)
		}
		oc.reset()
	}
}

// RFC 9110 §7.6.1: what Connection nominates is removed, but nobody may remove with it what keeps a
// message in order or says who is asking.
func TestRow25ConnectionNominatesEndToEndFields(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, lines, body string }{
		{"Content-Length", "Content-Length: 40\r\n", smuggled[:40]},
		{"content-length, close", "Content-Length: 40\r\n", smuggled[:40]},
		{"Transfer-Encoding", chunked, "28\r\n" + smuggled[:40] + "\r\n0\r\n\r\n"},
		{"Transfer-Encoding, Trailer, TE", chunked, "28\r\n" + smuggled[:40] + "\r\n0\r\n\r\n"},
		{"X-Forwarded-For", "X-Forwarded-For: 6.6.6.6\r\nContent-Length: 40\r\n", smuggled[:40]},
		{"X-Forwarded-For, X-Forwarded-Proto, X-Real-IP, Forwarded, Via", "Content-Length: 40\r\n", smuggled[:40]},
		{"Host", "Content-Length: 40\r\n", smuggled[:40]},
		{"host, Connection", "Content-Length: 40\r\n", smuggled[:40]},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			b := start(t, setup{}, o)
			c := b.dial()
			c.send(post("Connection: "+tt.name+"\r\n"+tt.lines, tt.body))
			oc := o.accept()
			m := oc.request()
			if m.body != smuggled[:40] || m.value("Host") != "a.test" || m.value("X-Forwarded-For") != "127.0.0.1" {
				t.Errorf("O got %q with body %q", m.fields, m.body)
			}
			// The same on the way back.
			oc.send("HTTP/1.1 200 OK\r\nConnection: close\r\nConnection: " + tt.name + "\r\n" + tt.lines + "\r\n" + tt.body)
			if a := c.wants(200); a.body != smuggled[:40] || len(a.values("Content-Length"))+len(a.values("Transfer-Encoding")) != 1 {
				t.Errorf("client got %q with body %q", a.fields, a.body)
			}
			oc.reset()
			b.unseen(o)
		})
	}
}

// RFC 9112 §9.3.
func TestRow26PersistenceOfHTTP10(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, send string
		kept       bool
	}{
		{"1.0", "GET / HTTP/1.0\r\nHost: a.test\r\n\r\n", false},
		{"1.0 without Host", "GET / HTTP/1.0\r\n\r\n", false},
		{"1.0 keep-alive", "GET / HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n", true},
		{"1.0 Keep-Alive", "GET / HTTP/1.0\r\nHost: a.test\r\nConnection: Keep-Alive\r\n\r\n", true},
		{"1.0 keep-alive and close", "GET / HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive, close\r\n\r\n", false},
		{"1.1", get(""), true},
		{"1.1 close", get("Connection: close\r\n"), false},
		{"1.1 Close in a list", get("Connection: x, Close\r\n"), false},
		{"1.1 keep-alive", get("Connection: keep-alive\r\n"), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			o.serve(echo)
			c := start(t, setup{}, o).dial()
			c.send(tt.send)
			m := c.wants(200)
			if m.body != "GET / " {
				t.Fatalf("client got %q", m.body)
			}
			connection := strings.ToLower(m.value("Connection"))
			if !tt.kept {
				if connection == "keep-alive" {
					t.Errorf("client got %q, and then a close", m.fields)
				}
				c.over()
				return
			}
			if http10 := strings.Contains(tt.send, "HTTP/1.0"); connection == "close" || http10 && connection != "keep-alive" {
				t.Errorf("client got %q", m.fields)
			}
			c.send(tt.send)
			c.wants(200)
		})
	}

	t.Run("O speaks 1.0", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		b := start(t, setup{}, o)
		for _, answer := range []string{
			"HTTP/1.0 200 OK\r\n\r\nuntil close",
			"HTTP/1.0 200 OK\r\nContent-Length: 11\r\n\r\nuntil close",
			"HTTP/1.1 200 OK\r\n\r\nuntil close",
			"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 11\r\n\r\nuntil close",
		} {
			c := b.dial()
			c.send(get(""))
			oc := o.accept() // none of these connections can be used again
			oc.request()
			oc.send(answer)
			_ = oc.Close()
			if m := c.wants(200); m.body != "until close" || !strings.HasPrefix(m.start, "HTTP/1.1 ") && *peer != "haproxy" {
				t.Fatalf("client got %q with body %q", m.start, m.body)
			}
		}
		deviates(t, "does not keep connections to servers of 1.0")
		c := b.dial()
		c.send(get(""))
		oc := o.accept()
		for range 2 {
			oc.request()
			oc.send("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nkept")
			if m := c.wants(200); m.body != "kept" {
				t.Fatalf("client got %q", m.body)
			}
			c.send(get(""))
		}
	})
}

// RFC 9112 §6.1: a 1.0 client knows no chunks.
func TestRow27ChunkedAnswerToHTTP10(t *testing.T) {
	t.Parallel()
	deviates(t, "passes the client's version on, and leaves it to O not to send chunks")
	for _, lines := range []string{"", "Connection: keep-alive\r\n"} {
		t.Run(lines, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			b := start(t, setup{}, o)
			c := b.dial()
			c.send("GET / HTTP/1.0\r\nHost: a.test\r\n" + lines + "\r\n")
			oc := o.accept()
			oc.request()
			oc.send("HTTP/1.1 200 OK\r\nTrailer: X-T\r\n"+chunked+"\r\n", "5;x=y\r\nhello\r\n", "1\r\n!\r\n0\r\n", "X-T: 1\r\n\r\n")
			m := c.head()
			if m.status() != 200 || m.names("Transfer-Encoding", "Content-Length") || strings.EqualFold(m.value("Connection"), "keep-alive") {
				t.Errorf("client got %q and %q", m.start, m.fields)
			}
			if body, _ := c.rest(); body != "hello!" {
				t.Errorf("client got %q", body)
			}
		})
	}
	t.Run("empty", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		c := start(t, setup{}, o).dial()
		c.send("GET / HTTP/1.0\r\n\r\n")
		oc := o.accept()
		oc.request()
		oc.send("HTTP/1.1 200 OK\r\n" + chunked + "\r\n0\r\n\r\n")
		c.head()
		c.over()
	})
}

// RFC 9110 §8.6, §9.3.2, §15.3.5, §15.4.5.
func TestRow28AnswersWithoutBody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, method, answer, length string }{
		{"HEAD with a length", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", "100"},
		{"HEAD chunked", "HEAD", "HTTP/1.1 200 OK\r\n" + chunked + "\r\n", ""},
		{"HEAD with neither", "HEAD", "HTTP/1.1 200 OK\r\n\r\n", ""},
		{"HEAD with length 0", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "0"},
		{"HEAD 404", "HEAD", "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n", "9"},
		{"204", "GET", "HTTP/1.1 204 No Content\r\n\r\n", ""},
		{"204 to DELETE", "DELETE", "HTTP/1.1 204 No Content\r\n\r\n", ""},
		{"304", "GET", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n", ""},
		{"304 with a length", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n", "100"},
		{"304 chunked", "GET", "HTTP/1.1 304 Not Modified\r\n" + chunked + "\r\n", ""},
		{"204 with a length", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			c := start(t, setup{}, o).dial()
			c.send(tt.method + " /1 HTTP/1.1\r\nHost: a.test\r\n\r\n" + "GET /2 HTTP/1.1\r\nHost: a.test\r\n\r\n")
			oc := o.accept()
			if m := oc.request(); m.start != tt.method+" /1 HTTP/1.1" {
				t.Fatalf("O got %q", m.start)
			}
			oc.send(tt.answer)
			m := c.answerTo(tt.method)
			if want := strings.Split(tt.answer, "\r\n")[0]; m.start != want {
				t.Errorf("client got %q, expected %q", m.start, want)
			}
			if got := m.value("Content-Length"); got != tt.length && (tt.name != "204 with a length" || *peer != "haproxy") {
				t.Errorf("client got %q, expected Content-Length %q", m.fields, tt.length)
			}
			if m := oc.request(); m.start != "GET /2 HTTP/1.1" { // and on the same connection
				t.Fatalf("O got %q", m.start)
			}
			oc.send(ok("second"))
			if m := c.wants(200); m.body != "second" {
				t.Fatalf("client got %q", m.body)
			}
		})
	}
	for _, tt := range []struct{ name, method, answer string }{
		{"HEAD with a body", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\n" + ok("")},
		{"204 with a body", "GET", "HTTP/1.1 204 No Content\r\n\r\n" + ok("evil")},
		{"204 with a length and a body", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 42\r\n\r\n" + ok("evil")},
		{"304 with a body", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 42\r\n\r\n" + ok("evil")},
		{"204 chunked with a body", "GET", "HTTP/1.1 204 No Content\r\n" + chunked + "\r\n4\r\nevil\r\n0\r\n\r\n"},
	} {
		t.Run("O errs: "+tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			c := start(t, setup{}, o).dial()
			c.send(tt.method + " / HTTP/1.1\r\nHost: a.test\r\n\r\n")
			oc := o.accept()
			oc.request()
			oc.send(tt.answer)
			if m := c.answerTo(tt.method); m.status() == 502 {
				return
			}
			c.send(get(""))
			oc2 := o.accept() // the connection with a body that nobody reads is not used again
			oc2.request()
			oc2.send(ok("second"))
			if m := c.wants(200); m.body != "second" {
				t.Fatalf("client got %q", m.body)
			}
			oc.over()
		})
	}
}
