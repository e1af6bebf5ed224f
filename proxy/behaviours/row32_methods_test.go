package behaviours_test

import (
	"fmt"
	"strings"
	"testing"
)

const (
	websocket = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)

// RFC 9110 §7.8.
func TestRow32Upgrade(t *testing.T) {
	t.Parallel()
	t.Run("accepted", upgradeAccepted)
	t.Run("O ends first", upgradeEndedByOrigin)
	for _, answer := range []string{
		"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", "HTTP/1.1 426 Upgrade Required\r\nUpgrade: foo\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nno",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno",
	} {
		t.Run("refused with "+strings.Fields(answer)[1], func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			b := start(t, setup{}, o)
			c := b.dial()
			c.send(get(websocket) + "GET /second HTTP/1.1\r\nHost: a.test\r\n\r\n")
			oc := o.accept()
			oc.head()
			oc.send(answer)
			if m := c.answer(); m.status() != int(answer[9]-'0')*100+int(answer[10]-'0')*10+int(answer[11]-'0') || m.body != "no" {
				t.Fatalf("client got %q with %q", m.start, m.body)
			}
			if m := oc.request(); m.target() != "/second" || m.names("Upgrade") {
				t.Fatalf("O got %q and %q", m.start, m.fields)
			}
			oc.send(ok("second"))
			if m := c.wants(200); m.body != "second" {
				t.Fatalf("client got %q", m.body)
			}
			oc.reset()
			b.unseen(o)
		})
	}
	for _, tt := range []struct{ lines, body string }{{"Content-Length: 5\r\n", "hello"}, {chunked, "5\r\nhello\r\n0\r\n\r\n"}} {
		t.Run("with a body, "+tt.lines, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			c := start(t, setup{}, o).dial()
			c.send(post(websocket+tt.lines, tt.body))
			oc := o.accept()
			m := oc.request()
			if m.body != "hello" {
				t.Fatalf("O got %q", m.body)
			}
			if !m.names("Upgrade") { // of an upgrade with a body a proxy may think that nobody means it
				oc.send(ok("x"))
				c.wants(200)
				return
			}
			oc.send(switching + "O first")
			if m := c.head(); m.status() != 101 {
				t.Fatalf("client got %q", m.start)
			}
			c.expect("O first")
			c.send("hello")
			oc.expect("hello")
		})
	}
	t.Run("not asked for by Connection", upgradeUnasked)
	t.Run("to another protocol than asked for", upgradeToAnother)
	t.Run("from 1.0", upgradeFromHTTP10)
}

func upgradeAccepted(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	b := start(t, setup{}, o)
	c := b.dial()
	c.send(get(websocket) + "client first")
	oc := o.accept()
	m := oc.head()
	if !strings.EqualFold(m.value("Connection"), "upgrade") || m.value("Upgrade") != "websocket" || m.value("Sec-WebSocket-Key") == "" {
		t.Fatalf("O got %q", m.fields)
	}
	oc.send(switching + "O first")
	a := c.head()
	if a.status() != 101 || !strings.EqualFold(a.value("Connection"), "upgrade") || a.value("Upgrade") != "websocket" || a.value("Sec-WebSocket-Accept") == "" {
		t.Fatalf("client got %q and %q", a.start, a.fields)
	}
	c.expect("O first")
	oc.expect("client first")
	var all strings.Builder // every byte, so that none is taken for something else
	for i := range 256 {
		all.WriteByte(byte(i))
	}
	all.WriteString("\r\n0\r\n\r\n" + smuggled)
	for range 3 {
		c.send(all.String())
		oc.expect(all.String())
		oc.send(all.String())
		c.expect(all.String())
	}
	c.closeWrite()
	oc.over()
	oc.send("last words")
	c.expect("last words")
	_ = oc.Close()
	c.over()
	b.unseen(o)
}

func upgradeEndedByOrigin(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	c := start(t, setup{}, o).dial()
	c.send(get(websocket))
	oc := o.accept()
	oc.head()
	oc.send(switching)
	c.head()
	oc.send("bye")
	oc.closeWrite()
	c.expect("bye")
	c.over()
	c.offer("too")
	_ = c.Close()
}

func upgradeUnasked(t *testing.T) {
	t.Parallel()
	deviates(t, "passes Upgrade on, and 101 back")
	o := newOrigin(t)
	b := start(t, setup{}, o)
	c := b.dial()
	c.send(get("Upgrade: websocket\r\n"))
	oc := o.accept()
	if m := oc.head(); m.names("Upgrade") {
		t.Errorf("O got %q", m.fields)
	}
	oc.send(switching + "evil")
	c.wants(502)
	oc.over()
	b.unseen(o)
}

func upgradeToAnother(t *testing.T) {
	t.Parallel()
	deviates(t, "does not compare")
	o := newOrigin(t)
	b := start(t, setup{}, o)
	c := b.dial()
	c.send(get(websocket))
	oc := o.accept()
	oc.head()
	oc.send(strings.Replace(switching, "websocket", "h2c", 1) + "evil")
	c.wants(502)
	oc.over()
	b.unseen(o)
}

func upgradeFromHTTP10(t *testing.T) {
	t.Parallel()
	deviates(t, "passes Upgrade on")
	o := newOrigin(t)
	c := start(t, setup{}, o).dial()
	c.send("GET / HTTP/1.0\r\nHost: a.test\r\n" + websocket + "\r\n")
	oc := o.accept()
	if m := oc.head(); m.names("Upgrade") {
		t.Errorf("O got %q", m.fields)
	}
	oc.send(ok("x"))
	c.wants(200)
}

// A proxy that lets h2c through hands over a connection on which it sees nothing any more.
func TestRow33UpgradeToH2C(t *testing.T) {
	t.Parallel()
	for _, lines := range []string{
		"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
		"Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
		"Connection: HTTP2-Settings\r\nConnection: Upgrade\r\nUpgrade: H2C\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
		"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: upgrade, http2-settings\r\n",
		"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: foo, h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
		"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: websocket\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
		"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c,websocket\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
		"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: \"h2c\"\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
		"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c/1\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
		"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
	} {
		t.Run(lines, func(t *testing.T) {
			t.Parallel()
			deviates(t, "strips it only if told")
			o := newOrigin(t)
			b := start(t, setup{}, o)
			c := b.dial()
			c.send(get(lines) + smuggled[:0])
			oc := o.accept()
			m := oc.head()
			if strings.Contains(strings.ToLower(m.value("Upgrade")), "h2") || m.names("HTTP2-Settings") || strings.Contains(strings.ToLower(m.value("Connection")), "http2") {
				t.Errorf("O got %q", m.fields)
			}
			oc.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
			c.wants(502)
			oc.over()
			b.unseen(o)
		})
	}
}

// RFC 9110 §9.3.6: a reverse proxy is nobody's tunnel.
func TestRow34Connect(t *testing.T) {
	t.Parallel()
	for _, send := range []string{
		"CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n",
		"CONNECT a.test:80 HTTP/1.1\r\nHost: a.test:80\r\n\r\n\x16\x03\x01\x00\x00",
		"CONNECT a.test:80 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello",
		"CONNECT [::1]:80 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
	} {
		t.Run(send, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			b := start(t, setup{}, o)
			c := b.dial()
			c.send(send)
			c.wants(405, 501)
			b.unseen(o)
		})
	}
	refused(t, setup{}, []int{400, 405, 501}, laxer("refuses by method and does not close",
		one("path", "CONNECT / HTTP/1.1\r\nHost: a.test\r\n\r\n"),
		one("absolute", "CONNECT http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"),
		one("1.0", "CONNECT a.test:80 HTTP/1.0\r\n\r\n"),
	)...)
}

// RFC 9110 §7.6.2, §9.3.7, §9.3.8.
func TestRow35TraceAndMaxForwards(t *testing.T) {
	t.Parallel()
	deviates(t, "does not know Max-Forwards")
	for _, method := range []string{"TRACE", "OPTIONS"} {
		t.Run(method+" 0", func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			b := start(t, setup{}, o)
			c := b.dial()
			c.send(method + " /x HTTP/1.1\r\nHost: a.test\r\nMax-Forwards: 0\r\nCookie: secret=1\r\nAuthorization: secret\r\n\r\n")
			m := c.wants(200, 204, 405, 501)
			if strings.Contains(m.body, "secret") {
				t.Errorf("client got %q", m.body)
			}
			b.unseen(o)
		})
		for _, n := range []int{1, 5, 100} {
			t.Run(fmt.Sprint(method, " ", n), func(t *testing.T) {
				t.Parallel()
				o := newOrigin(t)
				b := start(t, setup{}, o)
				c := b.dial()
				o.serve(func(m message) string {
					if got := m.value("Max-Forwards"); m.target() == "/x" && got != fmt.Sprint(n-1) {
						t.Errorf("O got Max-Forwards %q, expected %d", got, n-1)
					}
					return echo(m)
				})
				c.send(fmt.Sprintf("%s /x HTTP/1.1\r\nHost: a.test\r\nMax-Forwards: %d\r\n\r\n", method, n))
				if method == "OPTIONS" {
					c.wants(200)
				} else {
					c.wants(200, 405, 501)
				}
			})
		}
		for _, v := range []string{"-1", "x", "", "99999999999999999999", "1, 0"} {
			t.Run(method+" malformed "+v, func(t *testing.T) {
				t.Parallel()
				o := newOrigin(t)
				o.serve(func(m message) string {
					if m.target() == "/x" {
						t.Errorf("O got %q", m.fields)
					}
					return echo(m)
				})
				c := start(t, setup{}, o).dial()
				c.send(method + " /x HTTP/1.1\r\nHost: a.test\r\nMax-Forwards: " + v + "\r\n\r\n")
				c.wants(400, 405, 501)
			})
		}
	}
	t.Run("GET", func(t *testing.T) { // RFC 9110 §7.6.2: of no meaning with other methods
		t.Parallel()
		o := newOrigin(t)
		o.serve(echo)
		c := start(t, setup{}, o).dial()
		c.send(get("Max-Forwards: 0\r\n"))
		c.wants(200)
	})
}

// RFC 9110 §9.3.7.
func TestRow36OptionsAsterisk(t *testing.T) {
	t.Parallel()
	for _, send := range []string{"OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n", "OPTIONS http://a.test HTTP/1.1\r\nHost: a.test\r\n\r\n"} { // RFC 9112 §3.2.4
		t.Run(send, func(t *testing.T) {
			t.Parallel()
			if strings.Contains(send, "http:") {
				deviates(t, "passes the absolute form on")
			}
			o := newOrigin(t)
			o.serve(func(m message) string {
				if m.start != "OPTIONS * HTTP/1.1" || m.value("Host") != "a.test" {
					t.Errorf("O got %q and %q", m.start, m.fields)
				}
				return "HTTP/1.1 204 No Content\r\nAllow: GET, OPTIONS\r\n\r\n"
			})
			c := start(t, setup{}, o).dial()
			c.send(send)
			c.wants(200, 204)
			c.send(send)
			c.wants(200, 204)
		})
	}
}
