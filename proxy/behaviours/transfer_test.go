package behaviours_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
)

// large is 10 MB in which no two blocks are alike.
func large() string {
	var b strings.Builder
	for i := 0; b.Len() < 10_000_000; i++ {
		sum := sha256.Sum256(fmt.Append(nil, i))
		b.Write(sum[:])
	}
	return b.String()[:10_000_000]
}

func TestLargeBodies(t *testing.T) {
	t.Parallel()
	body := large()
	var pieces strings.Builder
	for rest, n := body, 1; rest != ""; n = n*3%70_001 + 1 {
		n = min(n, len(rest))
		fmt.Fprintf(&pieces, "%x\r\n%s\r\n", n, rest[:n])
		rest = rest[n:]
	}
	for _, tt := range []struct{ name, lines, body string }{
		{"length", "Content-Length: 10000000\r\n", body},
		{"chunked", chunked, pieces.String() + "0\r\n\r\n"},
		{"one chunk", chunked, "989680\r\n" + body + "\r\n0\r\n\r\n"},
		{"until close", "Connection: close\r\n", body},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			c := start(t, setup{}, o).dial()
			sent := make(chan error, 1)
			if tt.name != "until close" {
				go func() { sent <- c.write(post(tt.lines, tt.body)) }()
			} else {
				c.send(get(""))
			}
			oc := o.accept()
			m := oc.request()
			if tt.name != "until close" {
				if err := <-sent; err != nil || m.body != body {
					t.Fatalf("O got %d bytes, expected %d: %v", len(m.body), len(body), err)
				}
			}
			go func() {
				sent <- oc.write("HTTP/1.1 200 OK\r\n" + tt.lines + "\r\n" + tt.body)
				if tt.name == "until close" {
					_ = oc.Close()
				}
			}()
			if a := c.wants(200); a.body != body {
				t.Fatalf("client got %d bytes, expected %d", len(a.body), len(body))
			}
			if err := <-sent; err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Both directions at once, as a service that transforms a stream has it.
func TestAnswerBeginsBeforeRequestEnds(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	c := start(t, setup{}, o).dial()
	c.send(post(chunked, ""))
	oc := o.accept()
	oc.head()
	oc.send("HTTP/1.1 200 OK\r\n" + chunked + "\r\n")
	if m := c.head(); m.status() != 200 {
		t.Fatalf("client got %q", m.start)
	}
	for range 50 {
		c.send("4\r\nping\r\n")
		oc.expect("4\r\nping\r\n")
		oc.send("4\r\npong\r\n")
		c.expect("4\r\npong\r\n")
	}
	c.send("0\r\n\r\n")
	oc.expect("0\r\n\r\n")
	oc.send("0\r\n\r\n")
	c.expect("0\r\n\r\n")
}

// Bytes are passed on as they come: nothing waits for a buffer to be full.
func TestStreamingWithoutDelay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, lines, first, second string }{
		{"length", "Content-Length: 2\r\n", "a", "b"},
		{"chunked", chunked, "1\r\na\r\n", "1\r\nb\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			c := start(t, setup{}, o).dial()
			c.send(post(tt.lines, ""))
			oc := o.accept()
			oc.head()
			c.send(tt.first)
			oc.expect(tt.first)
			c.send(tt.second)
			oc.expect(tt.second)
			if tt.lines == chunked {
				c.send("0\r\n\r\n")
				oc.expect("0\r\n\r\n")
			}
			oc.send("HTTP/1.1 200 OK\r\n" + tt.lines + "\r\n")
			c.head()
			oc.send(tt.first)
			c.expect(tt.first)
			oc.send(tt.second)
			c.expect(tt.second)
		})
	}
}
