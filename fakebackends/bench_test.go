package fakebackends

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lbctl/lbctl/lb/stats"
)

// BenchmarkAnswer makes b.N requests over kept connections, each as soon as the last one on its connection was
// answered, to a backend that serves at once. Most of it is the work of the kernel, for both sides.
func BenchmarkAnswer(b *testing.B) {
	for _, conns := range []int{1, 16} {
		b.Run(fmt.Sprintf("conns-%d", conns), func(b *testing.B) {
			f := start(b, strings.Replace(oneYAML, "1ms", "1us", 1), Options{})
			b.ReportAllocs()
			var left atomic.Int64
			left.Store(int64(b.N))
			var wait sync.WaitGroup
			for range conns {
				wait.Go(func() {
					if err := ask(visit(b, f, 0).address(), &left); err != nil {
						b.Error(err)
					}
				})
			}
			wait.Wait()
		})
	}
}

// ask makes requests over one connection as long as any are left.
func ask(address string, left *atomic.Int64) error {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	request := []byte("GET / HTTP/1.1\r\nHost: b\r\nLbctl-Request: 4711\r\n\r\n")
	answer := make([]byte, 4096)
	for left.Add(-1) >= 0 {
		if _, err := c.Write(request); err != nil {
			return err
		}
		if n, err := c.Read(answer); err != nil || !bytes.HasPrefix(answer[:n], []byte("HTTP/1.1 200")) {
			return fmt.Errorf("answered %q: %w", answer[:n], err)
		}
	}
	return nil
}

// BenchmarkLateness says how long after its time an answer goes out, for b.N requests of some milliseconds each.
func BenchmarkLateness(b *testing.B) {
	f := start(b, `
duration: 60s
arrivals: {poisson: {rate_rps: 1}}
classes: [{demand: {exponential: {mean: 5ms}}}]
backends: [{name: b, count: 4, slots: 4}]
`, Options{})
	var left atomic.Int64
	left.Store(int64(b.N))
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			if err := ask(visit(b, f, i%4).address(), &left); err != nil {
				b.Error(err)
			}
		})
	}
	wait.Wait()
	var late stats.Histogram
	for _, s := range f.Stats() {
		late.Add(s.Late)
	}
	b.ReportMetric(late.Quantile(0.5)/1e3, "late-p50-µs")
	b.ReportMetric(late.Quantile(0.99)/1e3, "late-p99-µs")
}
