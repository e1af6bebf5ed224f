package probe_test

import (
	"context"
	"crypto/tls"
	"errors"
	"testing"

	"github.com/lbctl/lbctl/proxy/probe"
)

func TestTCP(t *testing.T) {
	check(t, probe.TCP().Probe(within(t, generous), target4(listen(t, "tcp", "127.0.0.1:0"))), "")
	check(t, probe.TCP().Probe(within(t, generous), refusing(t)), "no connection: dial tcp")
	unix := listen(t, "unix", t.TempDir()+"/s")
	check(t, probe.TCP().Probe(within(t, generous), probe.Target{Network: "unix", Address: unix.Addr().String()}), "")
}

func TestTCPWithTLS(t *testing.T) {
	s := serveTLS(t, nil)
	check(t, probe.TCP().Probe(within(t, generous), target(s)), "")
	strange := target(s)
	strange.TLS = &tls.Config{}
	check(t, probe.TCP().Probe(within(t, generous), strange), "no TLS session: ")
	plain := script(t, "no")
	plain.TLS = &tls.Config{}
	check(t, probe.TCP().Probe(within(t, generous), plain), "no TLS session: ")
}

func TestTCPNoHandshakeInTime(t *testing.T) {
	to, ctx := silent(t)
	to.TLS = &tls.Config{}
	err := probe.TCP().Probe(ctx, to)
	if err == nil || err.Error() != "no TLS session in time" || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
