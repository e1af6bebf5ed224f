package behaviours_test

import (
	"net"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/proxy"
	"github.com/lbctl/lbctl/proxy/metrics"
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

func (p lbctlPeer) outcomes() (o outcomes, known bool) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(p.Metrics().Collector(func() metrics.Gauges { return metrics.Gauges{} }))
	families, err := registry.Gather()
	if err != nil {
		panic(err) // pedantic: the collector contradicts itself
	}
	for _, f := range families {
		if f.GetName() != "lbctl_attempts_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, label := range m.GetLabel() {
				if label.GetName() == "verdict" {
					o.add(label.GetValue(), int(m.GetCounter().GetValue()))
				}
			}
		}
	}
	for _, pool := range p.Status().Pools {
		for _, b := range pool.Backends {
			o.inFlight += b.InFlight
			o.busy += b.OpenConnections - b.IdleConnections
		}
	}
	return o, true
}

func (o *outcomes) add(verdict string, n int) {
	switch verdict {
	case "success":
		o.success += n
	case "canceled":
		o.canceled += n
	default:
		o.failed += n
	}
}
