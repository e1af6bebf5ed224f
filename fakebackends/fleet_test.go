package fakebackends

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb/orca"
	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

// patience is how long tests wait for what is about to happen.
const patience = 20 * time.Second

func load(t testing.TB, yaml string) *scenarios.Scenario {
	t.Helper()
	all, err := scenarios.Load("my.yaml", []byte(yaml), scenarios.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

// launch starts a fleet. Its scenario does not begin by itself.
func launch(t testing.TB, yaml string, o Options) *Fleet {
	t.Helper()
	f, err := Start(t.Context(), load(t, yaml), 1, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// start is launch for a scenario that begins now.
func start(t testing.TB, yaml string, o Options) *Fleet {
	t.Helper()
	f := launch(t, yaml, o)
	f.Begin(time.Now())
	return f
}

// visitor makes requests over connections of its own.
type visitor struct {
	t      testing.TB
	client *http.Client
	url    string
}

func visit(t testing.TB, f *Fleet, backend int) *visitor {
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &visitor{t, &http.Client{Transport: tr, Timeout: patience}, f.Addresses()[backend].URL}
}

func (v *visitor) address() string { return strings.TrimPrefix(v.url, "http://") }

// said is an answer.
type said struct {
	status int
	header http.Header
	body   string
}

func (v *visitor) get(path string, headers ...string) (said, error) {
	return v.do(v.t.Context(), http.MethodGet, path, nil, headers...)
}

func (v *visitor) do(ctx context.Context, method, path string, body io.Reader, headers ...string) (said, error) {
	req, err := http.NewRequestWithContext(ctx, method, v.url+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := v.client.Do(req)
	if err != nil {
		return said{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return said{resp.StatusCode, resp.Header, string(text)}, err
}

// eventually waits until ok.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%s did not come true", what)
		}
	}
}

const oneYAML = `
duration: 60s
arrivals: {poisson: {rate_rps: 1}}
classes: [{demand: 1ms}]
backends: [{name: b}]
`

func TestAnswers(t *testing.T) {
	f := start(t, oneYAML, Options{})
	v := visit(t, f, 0)
	for _, c := range []struct {
		method, path, body, number, attempt string
		status                              int
		want                                string
	}{
		{method: "GET", path: "/", status: 200, want: "b: ok\n"},
		{method: "GET", path: "/a/b?c", number: "18446744073709551615", attempt: "16", status: 200, want: "b: ok\n"},
		{method: "POST", path: "/", body: strings.Repeat("x", 3*MaxHeadBytes), number: "1", status: 200, want: "b: ok\n"},
		{method: "HEAD", path: "/", status: 200},
		{method: "GET", path: "/healthz", status: 200, want: "b: ok\n"},
		{method: "GET", path: "/", number: "-1", status: 400, want: "Lbctl-Request: expected a whole number from 0, got \"-1\"\n"},
		{method: "GET", path: "/", attempt: "17", status: 400, want: "Lbctl-Attempt: expected a whole number from 0 to 16, got \"17\"\n"},
		{method: "GET", path: "/healthz?balancer=1", status: 400, want: "balancer in the query: expected the number of a balancer, 0 to 0, got \"1\"\n"},
	} {
		var headers []string
		if c.number != "" {
			headers = append(headers, RequestHeader, c.number)
		}
		if c.attempt != "" {
			headers = append(headers, AttemptHeader, c.attempt)
		}
		got, err := v.do(t.Context(), c.method, c.path, strings.NewReader(c.body), headers...)
		if err != nil || got.status != c.status || got.body != c.want {
			t.Errorf("%s %s %v: got %d %q %v, want %d %q", c.method, c.path, headers, got.status, got.body, err, c.status, c.want)
		}
		if signed := got.header.Get(BackendHeader) == "b"; signed != (c.status == 200) {
			t.Errorf("%s %s: %s is %q", c.method, c.path, BackendHeader, got.header.Get(BackendHeader))
		}
	}
	if s := f.Stats()[0]; s.Arrivals != 4 || s.Endings[0] != 4 || s.InFlight != 0 || s.Busy != 4*time.Millisecond {
		t.Errorf("got %+v, want 4 requests served for 1 ms each", s)
	}
}

// TestReports holds what backends say of their load against what they do.
func TestReports(t *testing.T) {
	f := start(t, `
duration: 60s
arrivals: {poisson: {rate_rps: 1}}
classes: [{demand: 3ms}]
backends: [{name: b, speed: 0.5}]
`, Options{})
	v := visit(t, f, 0)
	first, err := v.get("/")
	if err != nil {
		t.Fatal(err)
	}
	if rep, ok := orca.Parse([]byte(first.header.Get(orca.Header))); !ok || rep.InFlight != 0 || rep.Service != 6*time.Millisecond {
		t.Errorf("got %q, want nothing in flight, service of 6 ms", first.header.Get(orca.Header))
	}
	asked, err := v.get(LoadPath)
	if err != nil {
		t.Fatal(err)
	}
	if rep, ok := orca.Parse([]byte(asked.body)); !ok || rep.Latency != 6*time.Millisecond {
		t.Errorf("got %q, want a latency of 6 ms", asked.body)
	}
}

// changes collects what Options.Changed is told.
type changes struct {
	mu  sync.Mutex
	all []string
}

func (c *changes) add(_ time.Time, backend int, what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, strconv.Itoa(backend)+" "+what)
}

func (c *changes) has(what string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.all {
		if s == what {
			return true
		}
	}
	return false
}

// crashYAML is a backend that is never done, and crashes as soon as the scenario begins. %s says for how long.
const crashYAML = `
duration: 60s
arrivals: {poisson: {rate_rps: 1}}
classes: [{demand: 1h}]
backends: [{name: b}]
faults: [{backend: b, %s crash: {}}]
`

// TestCrash lets a backend crash with a request inside and a connection that waits for nothing.
func TestCrash(t *testing.T) {
	var seen changes
	f := launch(t, fmt.Sprintf(crashYAML, ""), Options{Changed: seen.add})
	idle, err := net.Dial("tcp", visit(t, f, 0).address())
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	ended := make(chan error)
	go func() {
		_, err := visit(t, f, 0).get("/")
		ended <- err
	}()
	eventually(t, "arrival", func() bool { return f.Stats()[0].InFlight == 1 })
	f.Begin(time.Now())
	if err := <-ended; !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a request inside a backend that crashes ends with %v", err)
	}
	if _, err := idle.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a connection to a backend that crashes ends with %v", err)
	}
	if _, err := visit(t, f, 0).get(HealthPath); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a crashed backend answers %v", err)
	}
	if s := f.Stats()[0]; s.Condition != "crashed" || s.Endings[measure.Reset] != 1 || !seen.has("0 crashed") {
		t.Errorf("got %+v; changes told: %q", s, seen.all)
	}
}

// TestRecovery lets a backend come back where it was.
func TestRecovery(t *testing.T) {
	var seen changes
	f := launch(t, fmt.Sprintf(crashYAML, "for: 1ms,"), Options{Changed: seen.add})
	f.Begin(time.Now())
	eventually(t, "recovery", func() bool { return seen.has("0 normal") })
	if got, err := visit(t, f, 0).get(HealthPath); err != nil || got.status != http.StatusOK {
		t.Errorf("a recovered backend answers %d, %v", got.status, err)
	}
}

// TestRefusal lets a backend refuse connections with a request inside, which it still answers.
func TestRefusal(t *testing.T) {
	f := launch(t, `
duration: 60s
arrivals: {poisson: {rate_rps: 1}}
classes: [{demand: 100ms}]
backends: [{name: b}]
faults: [{backend: b, refuse: {}}]
`, Options{})
	idle := dial(t, f)
	busy := dial(t, f)
	busy.send("GET / HTTP/1.1\r\nHost: b\r\n\r\n")
	eventually(t, "arrival", func() bool { return f.Stats()[0].InFlight == 1 })
	f.Begin(time.Now())
	if got, err := io.ReadAll(idle); len(got) > 0 || err != nil {
		t.Errorf("a connection on which nobody waits ends with %q, %v", got, err)
	}
	got, err := io.ReadAll(busy)
	if err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 200 OK\r\n") || !strings.Contains(string(got), "Connection: close\r\n") {
		t.Errorf("the request inside is answered %q, %v", got, err)
	}
	if _, err := visit(t, f, 0).get("/"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a new connection meets %v", err)
	}
}

// TestReset lets every request lose its connection.
func TestReset(t *testing.T) {
	f := start(t, `
duration: 60s
arrivals: {poisson: {rate_rps: 1}}
classes: [{demand: 2ms}]
backends: [{name: b}]
faults: [{backend: b, reset: {}}]
`, Options{})
	c := dial(t, f)
	c.send("GET / HTTP/1.1\r\nHost: b\r\n\r\n")
	if got, err := io.ReadAll(c); len(got) > 0 || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %q, %v", got, err)
	}
	if s := f.Stats()[0]; s.Endings[measure.Reset] != 1 || s.Busy != time.Millisecond {
		t.Errorf("got %+v, want a reset after half of the service", s)
	}
}

// TestHang holds that a backend that hangs takes requests and health probes in, answers none, and lies if it is to.
func TestHang(t *testing.T) {
	for says, answered := range map[string]bool{"": false, ", {backend: b, lie: {says: healthy}}": true} {
		f := start(t, `
duration: 60s
arrivals: {poisson: {rate_rps: 1}}
classes: [{demand: 2ms}]
backends: [{name: b}]
faults: [{backend: b, hang: {}}`+says+`]
`, Options{})
		work, probe := dial(t, f), dial(t, f)
		work.send("GET / HTTP/1.1\r\nHost: b\r\n\r\n")
		eventually(t, "arrival", func() bool { return f.Stats()[0].InFlight == 1 })
		probe.send("GET /healthz HTTP/1.1\r\nHost: b\r\n\r\n")
		if answered {
			if got := probe.answer(); !strings.HasPrefix(got, "HTTP/1.1 200") {
				t.Errorf("a liar says %q", got)
			}
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		for name, c := range map[string]*wire{"request": work, "probe": probe} {
			if got, err := io.ReadAll(c); len(got) > 0 || err == nil {
				t.Errorf("a %s at a backend that hangs gets %q, %v", name, got, err)
			}
		}
	}
}

// TestCancel lets clients leave: what the backend does with their requests is the scenario's to say.
func TestCancel(t *testing.T) {
	for policy, left := range map[string]int{"drop": 0, "finish": 2} {
		f := start(t, `
duration: 60s
arrivals: {poisson: {rate_rps: 1}}
classes: [{demand: 1h}]
backends: [{name: b, on_cancel: `+policy+`}]
`, Options{})
		serving, waiting, stays := dial(t, f), dial(t, f), dial(t, f)
		for i, c := range []*wire{serving, waiting, stays} {
			c.send("GET / HTTP/1.1\r\nHost: b\r\n\r\n")
			eventually(t, "arrival", func() bool { return f.Stats()[0].InFlight == i+1 })
		}
		waiting.Close()
		serving.Close()
		eventually(t, "leaving", func() bool { return f.connections() == 1 && f.Stats()[0].InFlight == 1+left })
		if got, want := f.Stats()[0].Canceled, uint64(2-left); got != want {
			t.Errorf("%s: %d canceled, want %d", policy, got, want)
		}
	}
}

// TestIdleWaits lets backends tell that they have turned idle: at once if nobody has heard yet, and one of those who wait.
func TestIdleWaits(t *testing.T) {
	f := start(t, oneYAML, Options{})
	const wait = "GET /load?wait=idle HTTP/1.1\r\nHost: b\r\n\r\n"
	first, second, worker := dial(t, f), dial(t, f), dial(t, f)
	first.send(wait)
	if got := first.answer(); !strings.Contains(got, "\r\n\r\nTEXT named_metrics.in_flight=0") {
		t.Errorf("an idle backend says %q", got)
	}
	first.send(wait)
	second.send(wait)
	eventually(t, "both to wait", func() bool { return f.waits() == 2 })
	worker.send("GET / HTTP/1.1\r\nHost: b\r\n\r\n")
	worker.answer()
	if got := f.waits(); got != 1 {
		t.Errorf("%d still wait after the backend turned idle, want 1", got)
	}
	first.Close()
	second.Close()
	eventually(t, "nobody to wait", func() bool { return f.waits() == 0 })
}

// TestPipelining sends requests without waiting for answers, the last one with Connection: close.
func TestPipelining(t *testing.T) {
	f := start(t, oneYAML, Options{})
	c := dial(t, f)
	c.send("POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" +
		"GET /healthz HTTP/1.1\r\nHost: b\r\n\r\n" + "GET / HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n")
	got, err := io.ReadAll(c)
	if err != nil || strings.Count(string(got), "HTTP/1.1 200 OK\r\n") != 3 {
		t.Errorf("got %q, %v, want three answers", got, err)
	}
	if s := f.Stats()[0]; s.Arrivals != 2 || s.Endings[measure.OK] != 2 {
		t.Errorf("got %+v, want two requests served", s)
	}
}

// TestBadRequests sends what is no request.
func TestBadRequests(t *testing.T) {
	f := start(t, oneYAML, Options{})
	for _, text := range []string{
		"\r\n\r\nhello\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: b\r\nX: " + strings.Repeat("x", MaxHeadBytes) + "\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
	} {
		c := dial(t, f)
		c.send(text)
		if got := c.answer(); !strings.HasPrefix(got, "HTTP/1.1 400 ") {
			t.Errorf("%.40q is answered %q", text, got)
		}
	}
}

// TestPartition cuts one balancer off. The network of scenarios is known by the number of a request.
func TestPartition(t *testing.T) {
	sc := load(t, `
duration: 60s
balancers: {count: 2}
arrivals: {poisson: {rate_rps: 1}}
classes: [{demand: 1ms}]
backends: [{name: b}]
faults: [{backend: b, partition: {balancers: [1]}}]
`)
	f, err := Start(t.Context(), sc, 1, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.Begin(time.Now())
	var of [2]uint64 // a request of each balancer
	for n := range uint64(64) {
		of[sc.Model(1).Balancer(n)] = n
	}
	cut := dial(t, f)
	cut.send(fmt.Sprintf("GET / HTTP/1.1\r\nHost: b\r\nLbctl-Request: %d\r\n\r\n", of[1]))
	eventually(t, "arrival", func() bool { return f.Stats()[0].Arrivals == 1 })
	probe := dial(t, f)
	probe.send("GET /healthz?balancer=1 HTTP/1.1\r\nHost: b\r\n\r\n")
	v := visit(t, f, 0)
	if got, err := v.get("/", RequestHeader, strconv.FormatUint(of[0], 10)); err != nil || got.status != http.StatusOK {
		t.Errorf("a request of the other balancer: %d, %v", got.status, err)
	}
	if got, err := v.get("/healthz?balancer=0"); err != nil || got.status != http.StatusOK {
		t.Errorf("a probe of the other balancer: %d, %v", got.status, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]*wire{"request": cut, "probe": probe} {
		if got, err := io.ReadAll(c); len(got) > 0 || err == nil {
			t.Errorf("a %s that is cut off gets %q, %v", name, got, err)
		}
	}
}

// journal is an Observer.
type journal struct {
	mu              sync.Mutex
	arrived, queued int
	busy            time.Duration
	last            time.Time
	backwards       bool
}

func (j *journal) note(at time.Time) func() {
	j.mu.Lock()
	j.backwards = j.backwards || at.Before(j.last)
	j.last = at
	return j.mu.Unlock
}

func (j *journal) Arrived(at time.Time, _ int, _ uint64, _ int) {
	defer j.note(at)()
	j.arrived++
}

func (j *journal) Entered(at time.Time, _, _, queued int) {
	defer j.note(at)()
	j.queued = max(j.queued, queued)
}

func (j *journal) Served(at time.Time, _ int, busy time.Duration) {
	defer j.note(at)()
	j.busy += busy
}

// TestObserver holds what an observer is told against what is so.
func TestObserver(t *testing.T) {
	var j journal
	f := start(t, strings.Replace(oneYAML, "1ms", "20ms", 1), Options{Observer: &j})
	var conns []*wire
	for range 4 {
		c := dial(t, f)
		c.send("GET / HTTP/1.1\r\nHost: b\r\n\r\n")
		conns = append(conns, c)
	}
	for _, c := range conns {
		c.answer()
	}
	s := f.Stats()[0]
	if j.arrived != 4 || j.queued != s.PeakQueue || j.busy != 80*time.Millisecond || s.Busy != j.busy || j.backwards {
		t.Errorf("told %+v, is %+v", &j, s)
	}
}

// TestEnd stops a fleet by its context, and refuses to have two at the same ports.
func TestEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f, err := Start(ctx, load(t, oneYAML), 1, Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(f.backends[0].port.address)
	number, _ := strconv.Atoi(port)
	if _, err := Start(t.Context(), load(t, oneYAML), 1, Options{PortBase: number}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a port that is taken: %v", err)
	}
	c := dial(t, f)
	cancel()
	if _, err := io.ReadAll(c); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a connection ends with %v", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Start(t.Context(), load(t, oneYAML), 1, Options{PortBase: 65536}); err == nil || !strings.Contains(err.Error(), "expected ports up to 65535") {
		t.Errorf("a port that there is not: %v", err)
	}
}

// wire is a connection to the first backend of a fleet.
type wire struct {
	net.Conn
	t testing.TB
	r *bufio.Reader
}

func dial(t testing.TB, f *Fleet) *wire {
	c, err := net.Dial("tcp", f.backends[0].port.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &wire{c, t, bufio.NewReader(c)}
}

func (w *wire) send(text string) {
	if _, err := io.WriteString(w, text); err != nil {
		w.t.Fatal(err)
	}
}

// answer reads one answer.
func (w *wire) answer() string {
	resp, err := http.ReadResponse(w.r, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := httputil.DumpResponse(resp, true)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

// connections returns how many connections there are to the first backend.
func (f *Fleet) connections() int {
	b := f.backends[0]
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.conns)
}

// waits returns how many wait for the first backend to turn idle.
func (f *Fleet) waits() int {
	b := f.backends[0]
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.actor.idleWaits)
}
