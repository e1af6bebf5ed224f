package behaviours_test

import (
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// socket returns a path for a Unix socket; those of t.TempDir are too long.
func socket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lbctl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "sock")
}

func TestUnixSocketBackend(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("unix", socket(t))
	if err != nil {
		t.Fatal(err)
	}
	o := listen(t, ln, "unix")
	b := start(t, setup{}, o)
	c, oc := pooled(t, b, o)
	c.send(post("Content-Length: 5\r\n", "hello"))
	if m := oc.request(); m.body != "hello" {
		t.Fatalf("O got %q", m.body)
	}
	oc.send(ok("x"))
	c.wants(200)
	_ = oc.Close()
	b.unseen(o)
}

func TestUnixSocketListener(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	c := start(t, setup{listener: fmt.Sprintf("address: %q", "unix:"+socket(t))}, o).dial()
	for range 2 {
		c.send(post("Content-Length: 5\r\nX-Forwarded-For: 6.6.6.6\r\n", "hello"))
		oc := o.accept()
		if m := oc.request(); m.body != "hello" || strings.Contains(m.value("X-Forwarded-For"), "6.6.6.6") {
			t.Fatalf("O got %q and %q", m.fields, m.body)
		}
		oc.send(lastly("x"))
		c.wants(200)
		_ = oc.Close()
	}
}

func TestIPv6Listener(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	c := start(t, setup{listener: `address: "[::1]:0"`}, o).dial()
	c.send(get(""))
	oc := o.accept()
	m := oc.request()
	if m.value("X-Forwarded-For") != "::1" {
		t.Errorf("O got %q", m.fields)
	}
	if f := m.value("Forwarded"); f != "" && !strings.Contains(f, `for="[::1]"`) { // RFC 7239 §6
		t.Errorf("O got Forwarded %q", f)
	}
	oc.send(ok("x"))
	c.wants(200)
}

// proxyV2 is a header of version 2 of the PROXY protocol, with its address block.
func proxyV2(command, family byte, block []byte) string {
	head := append([]byte("\r\n\r\n\x00\r\nQUIT\n"), command, family)
	return string(append(binary.BigEndian.AppendUint16(head, uint16(len(block))), block...))
}

func addresses(from, to string) []byte {
	f, t := netip.MustParseAddrPort(from), netip.MustParseAddrPort(to)
	block := append(f.Addr().AsSlice(), t.Addr().AsSlice()...)
	block = binary.BigEndian.AppendUint16(block, f.Port())
	return binary.BigEndian.AppendUint16(block, t.Port())
}

func TestProxyProtocol(t *testing.T) {
	t.Parallel()
	trusting := setup{listener: "proxy_protocol: {trusted: [127.0.0.0/8], header_timeout: 2s}"}
	v4 := addresses("6.7.8.9:1000", "10.0.0.1:80")
	v6 := addresses("[2001:db8::1]:1000", "[2001:db8::2]:80")
	for _, tt := range []struct{ name, header, client string }{
		{"v1 TCP4", "PROXY TCP4 6.7.8.9 10.0.0.1 1000 80\r\n", "6.7.8.9"},
		{"v1 TCP6", "PROXY TCP6 2001:db8::1 2001:db8::2 1000 80\r\n", "2001:db8::1"},
		{"v1 UNKNOWN", "PROXY UNKNOWN\r\n", "127.0.0.1"},
		{"v2 TCP4", proxyV2(0x21, 0x11, v4), "6.7.8.9"},
		{"v2 TCP6", proxyV2(0x21, 0x21, v6), "2001:db8::1"},
		{"v2 LOCAL", proxyV2(0x20, 0x00, nil), "127.0.0.1"},
		{"v2 LOCAL with an address", proxyV2(0x20, 0x11, v4), "127.0.0.1"},
		{"v2 with TLVs", proxyV2(0x21, 0x11, append(append([]byte{}, v4...), 0x04, 0x00, 0x03, 0, 0, 0)), "6.7.8.9"},
	} {
		for _, glued := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s glued %v", tt.name, glued), func(t *testing.T) {
				t.Parallel()
				o := newOrigin(t)
				c := start(t, trusting, o).dial()
				if glued {
					c.send(tt.header + get("") + get(""))
				} else {
					c.send(tt.header[:5], tt.header[5:], get(""), get(""))
				}
				oc := o.accept()
				for range 2 {
					if m := oc.request(); m.value("X-Forwarded-For") != tt.client {
						t.Fatalf("O got %q, expected X-Forwarded-For: %s", m.fields, tt.client)
					}
					oc.send(ok("x"))
					c.wants(200)
				}
			})
		}
	}
	for _, tt := range []struct{ name, send string }{
		{"nothing", ""},
		{"none", get("")},
		{"v1 junk", "PROXY TCP4 6.7.8.9\r\n" + get("")},
		{"v1 no such family", "PROXY TCP5 6.7.8.9 10.0.0.1 1000 80\r\n" + get("")},
		{"v1 bad address", "PROXY TCP4 6.7.8.999 10.0.0.1 1000 80\r\n" + get("")},
		{"v1 bad port", "PROXY TCP4 6.7.8.9 10.0.0.1 100000 80\r\n" + get("")},
		{"v1 without end", "PROXY TCP4 " + strings.Repeat("6", 200)},
		{"v1 bare LF", "PROXY TCP4 6.7.8.9 10.0.0.1 1000 80\n" + get("")},
		{"v1 half", "PROXY TCP4 6.7.8.9"},
		{"v2 half", proxyV2(0x21, 0x11, v4)[:20]},
		{"v2 short block", proxyV2(0x21, 0x11, v4[:4]) + get("")},
		{"v2 version 3", proxyV2(0x31, 0x11, v4) + get("")},
		{"v2 command 5", proxyV2(0x25, 0x11, v4) + get("")},
		{"v2 block of 64 KB", proxyV2(0x21, 0x11, make([]byte, 65535)) + get("")},
	} {
		t.Run("garbage: "+tt.name, func(t *testing.T) {
			t.Parallel()
			switch tt.name {
			case "v1 bad port", "v1 bad address", "v2 block of 64 KB", "nothing", "v1 half", "v2 half", "v1 bare LF", "v2 short block":
				deviates(t, "is laxer, or waits longer")
			}
			o := newOrigin(t)
			b := start(t, trusting, o)
			c := b.dial()
			c.offer(tt.send)
			if got, _ := c.rest(); got != "" && !strings.HasPrefix(got, "HTTP/1.1 400 ") {
				t.Fatalf("client got %s, expected a close", short(got))
			}
			o.untouched()
		})
	}
	t.Run("before TLS", func(t *testing.T) {
		t.Parallel()
		a := newAuthority(t)
		_, certFile, keyFile := a.leaf(time.Time{}, "a.test")
		o := newOrigin(t)
		b := start(t, setup{listener: trusting.listener + ", " + httpsListener(certFile, keyFile)}, o)
		c := b.dial()
		c.send(proxyV2(0x21, 0x11, v4))
		c.Conn = tls.Client(c.Conn, &tls.Config{RootCAs: a.pool(), ServerName: "a.test"})
		c.send(get(""))
		oc := o.accept()
		if m := oc.request(); m.value("X-Forwarded-For") != "6.7.8.9" {
			t.Errorf("O got %q", m.fields)
		}
		oc.send(ok("x"))
		c.wants(200)
	})
	t.Run("untrusted peer", func(t *testing.T) {
		t.Parallel()
		s := setup{listener: "proxy_protocol: {trusted: [10.0.0.0/8]}"}
		refused(t, s, badRequest, one("v1", "PROXY TCP4 6.7.8.9 10.0.0.1 1000 80\r\n"+get("")), one("v2", proxyV2(0x21, 0x11, v4)+get("")))
		o := newOrigin(t)
		b := start(t, s, o)
		c := b.dial()
		c.send(get(""))
		oc := o.accept()
		if m := oc.request(); m.value("X-Forwarded-For") != "127.0.0.1" {
			t.Errorf("O got %q", m.fields)
		}
		oc.send(ok("x"))
		c.wants(200)
	})
	t.Run("off", func(t *testing.T) {
		t.Parallel()
		refused(t, setup{}, badRequest, one("v1", "PROXY TCP4 6.7.8.9 10.0.0.1 1000 80\r\n"+get("")))
	})
}
