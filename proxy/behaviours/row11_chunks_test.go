package behaviours_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const chunked = "Transfer-Encoding: chunked\r\n"

// RFC 9112 §7.1: 1*HEXDIG, CRLF, the data, CRLF.
func TestRow11MalformedChunks(t *testing.T) {
	t.Parallel()
	var attacks []attack
	for _, size := range []string{
		"0x5", "+5", "-5", "5_0", "g", "", " 5", "\t5", "5h", "5.", "5,5", "5 5", `"5"`,
		"FFFFFFFFFFFFFFFFF", "00000000000000005", "10000000000000005", "8000000000000000", "FFFFFFFFFFFFFFFF", "FFFFFFFFFFFFFFFE", "7FFFFFFFFFFFFFFF0",
		"5\x00", "\x005", "5\x0b", "\u0665",
	} {
		attacks = append(attacks, one("size "+size, post(chunked, size+"\r\nhello\r\n0\r\n\r\n"+smuggled)))
	}
	for i, a := range attacks {
		switch a.name {
		case "size ", "size 00000000000000005":
			attacks[i] = laxer("reads any number of zeros", a)[0]
		}
	}
	attacks = append(attacks,
		one("no CRLF after the data", post(chunked, "5\r\nhello0\r\n\r\n"+smuggled)),
		one("more data than told", post(chunked, "3\r\nhello\r\n0\r\n\r\n"+smuggled)),
		one("CR alone after the data", post(chunked, "5\r\nhello\r0\r\n\r\n"+smuggled)),
		one("CR alone after the size", post(chunked, "5\rhello\r\n0\r\n\r\n"+smuggled)),
		one("space after the data", post(chunked, "5\r\nhello \r\n0\r\n\r\n"+smuggled)),
		one("two CRLF after the data", post(chunked, "5\r\nhello\r\n\r\n0\r\n\r\n"+smuggled)),
	)
	spoiled(t, setup{}, badRequest, attacks...)
	spoiled(t, setup{}, badRequest, laxer("skips blanks after the size",
		one("size 5 and a space", post(chunked, "5 \r\nhello\r\n0\r\n\r\n"+smuggled)))...)

	t.Run("once O has begun to read", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		b := start(t, setup{}, o)
		c := b.dial()
		c.send(post(chunked, "5\r\nhello\r\n"))
		oc := o.accept()
		if head := oc.head(); head.value("Transfer-Encoding") != "chunked" {
			t.Fatalf("O got %q", head.fields)
		}
		oc.expect("5\r\nhello\r\n")
		c.send("0x0\r\n\r\n" + smuggled)
		c.wants(400)
		c.over()
		oc.over()
		b.unseen(o)
	})
}

// RFC 9112 §7.1; CVE-2025-22871: net/http took a LF for the end of a chunk's line, others on the way did not.
func TestRow12BareLineFeedInChunks(t *testing.T) {
	t.Parallel()
	spoiled(t, setup{}, badRequest, laxer("takes a LF for a line end, and sends CRLF",
		one("after the size", post(chunked, "5\nhello\r\n0\r\n\r\n"+smuggled)),
		one("after the data", post(chunked, "5\r\nhello\n0\r\n\r\n"+smuggled)),
		one("after the last size", post(chunked, "0\n\r\n"+smuggled)),
		one("at the end", post(chunked, "0\r\n\n"+smuggled)),
		one("after an extension", post(chunked, "5;a=b\nhello\r\n0\r\n\r\n"+smuggled)),
		one("in a trailer", post(chunked, "0\r\nX: y\n\r\n"+smuggled)),
		one("after a trailer", post(chunked, "0\r\nX: y\r\n\n"+smuggled)),
		one("two", post(chunked, "0\n\n"+smuggled)),
	)...)
	spoiled(t, setup{}, badRequest, laxer("does not look into extensions",
		// CVE-2025-22871's case: one side ends the line at the LF, the other at the CRLF, and the
		// second sees a chunk where the first sees a request.
		one("in an extension", post(chunked, "2;\nxx\r\n2d\r\n0\r\n\r\n"+smuggled+"0\r\n\r\n")),
		one("CR in an extension", post(chunked, "5;a\rb\r\nhello\r\n0\r\n\r\n"+smuggled)),
		one("NUL in an extension", post(chunked, "5;a\x00b\r\nhello\r\n0\r\n\r\n"+smuggled)),
	)...)
}

// RFC 9112 §7.1.1; CVE-2023-39326: extensions cost, and nobody needs them. That none is passed on is looked
// after by every test that reads a chunked body.
func TestRow13ChunkExtensions(t *testing.T) {
	t.Parallel()
	spoiled(t, setup{}, badRequest, laxer("skips extensions of any length",
		one("64 KB in one chunk", post(chunked, "5;"+strings.Repeat("a", 64<<10)+"\r\nhello\r\n0\r\n\r\n")),
		one("64 KB in the last chunk", post(chunked, "5\r\nhello\r\n0;a="+strings.Repeat("a", 64<<10)+"\r\n\r\n")),
		one("64 KB in small chunks", post(chunked, strings.Repeat("1;"+strings.Repeat("a", 127)+"\r\nx\r\n", 512)+"0\r\n\r\n")),
	)...)

	for _, body := range []string{
		"5;a=b\r\nhello\r\n0\r\n\r\n", "5;a\r\nhello\r\n0;b\r\n\r\n", "5;a=\"b;c\"\r\nhello\r\n0\r\n\r\n", "2;a\r\nhe\r\n3;b\r\nllo\r\n0;c=d\r\n\r\n",
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			c := start(t, setup{}, o).dial()
			c.send(post(chunked, body))
			oc := o.accept()
			if m := oc.request(); m.body != "hello" || strings.Contains(m.chunks, ";") {
				t.Fatalf("O got %q", m.chunks)
			}
			oc.send("HTTP/1.1 200 OK\r\n" + chunked + "\r\n" + body)
			if m := c.wants(200); m.body != "hello" || strings.Contains(m.chunks, ";") {
				t.Fatalf("client got %q", m.chunks)
			}
		})
	}
}

// RFC 9110 §6.5.1.
func TestRow14ForbiddenTrailers(t *testing.T) {
	t.Parallel()
	forbidden := []string{
		"Content-Length: 5", "Transfer-Encoding: chunked", "Host: evil.test", "Authorization: Basic eDp5", "Connection: X", "Trailer: X",
		"X-Forwarded-For: 6.6.6.6", "Content-Type: text/evil", "Content-Encoding: gzip", "TE: trailers", "Cookie: evil=1", "Expect: 100-continue",
		"Upgrade: websocket", "Max-Forwards: 0", "Cache-Control: no-cache", "Set-Cookie: evil=1", "content-LENGTH: 5",
	}
	for _, line := range forbidden {
		name, value, _ := strings.Cut(line, ": ")
		merged := func(m message) bool { // it is among the fields, where the tests themselves have not put it
			return !slices.Contains([]string{"TE", "Transfer-Encoding"}, name) && slices.Contains(m.values(name), value)
		}
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			deviates(t, "passes all trailers on, as trailers")
			o := newOrigin(t)
			b := start(t, setup{}, o)
			c := b.dial()
			o.serve(func(m message) string {
				if merged(m) || len(valuesOf(m.trailers, name)) > 0 {
					t.Errorf("O got %q and the trailers %q", m.fields, m.trailers)
				}
				return "HTTP/1.1 200 OK\r\nTrailer: X-T\r\n" + chunked + "\r\n0\r\n" + line + "\r\nX-T: 1\r\n\r\n"
			})
			c.send(post(chunked+"Trailer: X-T\r\nTE: trailers\r\nConnection: TE\r\n", "5\r\nhello\r\n0\r\nX-T: 1\r\n"+line+"\r\n\r\n"))
			if m := c.wants(200, 400, 502); merged(m) || len(valuesOf(m.trailers, name)) > 0 {
				t.Errorf("client got %q and the trailers %q", m.fields, m.trailers)
			}
		})
	}
	t.Run("malformed", func(t *testing.T) {
		spoiled(t, setup{}, badRequest, laxer("does not look into trailers",
			one("no colon", post(chunked, "0\r\nX\r\n\r\n"+smuggled)),
			one("space before the colon", post(chunked, "0\r\nX : y\r\n\r\n"+smuggled)),
			one("empty name", post(chunked, "0\r\n: y\r\n\r\n"+smuggled)),
			one("folded", post(chunked, "0\r\nX: y\r\n z\r\n\r\n"+smuggled)),
			one("NUL", post(chunked, "0\r\nX: \x00\r\n\r\n"+smuggled)),
		)...)
		spoiled(t, setup{}, []int{400, 431}, laxer("does not look into trailers",
			one("1 MB", post(chunked, "0\r\n"+strings.Repeat("X: "+strings.Repeat("y", 1000)+"\r\n", 1000)+"\r\n"+smuggled)),
			one("10000 of them", post(chunked, "0\r\n"+strings.Repeat("X: y\r\n", 10000)+"\r\n"+smuggled)),
		)...)
	})
}

// RFC 9110 §6.5.
func TestRow15TrailersBothWays(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	c := start(t, setup{}, o).dial()
	for i := range 2 { // trailers do not put the connections out of step
		c.send(post(chunked+"Trailer: X-T\r\nTE: trailers\r\nConnection: TE\r\n", "5\r\nhello\r\n0\r\n"), fmt.Sprintf("X-T: %d\r\nX-Sum: abc\r\n", i), "\r\n")
		oc := o.accept()
		m := oc.request()
		if want := spelled(fmt.Sprintf("X-T: %d", i), "X-Sum: abc"); !slices.Equal(m.trailers, want) || m.body != "hello" {
			t.Fatalf("O got the trailers %q, expected %q", m.trailers, want)
		}
		if len(m.values("X-Sum")) > 0 {
			t.Errorf("O got a trailer among %q", m.fields)
		}
		oc.send("HTTP/1.1 200 OK\r\nConnection: close\r\nTrailer: X-R\r\n"+chunked+"\r\n3\r\nyes\r\n0\r\n", fmt.Sprintf("X-R: %d\r\n", i), "\r\n")
		a := c.wants(200)
		if want := spelled(fmt.Sprintf("X-R: %d", i)); !slices.Equal(a.trailers, want) || a.body != "yes" || len(a.values("X-R")) > 0 {
			t.Fatalf("client got %q and the trailers %q, expected %q", a.fields, a.trailers, want)
		}
		oc.reset() // so that each request comes on a connection of its own
	}
}

// A body is what it was, in whatever pieces it comes.
func TestChunksInAnyPieces(t *testing.T) {
	t.Parallel()
	const body = "1\r\na\r\n00A\r\n0123456789\r\n3;x=y\r\nbcd\r\n0\r\nX-T: 1\r\n\r\n"
	for size := 1; size <= len(body); size += 1 + size/2 {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			c := start(t, setup{}, o).dial()
			c.send(post(chunked, ""))
			oc := o.accept()
			for part := range slices.Chunk([]byte(body), size) {
				c.send(string(part))
			}
			if m := oc.request(); m.body != "a0123456789bcd" {
				t.Fatalf("O got %q", m.chunks)
			}
			oc.send("HTTP/1.1 200 OK\r\n" + chunked + "\r\n")
			for part := range slices.Chunk([]byte(body), size) {
				oc.send(string(part))
			}
			if m := c.wants(200); m.body != "a0123456789bcd" {
				t.Fatalf("client got %q", m.chunks)
			}
		})
	}
}
