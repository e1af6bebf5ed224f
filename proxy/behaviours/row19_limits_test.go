package behaviours_test

import (
	"fmt"
	"strings"
	"testing"
)

// RFC 9110 §15.5.15 and RFC 6585 §5.
func TestRow19Limits(t *testing.T) {
	t.Parallel()
	s := setup{limits: "head_bytes: 4096, header_fields: 20, field_bytes: 1024, uri_bytes: 512"}
	const haproxy = "answers 400, and bounds only the head and the number of fields"
	uri := func(n int) string { return "GET /" + strings.Repeat("u", n-1) + " HTTP/1.1\r\nHost: a.test\r\n" }
	field := func(n int) string { return "X: " + strings.Repeat("v", n-len("X: ")) + "\r\n" }
	fields := func(n int) string { return strings.Repeat("X: y\r\n", n) }

	refused(t, s, []int{414}, laxer(haproxy,
		one("URI", uri(513)+"\r\n"),
		one("URI of 3 KB", uri(3000)+"\r\n"),
		one("URI beyond the head's limit", uri(5000)+"\r\n"),
		one("URI without end", "GET /"+strings.Repeat("u", 100_000)),
		attack{name: "URI in pieces", send: []string{"GET /" + strings.Repeat("u", 300), strings.Repeat("u", 300), " HTTP/1.1\r\n"}},
	)...)
	refused(t, s, []int{431}, laxer(haproxy,
		one("field", get(field(1030))),
		one("field without end", "GET / HTTP/1.1\r\nHost: a.test\r\nX: "+strings.Repeat("v", 100_000)),
		one("name without end", "GET / HTTP/1.1\r\nHost: a.test\r\n"+strings.Repeat("n", 100_000)),
		one("fields", get(fields(30))),
		one("10000 fields", get(fields(10_000))),
		one("head", get(field(1000)+field(1000)+field(1000)+field(1000)+field(1000))),
		one("head without end", "GET / HTTP/1.1\r\nHost: a.test\r\n"+strings.Repeat(field(1000), 10)),
	)...)

	for _, head := range []string{uri(512), get("")[:len(get(""))-2] + field(1000), get("")[:len(get(""))-2] + fields(18), uri(500) + strings.Repeat(field(1000), 3)} {
		t.Run(fmt.Sprintf("within them, %d bytes", len(head)), func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			c := start(t, s, o).dial()
			c.send(head + "\r\n")
			oc := o.accept()
			oc.request()
			oc.send(ok("x"))
			c.wants(200)
		})
	}

	t.Run("body", func(t *testing.T) {
		t.Parallel()
		deviates(t, "has no such limit")
		s := setup{limits: "body_bytes: 1000"}
		each(t, s, []attack{
			one("length", post("Content-Length: 1001\r\n", strings.Repeat("b", 1001))),
			one("length, and no body yet", post("Content-Length: 1001\r\n", "")),
			one("length of more than there can be", post("Content-Length: 9223372036854775807\r\n", "b")),
			one("chunks", post(chunked, strings.Repeat("64\r\n"+strings.Repeat("b", 100)+"\r\n", 11)+"0\r\n\r\n")),
			one("one chunk", post(chunked, "3e9\r\n"+strings.Repeat("b", 1001)+"\r\n0\r\n\r\n")),
			{name: "chunks in pieces", send: []string{post(chunked, ""), strings.Repeat("64\r\n"+strings.Repeat("b", 100)+"\r\n", 6), strings.Repeat("64\r\n"+strings.Repeat("b", 100)+"\r\n", 6)}},
		}, func(b *testbed, o *origin, c *conn) {
			c.wants(413)
			_ = c.Close()
			for _, got := range b.clean(o) {
				if strings.HasSuffix(got, "\r\n0\r\n\r\n") {
					b.t.Errorf("O got the end of a body that is too long")
				}
			}
		})
		o := newOrigin(t)
		c := start(t, s, o).dial()
		c.send(post("Content-Length: 1000\r\n", strings.Repeat("b", 1000)))
		oc := o.accept()
		if m := oc.request(); len(m.body) != 1000 {
			t.Fatalf("O got %d bytes", len(m.body))
		}
		oc.send(ok("x"))
		c.wants(200)
	})

	t.Run("head of an answer", func(t *testing.T) {
		t.Parallel()
		deviates(t, "has no such limit beyond its buffer")
		for _, lines := range []string{strings.Repeat(field(1000), 6), "X: " + strings.Repeat("v", 100_000) + "\r\n", fields(3000)} {
			o := newOrigin(t)
			b := start(t, s, o)
			c := b.dial()
			c.send(get(""))
			oc := o.accept()
			oc.request()
			oc.offer("HTTP/1.1 200 OK\r\n" + lines + "Content-Length: 0\r\n\r\n")
			c.wants(502)
			oc.over()
			b.unseen(o)
		}
	})
}
