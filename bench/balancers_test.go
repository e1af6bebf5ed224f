package bench

import (
	"testing"
	"time"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/fakebackends"
)

// TestBalancerConfig: a live balancer is the scenario's pool and does nothing that a simulated one would not.
func TestBalancerConfig(t *testing.T) {
	sc := scenarioOf(t, `duration: 10s
balancers: {count: 2}
arrivals: {poisson: {rate_rps: 50}}
backends: [{name: a, weight: 3}, {name: b}]
pool: {policy: prequal, health: {interval: 700ms}}
`)
	at := []fakebackends.Address{{Name: "a", URL: "http://127.0.0.1:1001"}, {Name: "b", URL: "http://127.0.0.1:1002"}}
	conf, err := balancerConfig(sc, 1, at, 3*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	p := &conf.Pools[0]
	if p.Pool.Policy.Use != "prequal" || p.Pool.Health.Interval != 700*time.Millisecond {
		t.Errorf("the pool is another one: %+v", p.Pool)
	}
	if a := p.Backends[0]; a.Name != "a" || a.Weight != 3 || a.URL.Address() != "127.0.0.1:1001" {
		t.Errorf("backend %+v", a)
	}
	if p.Probe.Path != "/healthz?balancer=1" || p.LoadPath != "/load?balancer=1" {
		t.Errorf("probes %s and %s do not say who asks", p.Probe.Path, p.LoadPath)
	}
	if p.Key != (serve.Key{Kind: serve.KeyHeader, Name: keyHeader}) {
		t.Errorf("hashes %v", p.Key)
	}
	if c := p.Connections; c.ConnectAttempts != 1 || c.ResponseTimeout != 3*time.Second {
		t.Errorf("connections %+v", c)
	}
	if !conf.Admin.Address.Off() || conf.AccessLog.Path != "" || len(conf.Listeners[0].TrustedProxies) != 1 {
		t.Errorf("admin %v, access log %q, trusted %v", conf.Admin.Address, conf.AccessLog.Path, conf.Listeners[0].TrustedProxies)
	}
	if conf, err = balancerConfig(sc, 0, at, 0); err != nil || conf.Pools[0].Connections.ResponseTimeout != longestTimeout {
		t.Errorf("without a deadline: %v, %v", conf.Pools[0].Connections.ResponseTimeout, err)
	}
}
