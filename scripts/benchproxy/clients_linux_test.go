package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
)

func TestClientsStayAndAskAgain(t *testing.T) {
	const n = 300
	all, err := connectClients(context.Background(), startTestOrigins(t)[0], n)
	if err != nil {
		t.Fatal(err)
	}
	defer all.close()
	if err := all.ask(context.Background()); err != nil {
		t.Fatal(err)
	}
	all[n/2].Close()
	if err := all.ask(context.Background()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("error %v of a client that has gone", err)
	}
}

func TestClientsAreRefused(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := netip.MustParseAddrPort(l.Addr().String())
	l.Close()
	if all, err := connectClients(context.Background(), closed, 3); err == nil || all != nil {
		t.Errorf("%v, %v", all, err)
	}
	const tooMany = clientsPerAddress*maxIdleAddresses + 1
	if _, err := connectClients(context.Background(), closed, tooMany); err == nil || !strings.Contains(err.Error(), "enough for") {
		t.Errorf("error %v", err)
	}
}

func TestEach(t *testing.T) {
	var done [1000]atomic.Int32
	if err := each(context.Background(), len(done), func(i int) error { done[i].Add(1); return nil }); err != nil {
		t.Fatal(err)
	}
	for i := range done {
		if n := done[i].Load(); n != 1 {
			t.Fatalf("%d was done %d times", i, n)
		}
	}
	broken := errors.New("broken")
	var calls atomic.Int32
	err := each(context.Background(), 1_000_000, func(int) error { calls.Add(1); return broken })
	if !errors.Is(err, broken) || calls.Load() > atOnce {
		t.Errorf("error %v after %d calls", err, calls.Load())
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if err := each(stopped, 1, func(int) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
