package fakebackends

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
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
