package probe

import (
	"context"
	"io"
	"net"
	"time"
)

// TCP returns a prober that opens a connection and closes it. If the target has TLS it makes a
// session: a bare connection would show in the backend's log as a failed handshake, and
// say nothing of the certificate. On a Unix socket it does the same.
func TCP() Prober { return tcpProber{} }

type tcpProber struct{}

func (tcpProber) Probe(ctx context.Context, t Target) error {
	conn, err := t.dial(ctx)
	if err != nil {
		return err
	}
	part(ctx, conn)
	return nil
}

// Limits of part.
const (
	partingTime  = 100 * time.Millisecond
	partingBytes = 4 << 10
)

// part closes conn in two steps, so that a backend that speaks first (a banner, session tickets) is not
// answered by a reset: to close a socket that holds unread bytes resets the connection. The
// verdict is known by then, so this is short and its errors mean nothing.
func part(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	until := time.Now().Add(partingTime)
	if limit, ok := ctx.Deadline(); ok && limit.Before(until) {
		until = limit
	}
	conn.SetDeadline(until)
	if half, ok := conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		io.Copy(io.Discard, io.LimitReader(conn, partingBytes))
	}
}
