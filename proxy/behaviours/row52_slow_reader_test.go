package behaviours_test

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// inSockets bounds what the kernel's buffers of two connections hold: up to 4 MiB to be sent and 6 MiB received
// in each (tcp_wmem, tcp_rmem). A proxy that holds back adds next to nothing.
const inSockets = 24 << 20

// flood writes blocks to c, counting, until it fails or all is written.
func flood(c *conn, total int64, written *atomic.Int64) {
	block := strings.Repeat("b", 64<<10)
	for written.Load() < total {
		if c.write(block) != nil {
			return
		}
		written.Add(int64(len(block)))
	}
}

// CVE-2019-9517: asking for much and reading nothing.
func TestRow52SlowReader(t *testing.T) {
	t.Parallel()
	const total = 256 << 20
	for _, tt := range []struct{ name, head string }{
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: 268435456\r\n\r\n"},
		{"until close", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"},
		{"chunked", "HTTP/1.1 200 OK\r\n" + chunked + "\r\n10000000\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			b := start(t, setup{limits: "write_timeout: 1s, body_timeout: 1s"}, o)
			c := b.dial()
			_ = c.Conn.(*net.TCPConn).SetReadBuffer(4096)
			c.send(get(""))
			oc := o.accept()
			oc.request()
			oc.send(tt.head)
			var written atomic.Int64
			flood(oc, total, &written) // until the proxy closes: the client takes nothing for too long
			if n := written.Load(); n > inSockets {
				t.Errorf("O could write %d bytes to a client that reads none, expected at most %d", n, inSockets)
			}
			b.unseen(o)
		})
	}
	t.Run("slow but steady", func(t *testing.T) {
		t.Parallel()
		const total = 12 << 20
		o := newOrigin(t)
		b := start(t, setup{limits: "write_timeout: 3s"}, o)
		c := b.dial()
		_ = c.Conn.(*net.TCPConn).SetReadBuffer(64 << 10)
		c.send(get(""))
		oc := o.accept()
		oc.request()
		oc.send("HTTP/1.1 200 OK\r\nContent-Length: 12582912\r\n\r\n")
		var written atomic.Int64
		go flood(oc, total, &written)
		c.head()
		got := len(c.got)
		p := make([]byte, 256<<10)
		for slow := 0; got < total; slow++ {
			if slow < 90 { // longer in all than write_timeout, while a socket asks for more once a third of it, 1.3 MiB, is free
				time.Sleep(40 * time.Millisecond)
			}
			_ = c.SetReadDeadline(time.Now().Add(patience))
			n, err := c.Read(p)
			got += n
			if err != nil {
				t.Fatalf("client got %d bytes, then %v", got, err)
			}
		}
	})
	t.Run("O does not read", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		b := start(t, setup{limits: "body_timeout: 1s", connections: "response_timeout: 1s"}, o)
		c := b.dial()
		c.send(post("Content-Length: 268435456\r\n", ""))
		oc := o.accept()
		oc.head()
		var written atomic.Int64
		flood(c, total, &written) // until the proxy closes, or halts for longer than patience
		if n := written.Load(); n > inSockets {
			t.Errorf("the client could write %d bytes to an O that reads none, expected at most %d", n, inSockets)
		}
		_ = oc.Close()
		_ = c.Close()
		b.unseen(o)
	})
}
