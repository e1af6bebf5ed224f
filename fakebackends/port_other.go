//go:build !linux

package fakebackends

import (
	"context"
	"net"
)

// hold does nothing here: a port is free while its backend is down, and may be taken.
type hold struct{}

// holdPort finds out which port an address stands for.
func holdPort(ctx context.Context, address string) (string, hold, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return "", hold{}, err
	}
	defer l.Close()
	return l.Addr().String(), hold{}, nil
}

func (hold) release() {}
