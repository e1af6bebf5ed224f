package fakebackends

import (
	"context"
	"net"
	"strconv"
)

// port is an address to listen on, again and again: a crashed backend comes back where it was.
type port struct {
	address string
	hold    hold
}

// reserve takes a port of host; 0: any that is free.
func reserve(ctx context.Context, host string, number int) (*port, error) {
	address, h, err := holdPort(ctx, net.JoinHostPort(host, strconv.Itoa(number)))
	if err != nil {
		return nil, err
	}
	return &port{address, h}, nil
}

func (p *port) listen(ctx context.Context) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, "tcp", p.address)
}

func (p *port) release() { p.hold.release() }
