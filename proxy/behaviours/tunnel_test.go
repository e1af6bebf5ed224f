package behaviours_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// tunnel opens one, and returns both ends.
func tunnel(t *testing.T, s setup) (b *testbed, o *origin, c, oc *conn) {
	t.Helper()
	o = newOrigin(t)
	b = start(t, s, o)
	c = b.dial()
	c.send(get(websocket))
	oc = o.accept()
	oc.head()
	oc.send(switching)
	if m := c.head(); m.status() != 101 {
		t.Fatalf("client got %q", m.start)
	}
	return b, o, c, oc
}

func TestTunnelIdleLimit(t *testing.T) {
	t.Parallel()
	b, o, c, oc := tunnel(t, setup{
		limits: "tunnel_idle_timeout: 2s, body_timeout: 1s, idle_timeout: 1s, request_timeout: 1h", connections: "response_timeout: 1s, read_timeout: 1s",
	})
	for range 3 { // for longer than any limit, and never idle for long
		oc.silentFor(500 * time.Millisecond)
		c.send("ping")
		oc.expect("ping")
		c.silentFor(500 * time.Millisecond)
		oc.send("pong")
		c.expect("pong")
	}
	c.over()
	oc.over()
	b.unseen(o)
}

func TestTunnelTooMuchForOneSide(t *testing.T) {
	t.Parallel()
	_, _, c, oc := tunnel(t, setup{limits: "write_timeout: 500ms, tunnel_idle_timeout: 500ms"})
	var written atomic.Int64
	flood(oc, 256<<20, &written)
	if n := written.Load(); n > inSockets {
		t.Errorf("O could write %d bytes to a client that reads none, expected at most %d", n, inSockets)
	}
	_ = c.Close()
}

func TestTunnelEndsWithReset(t *testing.T) {
	t.Parallel()
	t.Run("client", func(t *testing.T) {
		t.Parallel()
		_, _, c, oc := tunnel(t, setup{})
		c.reset()
		oc.overWithin(gone)
	})
	t.Run("O", func(t *testing.T) {
		t.Parallel()
		_, _, c, oc := tunnel(t, setup{})
		oc.reset()
		c.overWithin(gone)
	})
}

func TestTunnelCarriesMuch(t *testing.T) {
	t.Parallel()
	_, _, c, oc := tunnel(t, setup{})
	block := strings.Repeat("0123456789abcdef", 1<<16) // 1 MiB
	const blocks = 10
	done := make(chan error, 2)
	for _, from := range []*conn{c, oc} {
		go func() {
			var err error
			for i := 0; i < blocks && err == nil; i++ {
				err = from.write(block)
			}
			done <- err
		}()
	}
	for i := range blocks { // in turn, so that both directions are under way at once
		for _, to := range []*conn{c, oc} {
			got, err := to.readN(len(block))
			if err != nil || got != block {
				t.Fatalf("%s: block %d of %d bytes is another, or none: %v", to.who, i, len(got), err)
			}
		}
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}
