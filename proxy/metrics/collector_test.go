package metrics

import (
	"bytes"
	"flag"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/lbctl/lbctl/lb"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// busy is a set in which each metric has something to show.
func busy() *Set {
	s := NewSet()
	s.AccessLogDropped.Add(3)
	s.Reloaded(false, time.Unix(1_700_000_000, 0))
	s.Reloaded(true, time.Unix(1_700_000_001, 0))
	s.Reloaded(true, time.Unix(1_700_000_002, 0))

	a := s.Series("shop.example/", "web", "10.0.0.1:80")
	for range 4 {
		a.Done(200, 3*time.Millisecond, 0, 1000)
		a.Attempt(lb.Success)
	}
	a.Done(503, 2*time.Minute, 10, 0)
	a.Attempt(lb.Failure)
	b := s.Series("shop.example/", "web", `quote " backslash \ newline `+"\n")
	b.Attempt(lb.Refused)
	b.Retry()
	s.Series("shop.example/", "web", "").Done(999, -1, 0, 20)

	l := s.Listener(":8080")
	for range 3 {
		l.Accepted()
	}
	l.Closed()
	l.Refused()
	l.BadRequest(400)
	l.BadRequest(404)
	l.BadRequest(400)
	return s
}

func gauges() Gauges {
	return Gauges{Version: "v1.2.3", Pools: []PoolGauges{
		{Pool: "empty", Policy: "p2c"},
		{Pool: "web", Policy: "peak_ewma", Panic: true, Backends: []BackendGauges{
			{Backend: "10.0.0.1:80", Health: "healthy", Eligible: true, Weight: 2, EffectiveWeight: 2, InFlight: 1, OpenConnections: 5, IdleConnections: 4},
			{Backend: "10.0.0.2:80", Health: "recovering", Draining: true, Weight: 1.5},
		}},
	}}
}

func scrape(t *testing.T, c prometheus.Collector) []byte {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	w := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// TestScrape compares a scrape with testdata/scrape.txt. The registry is a
// pedantic one: what is sent must be what was described.
func TestScrape(t *testing.T) {
	got := scrape(t, busy().Collector(gauges))
	got = regexp.MustCompile(`go_version="[^"]*"`).ReplaceAll(got, []byte(`go_version="go"`))
	golden := filepath.Join("testdata", "scrape.txt")
	if *update {
		if err := os.WriteFile(golden, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwhich is not %s; run with -update and read the diff", got, golden)
	}
}

// TestConventions has Prometheus' own tool judge names, units and help texts.
func TestConventions(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("SKIPPED: promtool (of Debian's package prometheus) is not installed")
	}
	cmd := exec.Command(promtool, "check", "metrics")
	cmd.Stdin = bytes.NewReader(scrape(t, busy().Collector(gauges)))
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestAnEmptySet can be scraped, too.
func TestAnEmptySet(t *testing.T) {
	got := scrape(t, NewSet().Collector(func() Gauges { return Gauges{} }))
	for _, want := range []string{"\nlbctl_access_log_dropped_total 0\n", "\nlbctl_config_reloads_total{result=\"success\"} 0\n"} {
		if !bytes.Contains(got, []byte(want)) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// TestOtherIsShown once something was counted there.
func TestOtherIsShown(t *testing.T) {
	s := NewSet()
	s.Series(Other, Other, Other).Attempt(lb.Success)
	want := `lbctl_attempts_total{backend="_other",pool="_other",route="_other",verdict="success"} 1` + "\n"
	if got := scrape(t, s.Collector(gauges)); !bytes.Contains(got, []byte(want)) {
		t.Errorf("got\n%s", got)
	}
}

// TestNamesThatAreNotUTF8 are shown as far as they are.
func TestNamesThatAreNotUTF8(t *testing.T) {
	s := NewSet()
	s.Series("\xff", "p", "b").Retry()
	s.Series("\xfe", "p", "b").Retry()
	s.Listener("\xff").Accepted()
	want := "lbctl_retries_total{backend=\"b\",pool=\"p\",route=\"\uFFFD\"} 2\n"
	if got := scrape(t, s.Collector(func() Gauges { return Gauges{Pools: []PoolGauges{{Pool: "\xff"}}} })); !bytes.Contains(got, []byte(want)) {
		t.Errorf("got\n%s", got)
	}
}

// BenchmarkScrape is a scrape of 1000 series.
func BenchmarkScrape(b *testing.B) {
	s := NewSet()
	for i := range 1000 {
		s.Series("route", "pool", string(rune('a'+i))).Done(200, time.Millisecond, 0, 0)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(s.Collector(func() Gauges { return Gauges{} }))
	for b.Loop() {
		if _, err := registry.Gather(); err != nil {
			b.Fatal(err)
		}
	}
}
