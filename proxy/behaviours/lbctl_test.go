package behaviours_test

import (
	"net"
	"testing"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/proxy"
)

// lbctlPeer is package proxy in this process.
type lbctlPeer struct{ *proxy.Server }

func startLbctl(t *testing.T, cfg *serve.Config) running {
	t.Helper()
	s, err := proxy.New(cfg, proxy.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return lbctlPeer{s}
}

func (p lbctlPeer) addr(listener string) net.Addr { return p.Addr(listener) }

func (p lbctlPeer) outcomes(*testing.T) (o outcomes, known bool) { return outcomes{}, false }
