package bench

import (
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/fakebackends"
	"github.com/lbctl/lbctl/lb/rng"
	"github.com/lbctl/lbctl/proxy"
	"github.com/lbctl/lbctl/scenarios"
)

// listener is the name of the only listener of a balancer.
const listener = "bench"

// longestTimeout is the longest that a server file can ask for.
const longestTimeout = 24 * time.Hour

// balancers are live proxies before the same backends, each with its own view of them.
type balancers struct{ servers []*proxy.Server }

// startBalancers starts the scenario's balancers. timeout is how long they wait for an answer; 0: they leave it
// to the clients. What they say of their backends' health goes into the journal.
func startBalancers(sc *scenarios.Scenario, seed uint64, backends []fakebackends.Address, timeout time.Duration, j *journal) (*balancers, error) {
	b := &balancers{}
	for i := range sc.Balancers {
		conf, err := balancerConfig(sc, i, backends, timeout)
		if err != nil {
			b.close()
			return nil, err
		}
		own := rng.Mix(seed, uint64(i)) // as sim has it, so that rotations start alike
		s, err := proxy.New(conf, proxy.Options{Seed: own, Phase: uint32(own), Peers: sc.Balancers, Logger: slog.New(&events{j, i})})
		if err == nil {
			b.servers = append(b.servers, s)
			err = s.Start()
		}
		if err != nil {
			b.close()
			return nil, fmt.Errorf("balancer %d: %w", i, err)
		}
	}
	return b, nil
}

// urls returns where the balancers listen.
func (b *balancers) urls() []string {
	var all []string
	for _, s := range b.servers {
		all = append(all, "http://"+s.Addr(listener).String()+"/")
	}
	return all
}

func (b *balancers) close() {
	for _, s := range b.servers {
		_ = s.Close() // nobody is served any more
	}
}

// balancerConfig is the server file of balancer i: the scenario's pool before the given backends, and nothing
// that a simulated balancer would not do.
func balancerConfig(sc *scenarios.Scenario, i int, backends []fakebackends.Address, timeout time.Duration) (*serve.Config, error) {
	var urls []string
	for _, b := range backends {
		urls = append(urls, b.URL)
	}
	who := "?balancer=" + strconv.Itoa(i) // it may be cut off from a backend that others reach
	conf, err := serve.Shorthand("127.0.0.1:0", urls,
		serve.Setting{Path: "listeners[0].name", Value: listener, Origin: "bench"},
		serve.Setting{Path: "admin", Value: "off", Origin: "bench"},
		serve.Setting{Path: "listeners[0].trusted_proxies", Value: []string{"127.0.0.0/8"}, Origin: "bench"},
		serve.Setting{Path: "pools[0].key", Value: "header " + keyHeader, Origin: "bench"},
		serve.Setting{Path: "pools[0].probe.path", Value: fakebackends.HealthPath + who, Origin: "bench"},
		serve.Setting{Path: "pools[0].load_path", Value: fakebackends.LoadPath + who, Origin: "bench"},
	)
	if err != nil {
		return nil, err
	}
	conf.Listeners[0].Limits.Connections = 2 * MaxInFlight
	p := &conf.Pools[0]
	p.Pool = sc.Pool
	for k, b := range sc.Model(sc.Seed).Backends() {
		p.Backends[k].Name, p.Backends[k].Weight = b.Name, b.Weight
	}
	p.Connections.Max, p.Connections.MaxIdle = MaxInFlight, MaxInFlight
	p.Connections.ConnectAttempts = 1 // simulated balancers leave a second try to the client
	if timeout == 0 {
		timeout = longestTimeout
	}
	p.Connections.ResponseTimeout, p.Connections.ReadTimeout = timeout, timeout
	return conf, nil
}
