package behaviours_test

import (
	"strings"
	"testing"
)

// cut sends part of an answer and then ends the stream: with a FIN, or a RST.
func cut(t *testing.T, part string, check func(t *testing.T, c *conn)) {
	for _, how := range []string{"FIN", "RST"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			b := start(t, setup{}, o)
			c := b.dial()
			c.send(get("") + get("")) // what comes behind must not become the rest of the body
			oc := o.accept()
			oc.request()
			oc.send(part)
			if how == "RST" {
				// A RST overtakes bytes that have not been read.
				if _, err := c.readThrough("\r\n\r\n"); err != nil {
					t.Fatal(err)
				}
				oc.reset()
			} else {
				_ = oc.Close()
				if _, err := c.readThrough("\r\n\r\n"); err != nil {
					t.Fatal(err)
				}
			}
			check(t, c)
			b.clean(o)
		})
	}
}

// RFC 9112 §8: a client must be able to tell that something is missing.
func TestRow42BodyCutShort(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "0123456789", strings.Repeat("b", 99)} {
		cut(t, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"+body, func(t *testing.T, c *conn) {
			if got, _ := c.rest(); !strings.HasPrefix(body, got) {
				t.Errorf("client got %s of a body that begins with %s", short(got), short(body))
			}
		})
	}
	t.Run("large", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		b := start(t, setup{}, o)
		c := b.dial()
		c.send(get(""))
		oc := o.accept()
		oc.request()
		body := strings.Repeat("b", 1<<20)
		oc.send("HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n")
		go func() {
			oc.offer(body)
			_ = oc.Close()
		}()
		c.head()
		if got, _ := c.rest(); got != body {
			t.Errorf("client got %d bytes, expected %d and a close", len(got), len(body))
		}
		b.clean(o)
	})
}

// RFC 9112 §8.
func TestRow43ChunkedBodyCutShort(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 OK\r\n" + chunked + "\r\n"
	for _, body := range []string{
		"", "5\r\nhello\r\n", "5\r\nhello", "5\r\nhel", "5\r\n", "5", "5\r\nhello\r\n0", "5\r\nhello\r\n0\r\n", "5\r\nhello\r\n0\r\nX: y\r\n", "5\r\nhello\r\n0\r\nX: y\r\n\r", "0\r\n",
	} {
		cut(t, head+body, func(t *testing.T, c *conn) {
			if got, _ := c.rest(); strings.HasSuffix(got, "0\r\n\r\n") || strings.HasSuffix(got, "\r\n\r\n") {
				t.Errorf("client got %q, which has an end", got)
			}
		})
	}
	for _, body := range []string{"5;" + strings.Repeat("x", 64<<10) + "\r\nhello\r\n0\r\n\r\n", "0\r\n" + strings.Repeat("X: y\r\n", 20_000) + "\r\n", "5\r\nhello\r\n0x0\r\n\r\n", "5\r\nhello\r\n-1\r\n\r\n", "5\r\nhelloX0\r\n\r\n", "5\r\nhello\r\nzz\r\n", "5\r\nhello\r\nFFFFFFFFFFFFFFFFF\r\n", "5\r\nhello\r\n0\r\nX : y\r\n\r\n", "5\r\nhello\r\n0\r\n\n"} {
		t.Run("O errs: "+body[:min(len(body), 30)], func(t *testing.T) {
			t.Parallel()
			if strings.HasSuffix(body, "\n\n") || strings.Contains(body, "X : y") || len(body) > 100 {
				deviates(t, "is laxer here")
			}
			o := newOrigin(t)
			b := start(t, setup{}, o)
			c := b.dial()
			c.send(get("Connection: close\r\n"))
			oc := o.accept()
			oc.request()
			oc.offer(head + body)
			m := c.head()
			got, _ := c.rest()
			if m.status() == 200 && strings.HasSuffix(got, "\r\n\r\n") || m.status() != 200 && m.status() != 502 {
				t.Errorf("client got %q and %q, which has an end", m.start, got)
			}
			oc.over()
			b.unseen(o)
		})
	}
}

// bad502 wants each answer of O to be replaced with a 502, and its connection to be closed.
func bad502(t *testing.T, answers ...attack) {
	t.Helper()
	for _, a := range answers {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			if a.haproxy != "" {
				deviates(t, a.haproxy)
			}
			o := newOrigin(t)
			b := start(t, setup{}, o)
			c := b.dial()
			c.send(post("Content-Length: 5\r\n", "hello")) // which is not sent again
			oc := o.accept()
			oc.request()
			oc.offer(a.send...)
			if m := c.wants(502); strings.Contains(m.body, "evil") || m.names("Set-Cookie") {
				t.Errorf("client got %q with %q", m.fields, m.body)
			}
			oc.over()
			b.unseen(o)
		})
	}
}

// RFC 9112 §6.3, §5.
func TestRow44BadFramingFromBackend(t *testing.T) {
	t.Parallel()
	const good = "Content-Length: 4\r\n"
	answer := func(lines string) string { return "HTTP/1.1 200 OK\r\n" + lines + "\r\nevil" }
	first := func(line string) string { return line + "\r\n" + good + "\r\nevil" }
	bad502(t,
		one("two lengths", answer("Content-Length: 4\r\nContent-Length: 5\r\n")),
		one("list of lengths", answer("Content-Length: 4, 5\r\n")),
		one("length +4", answer("Content-Length: +4\r\n")),
		one("length -1", answer("Content-Length: -1\r\n")),
		one("length empty", answer("Content-Length:\r\n")),
		one("length 0x4", answer("Content-Length: 0x4\r\n")),
		one("length of 20 digits", answer("Content-Length: 99999999999999999999\r\n")),
		one("empty name", answer(": x\r\n"+good)),
		one("name with space", answer("X Y: x\r\n"+good)),
		one("name with brackets", answer("X(): x\r\n"+good)),
		one("name with NUL", answer("X\x00: x\r\n"+good)),
		one("no colon", answer("X\r\n"+good)),
		one("space before the colon", answer("X : y\r\n"+good)),
		one("space before the colon of the length", answer("Content-Length : 4\r\n")),
		one("status of letters", first("HTTP/1.1 abc OK")),
		one("no status", first("HTTP/1.1")),
		one("version 1", first("HTTP/1 200 OK")),
		one("other protocol", first("ICY 200 OK")),
		one("no protocol", first("200 OK")),
		one("a request", get("")),
		one("TLS alert", "\x15\x03\x01\x00\x02\x02\x50\r\n\r\n"),
		one("SMTP", "220 mail.test ESMTP\r\n\r\n"),
	)
	bad502(t, laxer("corrects or passes it on",
		one("both framings", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nevil"),
		one("both framings, coding first", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\nevil"),
		one("gzip, chunked", answer("Transfer-Encoding: gzip, chunked\r\n")),
		one("chunked, gzip", answer("Transfer-Encoding: chunked, gzip\r\n")),
		one("identity", answer("Transfer-Encoding: identity\r\n")),
		one("xchunked", answer("Transfer-Encoding: xchunked\r\n")),
		one("chunked twice", answer("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
		one("chunked in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n"),
		one("NUL in a value", answer("X: a\x00b\r\n"+good)),
		one("NUL in the reason", first("HTTP/1.1 200 O\x00K")),
		one("HTTP/2.0", first("HTTP/2.0 200 OK")),
		one("status 99", first("HTTP/1.1 99 OK")),
		one("status 2000", first("HTTP/1.1 2000 OK")),
		one("status 000", first("HTTP/1.1 000 OK")),
		one("status +20", first("HTTP/1.1 +20 OK")),
	)...)
	bad502(t, laxer("unfolds", one("folding", answer("X: a\r\n Set-Cookie: evil\r\n"+good)))...)
}

// RFC 9112 §2.2.
func TestRow45BareLineEndsFromBackend(t *testing.T) {
	t.Parallel()
	bad502(t, laxer("takes a LF for a line end, and sends CRLF",
		one("in a value", "HTTP/1.1 200 OK\r\nX: a\nSet-Cookie: evil\r\nContent-Length: 4\r\n\r\nevil"),
		one("all", "HTTP/1.1 200 OK\nContent-Length: 4\n\nevil"),
		one("status line", "HTTP/1.1 200 OK\nContent-Length: 4\r\n\r\nevil"),
		one("empty line", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\nevil"),
		one("two LF", "HTTP/1.1 200 OK\r\nContent-Length: 4\n\nevil"),
		one("in the reason", "HTTP/1.1 200 O\nSet-Cookie: evil\r\nContent-Length: 4\r\n\r\nevil"),
	)...)
	bad502(t,
		one("CR in a value", "HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: evil\r\nContent-Length: 4\r\n\r\nevil"),
		one("CR CR LF", "HTTP/1.1 200 OK\r\nX: a\r\r\nContent-Length: 4\r\n\r\nevil"),
		one("CR in the reason", "HTTP/1.1 200 O\rK\r\nContent-Length: 4\r\n\r\nevil"),
	)
}
