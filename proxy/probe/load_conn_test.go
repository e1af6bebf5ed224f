package probe

import (
	"net"
	"testing"
	"time"
)

// TestLoadOldConnections: what was not used for long is closed rather than used.
func TestLoadOldConnections(t *testing.T) {
	var conns loadConns
	target := Target{Network: "tcp", Address: "127.0.0.1:1"}
	var raws []net.Conn
	for range 3 {
		near, far := net.Pipe()
		defer far.Close()
		raws = append(raws, near)
		conns.keep(newLoadConn(near, target))
	}
	conns.idle[0].used = time.Now().Add(-2 * keepFor)
	conns.idle[1].used = time.Now().Add(-2 * keepFor)

	if conn := conns.take(target); conn == nil || conn.raw != raws[2] {
		t.Errorf("took %v, want the connection used last", conn)
	}
	if conn := conns.take(target); conn != nil {
		t.Errorf("took %v, want none", conn)
	}
	for _, raw := range raws[:2] {
		if err := raw.SetDeadline(time.Time{}); err == nil {
			t.Error("an old connection is still open")
		}
	}
}
