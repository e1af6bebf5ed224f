package scenarios

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lbctl/lbctl/measure"
)

const mixed = `
duration: 10s
arrivals: {poisson: {rate_rps: 100}}
clients:
  count: 100
  zipf: 1
  deadline: 3s
  retries: {max: 3, backoff: 100ms, factor: 2, jitter_pct: 50, attempt_timeout: 1s, on: [refused, timed_out]}
classes:
  - {name: small, share_pct: 75, demand: {exponential: {mean: 10ms}}}
  - {name: large, share_pct: 25, demand: {lognormal: {mean: 100ms, sigma: 1}}, deadline: 9s}
balancers: {count: 4, zones: [a, b]}
backends:
  - {name: near, count: 2, zone: a}
  - {name: far, zone: b, latency: 5ms, slots: 3, queue: 7, discipline: ps, speed: 2, weight: 4, on_cancel: drop, degrade: {above_rps: 10, factor: 3}}
  - {name: free}
network: {same_zone: 1ms, cross_zone: {exponential: {mean: 10ms}}}
`

// TestCommonRandomNumbers asks two models for requests in different orders: a request is what it is,
// whoever asks, and whatever was asked before.
func TestCommonRandomNumbers(t *testing.T) {
	s := mustLoad(t, mixed)
	forwards, backwards := s.Model(3), s.Model(3)
	const n = 1000
	var want [n]Request
	for i := range want {
		want[i] = forwards.Request(uint64(i))
		forwards.Draw(DrawError, uint64(i), 1)
		forwards.Balancer(uint64(i))
	}
	for i := n - 1; i >= 0; i-- {
		if got := backwards.Request(uint64(i)); got != want[i] {
			t.Fatalf("request %d: got %+v, want %+v", i, got, want[i])
		}
	}
	if s.Model(4).Request(0) == want[0] {
		t.Error("another seed gave the same request")
	}
}

// TestDemandDoesNotDependOnBackends changes everything but the classes: the luck of demands stays.
func TestDemandDoesNotDependOnBackends(t *testing.T) {
	a := mustLoad(t, mixed).Model(1)
	b := mustLoad(t, mixed, "backends=[{name: x, count: 50, speed: 3}]", "balancers=9", "clients.count=7", "arrivals={constant: {rate_rps: 7}}").Model(1)
	for n := range uint64(100) {
		if x, y := a.Request(n), b.Request(n); x.Demand != y.Demand || x.Class != y.Class {
			t.Fatalf("request %d: %+v and %+v", n, x, y)
		}
	}
}

func TestRequestsFollowTheFile(t *testing.T) {
	m := mustLoad(t, mixed).Model(1)
	const n = 100_000
	var classes, balancers [4]int
	var demand [2]float64
	clients := map[uint64]int{}
	for i := range uint64(n) {
		r := m.Request(i)
		classes[r.Class]++
		demand[r.Class] += r.Demand.Seconds()
		clients[r.Client]++
		balancers[m.Balancer(i)]++
		if want := []time.Duration{3 * time.Second, 9 * time.Second}[r.Class]; r.Deadline != want || r.Key != r.Client {
			t.Fatalf("request %d: %+v", i, r)
		}
	}
	near := func(what string, got, want, tolerance float64) {
		t.Helper()
		if math.Abs(got-want) > tolerance*want {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	near("share of the small class", float64(classes[0])/n, 0.75, 0.01)
	near("mean demand of small", demand[0]/float64(classes[0]), 0.010, 0.02)
	near("mean demand of large", demand[1]/float64(classes[1]), 0.100, 0.04)
	top := 0
	for _, k := range clients {
		top = max(top, k)
	}
	near("share of the largest of 100 clients", float64(top)/n, 1/5.18738, 0.02) // 1/H(100)
	for b, k := range balancers {
		near("share of balancer "+string(rune('0'+b)), float64(k)/n, 0.25, 0.02)
	}
}

func TestClientsKeepTheirBalancer(t *testing.T) {
	m := mustLoad(t, mixed, "balancers.assign=client").Model(1)
	of := map[uint64]int{}
	used := map[int]bool{}
	for n := range uint64(2000) {
		c, b := m.Request(n).Client, m.Balancer(n)
		if before, ok := of[c]; ok && before != b {
			t.Fatalf("client %#x went to balancers %d and %d", c, before, b)
		}
		of[c], used[b] = b, true
	}
	if len(used) != 4 {
		t.Errorf("%d of 4 balancers were used", len(used))
	}
}

func TestBackoff(t *testing.T) {
	m := mustLoad(t, mixed).Model(1)
	rapid.Check(t, func(t *rapid.T) {
		n, retry := rapid.Uint64().Draw(t, "n"), rapid.IntRange(1, 3).Draw(t, "retry")
		mean := 100 * ms << (retry - 1)
		if got := m.Backoff(n, retry); got < mean/2 || got > mean*3/2 || got != m.Backoff(n, retry) {
			t.Fatalf("wait before retry %d of request %d: %v", retry, n, got)
		}
	})
	r := m.Retries()
	want := Retries{Max: 3, Backoff: 100 * ms, Factor: 2, JitterPct: 50, AttemptTimeout: time.Second}
	want.On[measure.Refused], want.On[measure.TimedOut] = true, true
	if r != want {
		t.Errorf("got %+v, want %+v", r, want)
	}
}

func TestDrawsAreIndependent(t *testing.T) {
	m := mustLoad(t, mixed).Model(1)
	const n = 20_000
	var both, first, second int
	for i := range uint64(n) {
		a, b := m.Draw(DrawSlow, i, 0) < 0.5, m.Draw(DrawError, i, 0) < 0.5
		if a {
			first++
		}
		if b {
			second++
		}
		if a && b {
			both++
		}
		if m.Draw(DrawSlow, i, 0) == m.Draw(DrawSlow, i, 1) {
			t.Fatalf("request %d: a retry has the luck of the first attempt", i)
		}
	}
	for what, got := range map[string]int{"slow": 2 * first, "error": 2 * second, "both": 4 * both} {
		if math.Abs(float64(got)/n-1) > 0.05 {
			t.Errorf("%s: %v of what is expected", what, float64(got)/n)
		}
	}
}

func TestBackends(t *testing.T) {
	s := mustLoad(t, mixed)
	want := []Backend{
		{Name: "near[0]", Group: "near", Zone: "a", Slots: 1, Queue: -1, Speed: 1, Weight: 1},
		{Name: "near[1]", Group: "near", Zone: "a", Slots: 1, Queue: -1, Speed: 1, Weight: 1},
		{Name: "far", Group: "far", Zone: "b", Slots: 3, Queue: 7, PS: true, Speed: 2, Weight: 4, DropCanceled: true},
		{Name: "free", Group: "free", Slots: 1, Queue: -1, Speed: 1, Weight: 1},
	}
	got := slices.Clone(s.Model(1).Backends())
	if d := got[2].Degrade; d == nil || *d != (Degrade{AboveRPS: 10, Factor: 3}) {
		t.Errorf("degrade: got %+v", d)
	}
	got[2].Degrade = nil
	if !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	// 2·1 + 3·2 + 1 slots at speed 1, over a mean demand of 0.75·10 + 0.25·100 ms.
	if got, want := s.Capacity(), 9/0.0325; math.Abs(got-want) > 1e-3 {
		t.Errorf("capacity: got %v, want %v", got, want)
	}
}

func TestNetwork(t *testing.T) {
	m := mustLoad(t, mixed).Model(1)
	for _, c := range []struct {
		name              string
		balancer, backend int
		mean              float64 // ms
	}{
		{"within a zone", 0, 0, 1}, {"zones in turn", 2, 1, 1}, {"between zones", 1, 0, 10},
		{"a far backend in its own zone", 1, 2, 6}, {"a far backend elsewhere", 0, 2, 15}, {"a backend without a zone", 1, 3, 1},
	} {
		sum := 0.0
		for n := range uint64(10_000) {
			sum += m.Network(c.balancer, c.backend, n).Seconds() * 1000
		}
		if got := sum / 10_000; math.Abs(got-c.mean) > 0.04*c.mean {
			t.Errorf("%s: mean delay %v ms, want %v ms", c.name, got, c.mean)
		}
	}
	if d := mustLoad(t, plain("{poisson: {rate_rps: 1}}")).Model(1).Network(0, 0, 0); d != 0 {
		t.Errorf("no network: got a delay of %v", d)
	}
}

func BenchmarkRequest(b *testing.B) {
	m := mustLoad(b, plain("{poisson: {rate_rps: 1000}}")).Model(1)
	n := uint64(0)
	for b.Loop() {
		n++
		m.Request(n)
	}
}

func BenchmarkModel(b *testing.B) {
	s := mustLoad(b, mixed)
	for b.Loop() {
		s.Model(1)
	}
}
