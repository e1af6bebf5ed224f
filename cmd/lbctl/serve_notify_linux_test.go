package main

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"testing"
)

// TestNotifyAnAbstractSocket is for service managers whose socket has no file (unix(7)).
func TestNotifyAnAbstractSocket(t *testing.T) {
	name := fmt.Sprintf("@lbctl-test-%d", os.Getpid())
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	check(t, err)
	defer c.Close()
	notifier{name, slog.New(slog.DiscardHandler)}.ready()
	buf := make([]byte, 100)
	n, err := c.Read(buf)
	check(t, err)
	if got := string(buf[:n]); got != "READY=1" {
		t.Errorf("got %q", got)
	}
}

func TestMonotonicMicrosRise(t *testing.T) {
	if a, b := monotonicMicros(), monotonicMicros(); a <= 0 || b < a {
		t.Errorf("got %d, then %d", a, b)
	}
}
