package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/proxy/metrics"
)

// verdicts returns the number of attempts that ended so.
func verdicts(t *testing.T, s *Server, verdict lb.Verdict) int {
	t.Helper()
	r := prometheus.NewRegistry()
	r.MustRegister(s.Metrics().Collector(func() metrics.Gauges { return metrics.Gauges{} }))
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	n := 0.0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, label := range m.GetLabel() {
				if strings.HasSuffix(f.GetName(), "attempts_total") && label.GetName() == "verdict" && label.GetValue() == verdict.String() {
					n += m.GetCounter().GetValue()
				}
			}
		}
	}
	return int(n)
}

// TestWriteDeadlineLingers: the deadline of a write that had to wait is over with that write.
func TestWriteDeadlineLingers(t *testing.T) {
	big := strings.Repeat("x", 16<<20)
	a := httptestServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/big" {
			w.Header().Set("Content-Length", strconv.Itoa(len(big)))
			_, _ = io.WriteString(w, big)
			return
		}
		_, _ = io.WriteString(w, "small")
	})
	const limit = 500 * time.Millisecond
	s := start(t, limits("write_timeout: 500ms", calm, a))
	c, r := dial(t, s)
	write(t, c, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
	begun := time.Now()
	if _, body, err := reply(t, r); err != nil || len(body) != len(big) {
		t.Fatalf("%d bytes, %v", len(body), err)
	}
	eventually(t, "the limit is over", func() bool { return time.Since(begun) > 3*limit })
	write(t, c, "GET /small HTTP/1.1\r\nHost: x\r\n\r\n")
	if status, body, err := reply(t, r); err != nil || body != "small" {
		t.Errorf("status %d, %q, %v: a deadline of an earlier write is still in force", status, body, err)
	}
}

// TestLongAnswer: response_timeout is about the head of an answer, however long its body takes.
func TestLongAnswer(t *testing.T) {
	origin := scripted(t, func(_ int, c net.Conn, r *bufio.Reader) {
		head(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for range 40 { // two seconds
			<-tick.C
			if _, err := io.WriteString(c, "1\r\nx\r\n"); err != nil {
				return
			}
		}
		_, _ = io.WriteString(c, "0\r\n\r\n")
	})
	s := start(t, yaml(calm+"    connections: {response_timeout: 1s}\n", origin))
	c, r := dial(t, s)
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if status, body, err := reply(t, r); err != nil || len(body) != 40 {
		t.Errorf("status %d, %d bytes, %v: response_timeout is about the head only", status, len(body), err)
	}
}

// TestSlowHeadIsNotTheBackends: the backend's time begins when the request is there.
func TestSlowHeadIsNotTheBackends(t *testing.T) {
	a := answering(t, "a").URL
	s := start(t, yaml(calm+"    connections: {response_timeout: 500ms}\n", a))
	c, r := dial(t, s)
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") // so that there is a connection to the backend
	if _, body, err := reply(t, r); body != "a" {
		t.Fatal(body, err)
	}
	write(t, c, "GET / HTTP/1.1\r\n")
	begun := time.Now()
	eventually(t, "more than the response timeout", func() bool { return time.Since(begun) > time.Second })
	write(t, c, "Host: x\r\n\r\n")
	if status, body, err := reply(t, r); body != "a" {
		t.Errorf("status %d, %q, %v: the client's time counts as the backend's", status, body, err)
	}
	if n := verdicts(t, s, lb.Timeout); n > 0 {
		t.Errorf("%d attempts are said to have timed out", n)
	}
}

// TestBadChunkDuringTheAnswer: a fault of the client's is no mark against the backend, also after its answer has begun.
func TestBadChunkDuringTheAnswer(t *testing.T) {
	origin := scripted(t, func(_ int, c net.Conn, r *bufio.Reader) {
		head(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
		_, _ = io.Copy(io.Discard, r)
	})
	s := start(t, yaml(calm, origin))
	c, r := dial(t, s)
	write(t, c, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := res.Body.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	write(t, c, "zz\r\n")
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("the answer looks whole")
	}
	eventually(t, "a verdict", func() bool {
		return verdicts(t, s, lb.Failure)+verdicts(t, s, lb.Canceled)+verdicts(t, s, lb.Timeout)+verdicts(t, s, lb.Success) > 0
	})
	if n := verdicts(t, s, lb.Canceled); n != 1 {
		t.Errorf("canceled %d, failures %d: the client's fault", n, verdicts(t, s, lb.Failure))
	}
}

// TestSlowUploadIsNotTheBackends: nor is a body that does not come before the request's time is over.
func TestSlowUploadIsNotTheBackends(t *testing.T) {
	origin := scripted(t, func(_ int, c net.Conn, r *bufio.Reader) {
		head(r)
		_, _ = io.Copy(io.Discard, r)
	})
	s := start(t, limits("request_timeout: 100ms, body_timeout: 10s", calm, origin))
	const tries = 10
	for range tries {
		c, r := dial(t, s)
		write(t, c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
		if status, _, err := reply(t, r); err != nil || status != 408 {
			t.Errorf("status %d, %v; want 408", status, err)
		}
	}
	if n := verdicts(t, s, lb.Timeout); n > 0 {
		t.Errorf("%d of %d backends are said to be late while the client did not send", n, tries)
	}
}

// TestExpectUnanswered: the client waits for 100 as it should, and the
// backend says nothing: it is the backend that is late.
func TestExpectUnanswered(t *testing.T) {
	origin := scripted(t, func(_ int, c net.Conn, r *bufio.Reader) { _, _ = io.Copy(io.Discard, r) })
	s := start(t, limits("body_timeout: 2s", calm+"    connections: {response_timeout: 300ms}\n", origin))
	c, r := dial(t, s)
	write(t, c, "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
	status, _, err := reply(t, r)
	if status != 504 || err != nil {
		t.Errorf("status %d, %v; want 504", status, err)
	}
	if n := verdicts(t, s, lb.Timeout); n != 1 {
		t.Errorf("%d attempts timed out, %d were canceled; want one late backend", n, verdicts(t, s, lb.Canceled))
	}
}

// mute is an https backend that takes connections and never shakes hands.
func mute(t *testing.T, entered chan struct{}) string {
	return strings.Replace(scripted(t, func(_ int, c net.Conn, r *bufio.Reader) {
		_, _ = r.Peek(1)
		select {
		case entered <- struct{}{}:
		default:
		}
		_, _ = io.Copy(io.Discard, r)
	}), "http:", "https:", 1)
}

// TestConnectingEndsWithTheRequest: request_timeout bounds all of it.
func TestConnectingEndsWithTheRequest(t *testing.T) {
	s := start(t, limits("request_timeout: 500ms", calm+"    connections: {connect_timeout: 30s}\n", mute(t, nil)))
	c, r := dial(t, s)
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if status, _, err := reply(t, r); err != nil || status != 504 {
		t.Errorf("status %d, %v; want 504 after request_timeout", status, err)
	}
}
