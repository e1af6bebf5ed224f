package behaviours_test

import (
	"fmt"
	"strings"
	"testing"
)

// Where the proxy answers by itself, the body of the request is still to come, and is no request.
func TestBodyAfterOwnAnswer(t *testing.T) {
	t.Parallel()
	s := setup{limits: "body_bytes: 1000", routes: "{path_prefix: /known, pool: web}, {path_prefix: /clean, pool: web}"}
	head := func(line, lines string) string { return line + " HTTP/1.1\r\nHost: a.test\r\n" + lines + "\r\n" }
	for _, tt := range []struct {
		name, line string
		size       int
	}{
		{"no route", "POST /unknown", 500},
		{"ambiguous path", "POST /known/%2e%2e/unknown", 500},
		{"body too long", "POST /known", 5000},
		{"CONNECT", "CONNECT a.test:80", 500},
		{"TRACE", "TRACE /known", 500},
	} {
		for _, framing := range []string{"length", "chunked"} {
			t.Run(tt.name+" "+framing, func(t *testing.T) {
				t.Parallel()
				deviates(t, "has other reasons to answer by itself")
				// Whatever part of the body is taken for the beginning of a request, it is a good one.
				body := strings.Repeat(smuggled, 1+tt.size/len(smuggled))[:tt.size]
				lines, whole := fmt.Sprintf("Content-Length: %d\r\nMax-Forwards: 0\r\n", tt.size), body
				if framing == "chunked" {
					lines, whole = chunked+"Max-Forwards: 0\r\n", fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", tt.size, body)
				}
				o := newOrigin(t)
				o.serve(func(m message) string {
					if m.target() != "/clean" {
						t.Errorf("O got %q", m.start)
					}
					return echo(m)
				})
				b := start(t, s, o)
				for _, sent := range []int{0, 1, len(smuggled), len(whole) - 1, len(whole)} { // with the head
					if tt.name == "body too long" && framing == "chunked" {
						sent = len(whole) // only then is it known
					}
					c := b.dial()
					c.send(head(tt.line, lines) + whole[:sent])
					c.wants(400, 404, 405, 413, 501)
					c.offer(whole[sent:])
					c.offer(head("GET /clean", ""))
					if m, err := c.readAnswer("GET"); err == nil && m.body != "GET /clean " || err != nil && !isEnd(err) {
						t.Errorf("client got %q with %q: %v", m.start, m.body, err)
					}
				}
			})
		}
	}
}

// An answer of the proxy's own leaves the connection in order.
func TestConnectionOutlivesOwnAnswer(t *testing.T) {
	t.Parallel()
	deviates(t, "closes")
	o := newOrigin(t)
	o.serve(echo)
	c := start(t, setup{routes: "{path_prefix: /known, pool: web}"}, o).dial()
	for range 3 {
		c.send("GET /unknown HTTP/1.1\r\nHost: a.test\r\n\r\nPOST /unknown HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhelloGET /known HTTP/1.1\r\nHost: a.test\r\n\r\n")
		c.wants(404)
		c.wants(404)
		if m := c.wants(200); m.body != "GET /known " {
			t.Fatalf("client got %q", m.body)
		}
	}
	c.send("HEAD /unknown HTTP/1.1\r\nHost: a.test\r\n\r\nGET /known HTTP/1.1\r\nHost: a.test\r\n\r\n")
	if m := c.answerTo("HEAD"); m.status() != 404 {
		t.Fatalf("client got %q", m.start)
	}
	c.wants(200)
}

// What happens to a backend's connection is none of its client's business.
func TestClientConnectionOutlivesBackends(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	c := start(t, setup{}, o).dial()
	for i := range 5 {
		c.send(get(""))
		oc := o.accept()
		oc.request()
		body := fmt.Sprint(i)
		if i%2 == 0 {
			oc.send(lastly(body))
		} else {
			oc.send("HTTP/1.1 200 OK\r\nConnection: close\r\n" + chunked + "\r\n1\r\n" + body + "\r\n0\r\n\r\n")
		}
		_ = oc.Close()
		if m := c.wants(200); m.body != body || m.names("Connection") && strings.EqualFold(m.value("Connection"), "close") {
			t.Fatalf("client got %q with %q", m.fields, m.body)
		}
	}
}
