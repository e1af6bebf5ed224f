package probe

import (
	"errors"
	"io"
	"net"
	"testing"
)

// TestPartDoesNotReset: a backend that has spoken first sees an orderly end, not a reset.
func TestPartDoesNotReset(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	backend, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	if _, err := io.WriteString(backend, "220 mail.example ESMTP\r\n"); err != nil {
		t.Fatal(err)
	}
	part(t.Context(), conn)
	if _, err := backend.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the backend saw %v, want EOF", err)
	}
	if err := conn.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the connection was left open: %v", err)
	}
}
