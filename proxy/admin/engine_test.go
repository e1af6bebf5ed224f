package admin

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/proxy"
	"github.com/lbctl/lbctl/proxy/metrics"
)

// fakeEngine has two pools, of which tests change what they like, and
// remembers its orders.
type fakeEngine struct {
	conf   *serve.Config
	status proxy.Status
	set    *metrics.Set
	picks  int
	orders []string
}

func newEngine(t *testing.T) *fakeEngine {
	conf, err := serve.Load("lbctl.yaml", []byte(`{listeners: [{address: ":8080"}], routes: [{pool: web}, {path_prefix: /api, pool: api}],
		pools: [{name: web, backends: ["http://10.0.0.1:80", "http://10.0.0.2:80"]}, {name: api, backends: ["http://10.0.0.3:80"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	backend := func(address string, weight float64) proxy.BackendStatus {
		return proxy.BackendStatus{
			Name: address, URL: "http://" + address, Health: "healthy", Since: time.Unix(1_700_000_000, 0).UTC(), Eligible: true,
			Weight: weight, EffectiveWeight: weight, InFlight: 2, OpenConnections: 5, IdleConnections: 3,
		}
	}
	return &fakeEngine{conf: conf, set: metrics.NewSet(), picks: 20, status: proxy.Status{Pools: []proxy.PoolStatus{
		{Name: "api", Policy: "p2c", Eligible: 1, Backends: []proxy.BackendStatus{backend("10.0.0.3:80", 1)}},
		{Name: "web", Policy: "p2c", Eligible: 2, Backends: []proxy.BackendStatus{backend("10.0.0.1:80", 1), backend("10.0.0.2:80", 2)}},
	}}}
}

func (f *fakeEngine) Config() *serve.Config { return f.conf }
func (f *fakeEngine) Status() proxy.Status  { return f.status }
func (f *fakeEngine) Metrics() *metrics.Set { return f.set }

func (f *fakeEngine) Explain(pool string) (picks []proxy.Explanation, err error) {
	if pool == "none" {
		return nil, &proxy.UnknownError{What: "pool", Name: pool, Nearest: "one"}
	}
	for i := range f.picks {
		picks = append(picks, proxy.Explanation{
			At: time.Unix(1_700_000_000-int64(i), 5e6), Request: uint64(100 - i), Pool: pool, Backend: "10.0.0.1:80",
			Policy: "p2c", Rule: "fewer in flight", Text: "policy p2c, snapshot 1\n  → 10.0.0.1:80: fewer in flight\n",
		})
	}
	return picks, nil
}

func (f *fakeEngine) Drain(pool, backend string, on bool) error {
	return f.order(pool, backend, fmt.Sprintf("drain %t", on), func(b *proxy.BackendStatus) { b.Draining = on })
}

func (f *fakeEngine) SetWeight(pool, backend string, w float64) error {
	return f.order(pool, backend, fmt.Sprintf("weight %g", w), func(b *proxy.BackendStatus) { b.Weight = w })
}

func (f *fakeEngine) order(pool, backend, what string, do func(*proxy.BackendStatus)) error {
	if backend == "broken" {
		return errors.New("something is wrong")
	}
	for _, p := range f.status.Pools {
		for i := range p.Backends {
			if b := &p.Backends[i]; p.Name == pool && b.Name == backend {
				f.orders = append(f.orders, what+" "+pool+" "+backend)
				do(b)
				return nil
			}
		}
	}
	return &proxy.UnknownError{What: "backend", Name: backend, Nearest: "10.0.0.1:80"}
}
