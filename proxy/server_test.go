package proxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lbctl/lbctl/config/serve"
)

// patient is how long a test waits for what must happen.
const patient = 10 * time.Second

func mustLoad(t testing.TB, text string) *serve.Config {
	t.Helper()
	conf, err := serve.Load("lbctl.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

func start(t *testing.T, text string) *Server {
	t.Helper()
	s, err := New(mustLoad(t, text), Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patient); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, patient)
		}
	}
}

// answering is a backend that answers with its name.
func answering(t *testing.T, name string) *httptest.Server {
	t.Helper()
	o := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) }))
	t.Cleanup(o.Close)
	return o
}

func yaml(extra string, backends ...string) string {
	var b strings.Builder
	b.WriteString("listeners: [{name: web, address: \"127.0.0.1:0\"}]\nadmin: off\npools:\n  - name: p\n    backends:\n")
	for i, u := range backends {
		fmt.Fprintf(&b, "      - {name: b%d, url: %q}\n", i, u)
	}
	return b.String() + extra
}

func get(t *testing.T, c *http.Client, s *Server, path string) (int, string) {
	t.Helper()
	res, err := c.Get("http://" + s.Addr("web").String() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestAnswersComeFromTheBackends(t *testing.T) {
	a, b := answering(t, "a"), answering(t, "b")
	s := start(t, yaml("    pool: {policy: round_robin}\n", a.URL, b.URL))
	seen := map[string]int{}
	for range 20 {
		status, body := get(t, http.DefaultClient, s, "/")
		if status != 200 {
			t.Fatalf("status %d", status)
		}
		seen[body]++
	}
	if seen["a"] != 10 || seen["b"] != 10 {
		t.Errorf("round robin over two backends: %v", seen)
	}
	eventually(t, "nothing in flight", func() bool {
		st := s.Status()
		return st.Pools[0].Backends[0].InFlight == 0 && st.Pools[0].Backends[1].InFlight == 0
	})
}

func TestHealthProbesDecideWhoIsPicked(t *testing.T) {
	var sick atomic.Bool
	a := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if sick.Load() {
			w.WriteHeader(500)
		}
		_, _ = io.WriteString(w, "a")
	}))
	defer a.Close()
	b := answering(t, "b")
	s := start(t, yaml("    pool: {policy: round_robin, health: {enabled: true, interval: 10ms, timeout: 1s, fall: 2, rise: 2}}\n", a.URL, b.URL))
	health := func(want string) func() bool {
		return func() bool { return s.Status().Pools[0].Backends[0].Health == want }
	}
	eventually(t, "healthy", health("healthy"))
	sick.Store(true)
	eventually(t, "unhealthy", health("unhealthy"))
	if st := s.Status().Pools[0].Backends[0]; st.Eligible || !strings.Contains(st.ProbeError, "500") {
		t.Errorf("an unhealthy backend: %+v", st)
	}
	for range 4 {
		if _, body := get(t, http.DefaultClient, s, "/"); body != "b" {
			t.Errorf("answer of %s while a is unhealthy", body)
		}
	}

	// A reload that does not concern the backend keeps its health.
	if err := s.Reload(mustLoad(t, yaml("    pool: {policy: p2c, health: {enabled: true, interval: 1h, timeout: 1s, fall: 2, rise: 2}}\n", a.URL, b.URL))); err != nil {
		t.Fatal(err)
	}
	if !health("unhealthy")() || s.Status().Pools[0].Policy != "p2c" {
		t.Errorf("after a reload: %+v", s.Status().Pools[0])
	}
}

func TestDrainAndWeight(t *testing.T) {
	a, b := answering(t, "a"), answering(t, "b")
	s := start(t, yaml("    pool: {policy: round_robin}\n", a.URL, b.URL))
	if err := s.Drain("p", "b0", true); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if _, body := get(t, http.DefaultClient, s, "/"); body != "b" {
			t.Errorf("answer of %s while it drains", body)
		}
	}
	if err := s.Drain("p", "b0", false); err != nil {
		t.Fatal(err)
	}
	if err := s.SetWeight("p", "b1", 3); err != nil {
		t.Fatal(err)
	}
	if st := s.Status().Pools[0].Backends[1]; st.Weight != 3 || st.EffectiveWeight != 3 {
		t.Errorf("after a change of weight: %+v", st)
	}
	if err := s.Drain("p", "b00", true); err == nil || !strings.Contains(err.Error(), `did you mean "b0"`) {
		t.Errorf("draining what there is not: %v", err)
	}
	if err := s.SetWeight("q", "b0", 1); err == nil {
		t.Error("a pool that there is not has a weight")
	}
	if x, err := s.Explain("p"); err != nil || len(x) == 0 || x[0].Backend == "" {
		t.Errorf("explanations: %+v, %v", x, err)
	}
}

// TestRefusedIsTriedElsewhere: a request that could not be sent goes to a backend
// that has not refused it, and nobody notices.
func TestRefusedIsTriedElsewhere(t *testing.T) {
	a := answering(t, "a")
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := "http://" + closed.Addr().String()
	_ = closed.Close()
	for _, policy := range []string{"p2c", "round_robin", "random", "least_connections"} {
		s := start(t, yaml("    pool: {policy: "+policy+", health: {enabled: false}}\n", dead, a.URL))
		for range 50 {
			if status, body := get(t, http.DefaultClient, s, "/"); status != 200 || body != "a" {
				t.Fatalf("%s: %d %q", policy, status, body)
			}
		}
		if n := s.Status().Pools[0].Backends[0].InFlight; n != 0 {
			t.Errorf("%s: %d in flight on a backend that refuses", policy, n)
		}
	}
}

// load drives a server from several connections and counts what goes wrong.
type driver struct {
	stop           chan struct{}
	wg             sync.WaitGroup
	good, failures atomic.Int64
	mu             sync.Mutex
	first          error
}

func drive(s *Server, connections int) *driver {
	d := &driver{stop: make(chan struct{})}
	url := "http://" + s.Addr("web").String() + "/"
	for range connections {
		d.wg.Go(func() {
			c := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
			defer c.CloseIdleConnections()
			for {
				select {
				case <-d.stop:
					return
				default:
				}
				d.count(c.Get(url))
			}
		})
	}
	return d
}

func (d *driver) count(res *http.Response, err error) {
	if err == nil {
		_, err = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if err == nil && res.StatusCode != 200 {
			err = fmt.Errorf("status %d", res.StatusCode)
		}
	}
	if err == nil {
		d.good.Add(1)
		return
	}
	d.failures.Add(1)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.first == nil {
		d.first = err
	}
}

// TestReloadLosesNothing reloads over and over under load: policies, weights,
// and who is in the pool.
func TestReloadLosesNothing(t *testing.T) {
	a, b, c := answering(t, "a"), answering(t, "b"), answering(t, "c")
	s := start(t, yaml("    pool: {policy: round_robin}\n", a.URL, b.URL))
	d := drive(s, 8)
	confs := []*serve.Config{
		mustLoad(t, yaml("    pool: {policy: p2c}\n", b.URL, c.URL)),
		mustLoad(t, yaml("    pool: {policy: least_connections}\n", c.URL)),
		mustLoad(t, yaml("    pool: {policy: maglev}\n", a.URL, b.URL, c.URL)),
		mustLoad(t, strings.Replace(yaml("    pool: {policy: p2c}\n", a.URL), "name: p\n", "name: q\n", 1)),
	}
	for i := range 40 {
		before := d.good.Load()
		if err := s.Reload(confs[i%len(confs)]); err != nil {
			t.Fatal(err)
		}
		eventually(t, "requests between two reloads", func() bool { return d.good.Load() > before+20 || d.failures.Load() > 0 })
	}
	close(d.stop)
	d.wg.Wait()
	if n := d.failures.Load(); n > 0 {
		t.Errorf("%d of %d requests failed, the first: %v", n, n+d.good.Load(), d.first)
	}
}

func TestABadReloadChangesNothing(t *testing.T) {
	a := answering(t, "a")
	s := start(t, yaml("", a.URL))
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	bad := mustLoad(t, strings.Replace(yaml("", "http://127.0.0.1:1"), "listeners: [", fmt.Sprintf("listeners: [{name: taken, address: %q}, ", taken.Addr()), 1))
	if err := s.Reload(bad); err == nil {
		t.Error("a listener whose port is taken")
	}
	if _, body := get(t, http.DefaultClient, s, "/"); body != "a" {
		t.Errorf("after a reload that failed: %q", body)
	}
}

// TestShutdownFinishesWhatIsUnderWay: an answer that is under way when the stop
// begins arrives whole, the client is told that the connection ends, and an idle
// connection does not hold the stop up.
func TestShutdownFinishesWhatIsUnderWay(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	a := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(entered)
			<-leave
		}
		_, _ = io.WriteString(w, "whole")
	}))
	defer a.Close()
	s := start(t, yaml("", a.URL))
	idle := &http.Client{Transport: &http.Transport{}}
	get(t, idle, s, "/") // its connection stays open

	type answer struct {
		body   string
		closes bool
		err    error
	}
	got := make(chan answer, 1)
	go func() {
		res, err := http.Get("http://" + s.Addr("web").String() + "/slow")
		if err != nil {
			got <- answer{err: err}
			return
		}
		body, err := io.ReadAll(res.Body)
		got <- answer{string(body), res.Close, err}
	}()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- s.Shutdown(context.Background()) }()
	eventually(t, "draining", s.Draining)
	close(leave)
	if g := <-got; g.err != nil || g.body != "whole" || !g.closes {
		t.Errorf("under way at the stop: %+v", g)
	}
	if err := <-stopped; err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if _, err := net.Dial("tcp", s.Addr("web").String()); err == nil {
		t.Error("it still listens")
	}
}

// TestATunnelDoesNotFailAStop: it has no end to wait for, and is closed when the
// time is over.
func TestATunnelDoesNotFailAStop(t *testing.T) {
	a := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
			_, _ = io.Copy(conn, conn)
		}
	}))
	defer a.CloseClientConnections()
	s := start(t, yaml("", a.URL))
	c, r := dial(t, s)
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
	if status, _, err := reply(t, r); status != 101 {
		t.Fatal(status, err)
	}
	eventually(t, "a tunnel", func() bool { return s.tunnels.Load() == 1 })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Errorf("a stop with nothing but a tunnel: %v", err)
	}
}

// TestShutdownEndsInTime: a backend that never answers does not hold a stop up
// beyond its limit.
func TestShutdownEndsInTime(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	a := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(entered); <-leave }))
	defer a.Close()
	defer close(leave)
	s := start(t, yaml("", a.URL))
	go func() { _, _ = http.Get("http://" + s.Addr("web").String() + "/") }()
	<-entered
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- s.Shutdown(ctx) }()
	select {
	case err := <-stopped:
		if err == nil {
			t.Error("a request was cut off, and nobody says so")
		}
	case <-time.After(patient):
		t.Fatal("still not stopped")
	}
}
