package behaviours_test

import (
	"slices"
	"strings"
	"testing"
)

const hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"

// RFC 9110 §15.2.
func TestRow29InterimAnswers(t *testing.T) {
	t.Parallel()
	t.Run("to 1.1", interimToHTTP11)
	t.Run("to 1.0", interimToHTTP10)
	t.Run("hop-by-hop fields", interimHops)
	for _, lines := range []string{"Content-Length: 5\r\n", chunked, "Content-Length: 5\r\n" + chunked} {
		t.Run("with a body's fields: "+lines, func(t *testing.T) { // of which a client might wait for the body
			t.Parallel()
			deviates(t, "passes them on")
			o := newOrigin(t)
			c := start(t, setup{}, o).dial()
			c.send(get(""))
			oc := o.accept()
			oc.request()
			oc.offer("HTTP/1.1 103 Early Hints\r\n" + lines + "Link: x\r\n\r\n")
			oc.offer(ok("x"))
			m := c.wants(200, 502)
			for _, m := range m.interim {
				if m.names("Content-Length", "Transfer-Encoding") {
					t.Errorf("client got %q", m.fields)
				}
			}
			if m.status() == 200 && m.body != "x" {
				t.Errorf("client got %q", m.body)
			}
		})
	}
	t.Run("unasked 101", unaskedSwitch)
	t.Run("without end", interimWithoutEnd)
}

func interimToHTTP11(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	c := start(t, setup{}, o).dial()
	c.send(get(""))
	oc := o.accept()
	oc.request()
	oc.send(hints)
	if m := c.head(); m.status() != 103 || m.value("Link") != "</a.css>; rel=preload" { // before the answer is there
		t.Fatalf("client got %q and %q", m.start, m.fields)
	}
	oc.send("HTTP/1.1 102 Processing\r\n\r\n"+hints, ok("x"))
	m := c.wants(200)
	if len(m.interim) != 2 || m.interim[0].status() != 102 || m.interim[1].status() != 103 || m.body != "x" {
		t.Fatalf("client got %q, %q", m.interim, m.body)
	}
	c.send(get(""))
	oc.request()
	oc.send(hints + ok("y")) // in one write
	if m := c.wants(200); len(m.interim) != 1 || m.body != "y" {
		t.Fatalf("client got %q, %q", m.interim, m.body)
	}
}

func interimToHTTP10(t *testing.T) {
	t.Parallel()
	deviates(t, "passes the client's version on, and leaves it to O")
	o := newOrigin(t)
	c := start(t, setup{}, o).dial()
	c.send("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n")
	oc := o.accept()
	oc.request()
	oc.send(hints, "HTTP/1.1 100 Continue\r\n\r\n", ok("x"))
	if m := c.wants(200); len(m.interim) > 0 || m.body != "x" {
		t.Fatalf("client got %q, %q", m.interim, m.body)
	}
}

func interimHops(t *testing.T) {
	t.Parallel()
	deviates(t, "does not look at what Connection nominates")
	o := newOrigin(t)
	c := start(t, setup{}, o).dial()
	c.send(get(""))
	oc := o.accept()
	oc.request()
	oc.send("HTTP/1.1 103 Early Hints\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nLink: x\r\n\r\n")
	if m := c.head(); !slices.Equal(m.others(), []string{"Link: x"}) {
		t.Errorf("client got %q", m.fields)
	}
	oc.send(ok("x"))
	c.wants(200)
}

func unaskedSwitch(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	b := start(t, setup{}, o)
	c := b.dial()
	c.send(get("") + get(""))
	oc := o.accept()
	oc.request()
	oc.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nevil")
	deviates(t, "relays it")
	c.wants(502)
	oc.over()
}

func interimWithoutEnd(t *testing.T) {
	t.Parallel()
	deviates(t, "relays any number of them")
	o := newOrigin(t)
	b := start(t, setup{}, o)
	c := b.dial()
	c.send(get(""))
	oc := o.accept()
	oc.request()
	oc.offer(strings.Repeat(hints, 10_000))
	c.wants(502)
	oc.over()
	b.unseen(o)
}

const expect = "POST / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"

// RFC 9110 §10.1.1; CVE-2024-24791.
func TestRow30ExpectContinue(t *testing.T) {
	t.Parallel()
	t.Run("O continues", expectContinued)
	for _, lines := range []string{"", "Connection: close\r\n"} {
		t.Run("O refuses "+lines, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			b := start(t, setup{}, o)
			c := b.dial()
			c.send(expect)
			oc := o.accept()
			oc.head()
			oc.send("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n" + lines + "\r\nno")
			if m := c.wants(417); m.body != "no" || len(m.interim) > 0 {
				t.Fatalf("client got %q after %q", m.body, m.interim)
			}
			if *peer == "haproxy" {
				return // keeps both connections, and sends the body after
			}
			// Whether the client now sends the body is up to it. The proxy closes, or takes what comes for the
			// body, of which five bytes are due; what follows those is no request.
			c.offer("GET /" + "smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n")
			if m, err := c.readAnswer("GET"); err == nil && m.status() != 400 || err != nil && !isEnd(err) {
				t.Fatalf("client got %q: %v", m.start, err)
			}
			oc.over()
			b.unseen(o)
		})
	}
	t.Run("O answers without", expectAnswered)
	t.Run("client does not wait", expectUnwaited)
	t.Run("1.0", expectFromHTTP10)
	t.Run("something else", expectElse)
}

func expectContinued(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	c := start(t, setup{}, o).dial()
	for _, name := range []string{"100-continue", "100-Continue"} {
		c.send(post("Expect: "+name+"\r\nContent-Length: 5\r\n", ""))
		oc := o.accept()
		if m := oc.head(); !strings.EqualFold(m.value("Expect"), "100-continue") {
			t.Fatalf("O got %q", m.fields)
		}
		oc.send("HTTP/1.1 100 Continue\r\n\r\n")
		if m := c.head(); m.status() != 100 {
			t.Fatalf("client got %q", m.start)
		}
		c.send("hello")
		oc.expect("hello")
		oc.send(lastly("x"))
		if m := c.wants(200); len(m.interim) != 0 {
			t.Fatalf("client got %q, a second time", m.interim[0].start)
		}
		oc.reset()
	}
}

func expectAnswered(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	b := start(t, setup{}, o)
	c := b.dial()
	c.send(expect)
	oc := o.accept()
	oc.head()
	oc.send(ok("early"))
	if m := c.wants(200); m.body != "early" {
		t.Fatalf("client got %q", m.body)
	}
	if *peer == "haproxy" {
		return
	}
	oc.over() // it still waits for five bytes: nobody else's request may be taken for them
	b.unseen(o)
}

func expectUnwaited(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	c := start(t, setup{}, o).dial()
	c.send(expect + "hello" + get(""))
	oc := o.accept()
	if m := oc.request(); m.body != "hello" {
		t.Fatalf("O got %q", m.body)
	}
	oc.send("HTTP/1.1 100 Continue\r\n\r\n" + ok("x"))
	c.wants(200)
	oc.request()
	oc.send(ok("y"))
	if m := c.wants(200); m.body != "y" {
		t.Fatalf("client got %q", m.body)
	}
}

func expectFromHTTP10(t *testing.T) {
	t.Parallel()
	deviates(t, "passes the client's version on, and leaves it to O")
	o := newOrigin(t)
	c := start(t, setup{}, o).dial()
	c.send("POST / HTTP/1.0\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello")
	oc := o.accept()
	if m := oc.request(); m.body != "hello" {
		t.Fatalf("O got %q", m.body)
	}
	oc.send("HTTP/1.1 100 Continue\r\n\r\n" + ok("x"))
	if m := c.wants(200); len(m.interim) > 0 {
		t.Fatalf("client got %q", m.interim[0].start)
	}
}

func expectElse(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	c := start(t, setup{}, o).dial()
	o.serve(echo)
	c.send(post("Expect: a-miracle\r\nContent-Length: 5\r\n", "hello"))
	c.wants(417, 400, 200)
}

// RFC 9110 §10.1.1, RFC 9112 §9.5: a client that is still sending must hear that it need not.
func TestRow31EarlyAnswerDuringUpload(t *testing.T) {
	t.Parallel()
	const refusal = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig"
	for _, tt := range []struct{ name, send, answer string }{
		{"length", post("Content-Length: 1000000\r\n", "0123456789"), refusal},
		{"chunked", post(chunked, "a\r\n0123456789\r\n"), refusal},
		{"in a chunk", post(chunked, "ffff\r\n0123456789"), refusal},
		{"nothing of the body", post("Content-Length: 1000000\r\n", ""), refusal},
		{"O keeps the connection", post("Content-Length: 1000000\r\n", "0123456789"), strings.Replace(refusal, "Connection: close\r\n", "", 1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			b := start(t, setup{}, o)
			c := b.dial()
			c.send(tt.send)
			oc := o.accept()
			oc.head()
			oc.send(tt.answer)
			if m := c.wants(413); m.body != "big" {
				t.Fatalf("client got %q", m.body)
			}
			if !strings.Contains(tt.answer, "close") {
				return
			}
			_ = oc.Close()
			b.unseen(o)
		})
	}
	t.Run("client sends without listening", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		b := start(t, setup{}, o)
		c := b.dial()
		sent := make(chan error, 1)
		go func() { sent <- c.write(post("Content-Length: 64000000\r\n", strings.Repeat("b", 64_000_000))) }()
		oc := o.accept()
		oc.head() // and nothing more is read: the proxy's writes come to a halt
		oc.send(refusal)
		if m := c.wants(413); m.body != "big" {
			t.Fatalf("client got %q", m.body)
		}
		_ = oc.Close()
		_ = c.Close()
		<-sent
		b.unseen(o)
	})
}
