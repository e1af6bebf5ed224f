package proxy

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lbctl/lbctl/proxy/metrics"
)

// TestTwoListenersOfOneAddress: the configuration permits it with port 0, and
// with reuse_port.
func TestTwoListenersOfOneAddress(t *testing.T) {
	text := yaml(calm, answering(t, "a").URL)
	s := start(t, strings.Replace(text, "listeners: [", "listeners: [{name: other, address: \"127.0.0.1:0\"}, ", 1))
	for _, name := range []string{"other", "web"} {
		if s.Addr(name) == nil {
			t.Errorf("nobody accepts on listener %s", name)
		}
	}
}

// TestLimitPerClientBehindAProxy: who the client is, the PROXY header says.
func TestLimitPerClientBehindAProxy(t *testing.T) {
	text := limits("connections_per_client: 1", calm, answering(t, "a").URL)
	s := start(t, strings.Replace(text, "address:", "proxy_protocol: {trusted: [127.0.0.1]}, address:", 1))
	for i := 1; i <= 2; i++ {
		c, r := dial(t, s)
		_, _ = fmt.Fprintf(c, "PROXY TCP4 192.0.2.%d 192.0.2.9 1 2\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", i)
		if status, _, err := reply(t, r); status != 200 {
			t.Errorf("client %d: %d, %v", i, status, err)
		}
	}
}

// TestRenamedListenerCounts: metrics go by the name that is in force.
func TestRenamedListenerCounts(t *testing.T) {
	text := yaml(calm, answering(t, "a").URL)
	s := start(t, text)
	if err := s.Reload(mustLoad(t, strings.Replace(text, "name: web", "name: edge", 1))); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", s.Addr("edge").String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if status, _, err := reply(t, bufio.NewReader(c)); status != 200 {
		t.Fatal(status, err)
	}
	r := prometheus.NewRegistry()
	r.MustRegister(s.Metrics().Collector(func() metrics.Gauges { return metrics.Gauges{} }))
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var counted float64
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, label := range m.GetLabel() {
				if label.GetValue() == "edge" {
					counted += m.GetCounter().GetValue()
				}
			}
		}
	}
	if counted == 0 {
		t.Error("nothing is counted for the listener under its new name")
	}
}
