package behaviours_test

import (
	"crypto/tls"
	"fmt"
	"strings"
	"testing"
	"time"
)

// dialTLS connects a client that speaks TLS.
func (b *testbed) dialTLS(cfg *tls.Config) *conn {
	b.t.Helper()
	c := b.dial()
	secured := tls.Client(c.Conn, cfg)
	_ = secured.SetDeadline(time.Now().Add(patience))
	if err := secured.Handshake(); err != nil {
		b.t.Fatal(err)
	}
	c.Conn = secured
	return c
}

func httpsListener(certFile, keyFile string) string {
	return fmt.Sprintf("tls: {certificates: [{cert: %q, key: %q}]}", certFile, keyFile)
}

func TestHTTPSListener(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	_, certFile, keyFile := a.leaf(time.Time{}, "a.test")
	s := setup{listener: httpsListener(certFile, keyFile), limits: "header_timeout: 2s"}
	client := &tls.Config{RootCAs: a.pool(), ServerName: "a.test", NextProtos: []string{"h2", "http/1.1"}}
	t.Run("requests", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		c := start(t, s, o).dialTLS(client)
		c.send(get("X-Forwarded-Proto: http\r\n") + post("Content-Length: 5\r\n", "hello")) // in one record
		oc := o.accept()
		m := oc.request()
		if got := m.value("X-Forwarded-Proto"); got != "https" && (*peer != "haproxy" || got != "") {
			t.Errorf("O got %q", m.fields)
		}
		oc.send(ok("x"))
		c.wants(200)
		if m := oc.request(); m.body != "hello" {
			t.Fatalf("O got %q", m.body)
		}
		oc.send(ok("y"))
		c.wants(200)
		body := large()
		sent := make(chan error, 1)
		go func() { sent <- c.write(post("Content-Length: 10000000\r\n", body)) }()
		if m := oc.request(); m.body != body || <-sent != nil {
			t.Fatalf("O got %d bytes", len(m.body))
		}
		go func() { sent <- oc.write(ok(body)) }()
		if m := c.wants(200); m.body != body || <-sent != nil {
			t.Fatalf("client got %d bytes", len(m.body))
		}
	})
	t.Run("byte by byte", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		o.serve(echo)
		c := start(t, s, o).dialTLS(client)
		for _, b := range []byte(get("") + post("Content-Length: 5\r\n", "hello")) {
			c.send(string(b))
		}
		c.wants(200)
		if m := c.wants(200); m.body != "POST / hello" {
			t.Fatalf("client got %q", m.body)
		}
	})
	t.Run("tunnel", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		c := start(t, s, o).dialTLS(client)
		c.send(get(websocket) + "client first")
		oc := o.accept()
		oc.head()
		oc.send(switching + "O first")
		if m := c.head(); m.status() != 101 {
			t.Fatalf("client got %q", m.start)
		}
		c.expect("O first")
		oc.expect("client first")
		c.closeWrite() // close_notify
		oc.over()
		oc.send("last words")
		c.expect("last words")
		_ = oc.Close()
		c.over()
	})
	t.Run("client goes away", func(t *testing.T) {
		t.Parallel()
		deviates(t, "waits for the answer, unless told option abortonclose")
		o := newOrigin(t)
		b := start(t, s, o)
		c := b.dialTLS(client)
		c.send(get(""))
		oc := o.accept()
		oc.request()
		_ = c.Close()
		oc.overWithin(gone)
	})
	for name, part := range map[string]string{"nothing": "", "half a hello": "\x16\x03\x01\x02\x00\x01\x00", "plain HTTP": get(""), "junk": "\x16\x03\x01\xff\xff" + strings.Repeat("\x00", 100)} {
		t.Run("no handshake: "+name, func(t *testing.T) {
			t.Parallel()
			if name == "nothing" || name == "half a hello" {
				deviates(t, "waits for timeout client")
			}
			o := newOrigin(t)
			b := start(t, s, o)
			c := b.dial()
			c.offer(part)
			if got, _ := c.rest(); strings.Contains(got, " 200 ") {
				t.Fatalf("client got %s", short(got))
			}
			o.untouched()
		})
	}
	t.Run("TLS 1.1", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		c := start(t, s, o).dial()
		_ = c.SetDeadline(time.Now().Add(patience))
		if err := tls.Client(c.Conn, &tls.Config{RootCAs: a.pool(), ServerName: "a.test", MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}).Handshake(); err == nil {
			t.Error("the handshake was taken")
		}
	})
	t.Run("certificate by name", func(t *testing.T) {
		t.Parallel()
		deviates(t, "is set up with the first certificate alone")
		_, certB, keyB := a.leaf(time.Time{}, "b.test")
		o := newOrigin(t)
		o.serve(echo)
		b := start(t, setup{listener: fmt.Sprintf("tls: {certificates: [{cert: %q, key: %q}, {cert: %q, key: %q}]}", certFile, keyFile, certB, keyB)}, o)
		for _, name := range []string{"a.test", "b.test"} {
			c := b.dialTLS(&tls.Config{RootCAs: a.pool(), ServerName: name})
			c.send(get(""))
			c.wants(200)
		}
	})
}

func TestHTTPSBackend(t *testing.T) {
	t.Parallel()
	deviates(t, "passes these when nothing else runs, and else now and then sends a record that crypto/tls refuses")
	a, stranger := newAuthority(t), newAuthority(t)
	good, _, _ := a.leaf(time.Time{}, "127.0.0.1", "o.test")
	other, _, _ := a.leaf(time.Time{}, "other.test")
	expired, _, _ := a.leaf(time.Now().Add(-time.Minute), "127.0.0.1")
	unknown, _, _ := stranger.leaf(time.Time{}, "127.0.0.1")
	for _, tt := range []struct {
		name string
		cert tls.Certificate
		tls  string
		ok   bool
	}{
		{"good", good, "", true},
		{"name given", good, "server_name: o.test", true},
		{"another name", other, "", false},
		{"another name, given", other, "server_name: other.test", true},
		{"another name given", good, "server_name: third.test", false},
		{"expired", expired, "", false},
		{"unknown authority", unknown, "", false},
		{"not verified", unknown, "insecure_skip_verify: true", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newTLSOrigin(t, &tls.Config{Certificates: []tls.Certificate{tt.cert}})
			keys := fmt.Sprintf("ca_file: %q", a.file)
			if tt.tls != "" {
				keys += ", " + tt.tls
			}
			o.serve(func(m message) string {
				if !tt.ok {
					t.Errorf("O got %q, before it was verified", m.start)
				}
				return echo(m)
			})
			b := start(t, setup{pool: "tls: {" + keys + "}"}, o)
			for range 2 {
				c := b.dial()
				c.send(post("Content-Length: 5\r\n", "hello"))
				if !tt.ok {
					c.wants(502, 503)
					continue
				}
				if m := c.wants(200); m.body != "POST / hello" {
					t.Fatalf("client got %q", m.body)
				}
				c.send(get(""))
				c.wants(200)
			}
		})
	}
	t.Run("stale connection", func(t *testing.T) {
		t.Parallel()
		deviates(t, "may not have noticed")
		o := newTLSOrigin(t, &tls.Config{Certificates: []tls.Certificate{good}})
		b := start(t, setup{pool: fmt.Sprintf("tls: {ca_file: %q}", a.file)}, o)
		c, oc := pooled(t, b, o)
		_ = oc.Close() // close_notify and FIN
		c.send(post("Content-Length: 5\r\n", "hello"))
		oc = o.accept()
		oc.request()
		oc.send(ok("x"))
		c.wants(200)
	})
	t.Run("no TLS", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		o.scheme = "https"
		b := start(t, setup{pool: fmt.Sprintf("tls: {ca_file: %q}", a.file), connections: "connect_timeout: 500ms"}, o)
		c := b.dial()
		c.send(get(""))
		c.wants(502, 503, 504)
	})
	t.Run("body cut short", func(t *testing.T) { // without close_notify, a FIN ends nothing
		t.Parallel()
		o := newTLSOrigin(t, &tls.Config{Certificates: []tls.Certificate{good}})
		b := start(t, setup{pool: fmt.Sprintf("tls: {ca_file: %q}", a.file)}, o)
		c := b.dial()
		c.send(get(""))
		oc := o.accept()
		oc.request()
		oc.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
		c.head()
		c.expect("hello")
		_ = oc.Conn.(*tls.Conn).NetConn().Close()
		c.over()
	})
}
