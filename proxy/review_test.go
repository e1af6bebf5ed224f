package proxy

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/proxy/metrics"
)

// calm switches health probes off: scripts count connections.
const calm = "    pool: {health: {enabled: false}}\n"

// scripted is a backend that does with its nth connection what script says, and
// closes it then. Connections count from 0.
func scripted(t *testing.T, script func(n int, c net.Conn, r *bufio.Reader)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				_ = c.SetDeadline(time.Now().Add(patient))
				script(n, c, bufio.NewReader(c))
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// head reads a head and returns it.
func head(r *bufio.Reader) string {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		b.WriteString(line)
		if err != nil || line == "\r\n" {
			return b.String()
		}
	}
}

func answerOK(w io.Writer, body string) {
	_, _ = fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// httptestServer is a backend of net/http.
func httptestServer(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	o := httptest.NewServer(h)
	t.Cleanup(o.Close)
	return o.URL
}

// dial connects to the only listener.
func dial(t *testing.T, s *Server) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr("web").String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patient))
	return c, bufio.NewReader(c)
}

func write(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// reply reads an answer to a GET with its body.
func reply(t *testing.T, r *bufio.Reader) (status int, body string, err error) {
	t.Helper()
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		return 0, "", err
	}
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), err
}

// limits is a configuration with limits for the listener.
func limits(text, extra string, backends ...string) string {
	return strings.Replace(yaml(extra, backends...), "address: \"127.0.0.1:0\"", "address: \"127.0.0.1:0\", limits: {"+text+"}", 1)
}

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

// TestReviewTrailerFillsBuffer: a trailer line of a request may be longer than the buffer.
func TestReviewTrailerFillsBuffer(t *testing.T) {
	origin := scripted(t, func(_ int, c net.Conn, r *bufio.Reader) {
		head(r)
		_, _ = io.Copy(io.Discard, r)
	})
	s := start(t, limits("head_bytes: 4096, buffer_bytes: 4096, field_bytes: 1024, uri_bytes: 1024", calm, origin))
	c, r := dial(t, s)
	write(t, c, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: "+strings.Repeat("a", 20<<10))
	if status, _, err := reply(t, r); err != nil || status/100 != 4 {
		t.Errorf("status %d, %v; want a refusal", status, err)
	}
}

// TestReviewAnswerTrailerFillsBuffer: and so may one of an answer.
func TestReviewAnswerTrailerFillsBuffer(t *testing.T) {
	origin := scripted(t, func(_ int, c net.Conn, r *bufio.Reader) {
		head(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: "+strings.Repeat("a", 20<<10))
		_, _ = io.Copy(io.Discard, r)
	})
	s := start(t, limits("head_bytes: 4096, buffer_bytes: 4096, field_bytes: 1024, uri_bytes: 1024", calm, origin))
	c, r := dial(t, s)
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, _, err := reply(t, r); err == nil {
		t.Error("an answer that cannot be passed on looks whole")
	}
}

// TestReviewWriteDeadlineLingers: the deadline of a write that had to wait is over with that write.
func TestReviewWriteDeadlineLingers(t *testing.T) {
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

// TestReviewLongAnswer: response_timeout is about the head of an answer, however long its body takes.
func TestReviewLongAnswer(t *testing.T) {
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

// TestReviewStreamedPutIsNotSentAgain: of a body that was passed on as it came only the end is still there.
func TestReviewStreamedPutIsNotSentAgain(t *testing.T) {
	again := make(chan string, 4)
	origin := scripted(t, func(n int, c net.Conn, r *bufio.Reader) {
		if n > 0 {
			again <- head(r)
			return
		}
		head(r)
		answerOK(c, "first")
		head(r)
		_, _ = io.CopyN(io.Discard, r, 1<<20)
	})
	s := start(t, yaml(calm, origin))
	c, r := dial(t, s)
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, body, err := reply(t, r); body != "first" {
		t.Fatal(body, err)
	}
	write(t, c, "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n")
	_, _ = c.Write(bytes.Repeat([]byte("b"), 1<<20))
	status, _, err := reply(t, r)
	if status != 502 {
		t.Errorf("status %d, %v; want 502", status, err)
	}
	select {
	case head := <-again:
		t.Errorf("sent again, though its body is no longer there:\n%s", head)
	default:
	}
}

// TestReviewSlowHeadIsNotTheBackends: the backend's time begins when the request is there.
func TestReviewSlowHeadIsNotTheBackends(t *testing.T) {
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

// TestReviewBadChunkDuringTheAnswer: a fault of the client's is no mark against the backend, also after its answer has begun.
func TestReviewBadChunkDuringTheAnswer(t *testing.T) {
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

// TestReviewSlowUploadIsNotTheBackends: nor is a body that does not come before the request's time is over.
func TestReviewSlowUploadIsNotTheBackends(t *testing.T) {
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

// TestReviewSwitchDuringUpload: two goroutines would read the client's socket.
func TestReviewSwitchDuringUpload(t *testing.T) {
	got := make(chan string, 1)
	origin := scripted(t, func(_ int, c net.Conn, r *bufio.Reader) {
		head(r)
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n")
		all, _ := io.ReadAll(r)
		got <- string(all)
	})
	s := start(t, yaml(calm, origin))
	c, r := dial(t, s)
	write(t, c, "POST / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: foo\r\nContent-Length: 100000\r\n\r\nabc")
	status, _, err := reply(t, r)
	if err != nil || status != 502 {
		t.Errorf("status %d, %v; want 502: no protocol can begin before the request's end", status, err)
	}
}

const twoListeners = "listeners: [{name: web, address: \"127.0.0.1:0\"}, {name: old, address: \"[::1]:0\"}]"

// TestReviewCloseCutsDrainingListeners: also clients of a listener that a reload has removed.
func TestReviewCloseCutsDrainingListeners(t *testing.T) {
	entered := make(chan struct{})
	origin := scripted(t, func(_ int, c net.Conn, r *bufio.Reader) {
		head(r)
		close(entered)
		_, _ = io.Copy(io.Discard, r)
	})
	one := yaml(calm, origin)
	s := start(t, strings.Replace(one, "listeners: [{name: web, address: \"127.0.0.1:0\"}]", twoListeners, 1))
	c, err := net.Dial("tcp", s.Addr("old").String())
	if err != nil {
		t.Skip("no IPv6")
	}
	defer func() { _ = c.Close() }()
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-entered
	if err := s.Reload(mustLoad(t, one)); err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	select {
	case <-closed:
	case <-time.After(patient):
		t.Error("Close waits for the clients of a listener that an earlier reload removed")
		_ = c.Close()
	}
}

// TestReviewIdleConnectionNoticesTheDrain: the listener's own wake
// comes before the client is ready for it, as it does for whoever is accepted
// after the drain has begun.
func TestReviewIdleConnectionNoticesTheDrain(t *testing.T) {
	s := start(t, yaml(calm, answering(t, "a").URL))
	s.mu.Lock()
	for _, l := range s.listeners {
		l.stopping.Store(true)
	}
	s.mu.Unlock()
	c, r := dial(t, s)
	_ = c
	if _, err := r.ReadByte(); err != io.EOF {
		t.Errorf("an idle connection during a drain: %v; want its end", err)
	}
}

// TestReviewNoReloadDuringShutdown: a stop cannot be taken back.
func TestReviewNoReloadDuringShutdown(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	origin := scripted(t, func(_ int, c net.Conn, r *bufio.Reader) {
		head(r)
		close(entered)
		<-leave
		answerOK(c, "x")
	})
	one := yaml(calm, origin)
	s := start(t, one)
	c, r := dial(t, s)
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- s.Shutdown(t.Context()) }()
	eventually(t, "draining", s.Draining)
	err := s.Reload(mustLoad(t, strings.Replace(one, "listeners: [{name: web, address: \"127.0.0.1:0\"}]", twoListeners, 1)))
	if err == nil {
		t.Error("a reload during a stop opens new listeners")
	}
	close(leave)
	_, _, _ = reply(t, r)
	<-stopped
}

// TestReviewUploadBehindALongHead: the head leaves no room behind it, so the
// body has a buffer of its own; what comes after it must not be looked for in the
// common one. A backend that fails must not change that.
func TestReviewUploadBehindALongHead(t *testing.T) {
	const buffer = 4096
	origin := scripted(t, func(n int, c net.Conn, r *bufio.Reader) {
		for {
			h := head(r)
			if h == "" {
				return
			}
			if strings.HasPrefix(h, "POST") {
				_, _ = io.CopyN(io.Discard, r, 3*buffer)
				if strings.HasPrefix(h, "POST /fail") {
					return
				}
			}
			answerOK(c, "x")
		}
	})
	s := start(t, limits("head_bytes: 4096, buffer_bytes: 4096, field_bytes: 4096, uri_bytes: 1024", calm, origin))
	for _, path := range []string{"/ok", "/fail"} {
		c, r := dial(t, s)
		request := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nX: ", path, 3*buffer)
		request += strings.Repeat("y", buffer-len(request)-len("\r\n\r\n")) + "\r\n\r\n"
		write(t, c, request)
		_, _ = io.WriteString(c, strings.Repeat("b", 3*buffer)+"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		status, _, err := reply(t, r)
		if want := map[string]int{"/ok": 200, "/fail": 502}[path]; status != want || err != nil {
			t.Errorf("%s: status %d, %v; want %d", path, status, err, want)
			continue
		}
		if status, _, err := reply(t, r); err == nil && status != 200 {
			t.Errorf("%s: the next request is answered with %d; want 200, or the end of the connection", path, status)
		}
	}
}

// certificate returns a configuration of TLS with a certificate for 127.0.0.1,
// and the files of a listener that has it too.
func certificate(t *testing.T) (conf *tls.Config, certFile, keyFile string) {
	t.Helper()
	o := httptest.NewTLSServer(nil)
	o.Close()
	pair := o.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, keyFile: {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &tls.Config{Certificates: o.TLS.Certificates, InsecureSkipVerify: true}, certFile, keyFile
}

// TestReviewResetOverTLS: a client of HTTP/1.0 knows the end of an answer
// by the end of the connection alone.
func TestReviewResetOverTLS(t *testing.T) {
	conf, certFile, keyFile := certificate(t)
	origin := scripted(t, func(_ int, c net.Conn, r *bufio.Reader) {
		head(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
	})
	text := strings.Replace(yaml(calm, origin), "address:", fmt.Sprintf("tls: {certificates: [{cert: %q, key: %q}]}, address:", certFile, keyFile), 1)
	s := start(t, text)
	plain, _ := dial(t, s)
	c := tls.Client(plain, conf)
	write(t, c, "GET / HTTP/1.0\r\nHost: x\r\n\r\n")
	if text, err := io.ReadAll(c); err == nil {
		t.Errorf("%q ends as if it were whole", text)
	}
}

// TestReviewExtraBytesBehindAFullBuffer: the buffer ends where the answer does,
// and what comes after it waits inside of TLS, where no poll sees it.
func TestReviewExtraBytesBehindAFullBuffer(t *testing.T) {
	const buffer = 4096
	conf, _, _ := certificate(t)
	conf.DynamicRecordSizingDisabled = true
	l, err := tls.Listen("tcp", "127.0.0.1:0", conf)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				r := bufio.NewReader(c)
				for head(r) != "" {
					top := "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
					body := strings.Repeat("x", buffer-len(fmt.Sprintf(top, buffer)))
					_, _ = fmt.Fprintf(c, top+"%sHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", len(body), body)
				}
			}()
		}
	}()
	s := start(t, limits("head_bytes: 4096, buffer_bytes: 4096, field_bytes: 4096, uri_bytes: 1024", calm+"    tls: {insecure_skip_verify: true}\n", "https://"+l.Addr().String()))
	c, r := dial(t, s)
	for range 2 {
		write(t, c, "POST / HTTP/1.1\r\nHost: x\r\n\r\n")
		if _, body, err := reply(t, r); err != nil || body == "poison" {
			t.Errorf("%.10q, %v", body, err)
		}
	}
}

// TestReviewStrayBody: a backend that sends a body where there is none,
// as is a usual mistake, with a write of its own.
func TestReviewStrayBody(t *testing.T) {
	stray := make(chan struct{})
	origin := scripted(t, func(_ int, c net.Conn, r *bufio.Reader) {
		for {
			h := head(r)
			switch {
			case h == "":
				return
			case strings.HasPrefix(h, "HEAD"):
				answer := "HTTP/1.1 200 OK\r\nContent-Length: 44\r\n\r\n"
				_, _ = io.WriteString(c, answer)
				<-stray
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
				stray <- struct{}{}
			default:
				answerOK(c, "good")
			}
		}
	})
	s := start(t, yaml(calm, origin))
	for range 20 {
		c, r := dial(t, s)
		write(t, c, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
		if res, err := http.ReadResponse(r, &http.Request{Method: "HEAD"}); err != nil || res.StatusCode != 200 {
			t.Fatal(res, err)
		}
		stray <- struct{}{}
		<-stray
		write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		if _, body, err := reply(t, r); err != nil || body != "good" {
			t.Fatalf("%q, %v: another answer than the one asked for", body, err)
		}
	}
}

// queued is a listening socket with one connection in its queue, which is accepted
// when its time has come.
type queued struct {
	net.Listener
	conn     net.Conn
	when     func(*queued)
	deadline chan struct{} // closed when accepting is to end soon
	closed   chan struct{} // closed when it is to end now
	once     [2]sync.Once
}

func (q *queued) Accept() (net.Conn, error) {
	if q.conn == nil {
		<-q.deadline
		return nil, os.ErrDeadlineExceeded
	}
	q.when(q)
	conn := q.conn
	q.conn = nil
	return conn, nil
}

func (q *queued) SetDeadline(time.Time) error {
	q.once[0].Do(func() { close(q.deadline) })
	return nil
}

func (q *queued) Close() error {
	q.once[1].Do(func() { close(q.closed) })
	return q.Listener.Close()
}

// queueOne has a server listen on a socket with a client in its queue, and returns the
// client's side.
func queueOne(t *testing.T, s *Server, when func(*queued)) net.Conn {
	t.Helper()
	conf, err := s.listenerConf(mustLoad(t, yaml(calm, "http://127.0.0.1:1")).Listeners[0])
	if err != nil {
		t.Fatal(err)
	}
	conf.Name = "queued"
	l, err := listen(s, conf)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", l.socket.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patient))
	conn, err := l.socket.Accept()
	if err != nil {
		t.Fatal(err)
	}
	l.socket = &queued{Listener: l.socket, conn: conn, when: when, deadline: make(chan struct{}), closed: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.swapListeners(&change{listeners: map[string]*listenerConf{"queued": conf}, opened: map[string]*listener{"queued": l}})
	return c
}

// TestReviewShutdownServesTheQueue: nobody else is there when the stop begins.
func TestReviewShutdownServesTheQueue(t *testing.T) {
	s := start(t, yaml(calm, answering(t, "a").URL))
	c := queueOne(t, s, func(q *queued) {
		<-q.deadline
		select { // as if the processor had been with others
		case <-q.closed:
		case <-time.After(300 * time.Millisecond):
		}
	})
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if n := verdicts(t, s, lb.Success); n != 1 {
		t.Errorf("%d requests of one in the queue were answered before the stop", n)
	}
	if status, body, err := reply(t, bufio.NewReader(c)); err != nil || body != "a" {
		t.Errorf("%d %q %v", status, body, err)
	}
}

// TestReviewCloseCutsWhoWasJustAccepted: Close comes between accept and admit.
func TestReviewCloseCutsWhoWasJustAccepted(t *testing.T) {
	s := start(t, yaml(calm, answering(t, "a").URL))
	c := queueOne(t, s, func(q *queued) { <-q.closed })
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	select {
	case <-closed:
	case <-time.After(patient / 2):
		t.Error("Close waits for a client that came in as it began")
	}
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the client's connection is still open: %v", err)
	}
}

// TestReviewExpectUnanswered: the client waits for 100 as it should, and the
// backend says nothing: it is the backend that is late.
func TestReviewExpectUnanswered(t *testing.T) {
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

// TestReviewConnectingEndsWithTheRequest: request_timeout bounds all of it.
func TestReviewConnectingEndsWithTheRequest(t *testing.T) {
	s := start(t, limits("request_timeout: 500ms", calm+"    connections: {connect_timeout: 30s}\n", mute(t, nil)))
	c, r := dial(t, s)
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if status, _, err := reply(t, r); err != nil || status != 504 {
		t.Errorf("status %d, %v; want 504 after request_timeout", status, err)
	}
}

// TestReviewCloseWhileConnecting: nobody waits for a backend that does not shake hands.
func TestReviewCloseWhileConnecting(t *testing.T) {
	entered := make(chan struct{}, 1)
	s := start(t, yaml(calm+"    connections: {connect_timeout: 8s}\n", mute(t, entered)))
	c, _ := dial(t, s)
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-entered
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	select {
	case <-closed:
	case <-time.After(patient / 2):
		t.Error("Close waits for a connection to be made")
		<-closed
	}
}

// TestReviewLastAnswerArrives: the proxy ends the connection, for it drains, while
// the client has sent one more request: closing a socket with unread bytes throws
// away what is still to be sent.
func TestReviewLastAnswerArrives(t *testing.T) {
	const size = 256 << 10
	entered, leave := make(chan struct{}), make(chan struct{})
	s := start(t, yaml(calm, httptestServer(t, func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-leave
		w.Header().Set("Content-Length", strconv.Itoa(size))
		_, _ = io.WriteString(w, strings.Repeat("x", size))
	})))
	d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
	}}
	c, err := d.Dial("tcp", s.Addr("web").String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(patient))
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-entered
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	s.mu.Lock()
	var l *listener
	for _, l = range s.listeners {
		l.stopping.Store(true)
	}
	s.mu.Unlock()
	close(leave)
	eventually(t, "the proxy has nothing more to say", func() bool { return l.count() == 0 })
	if _, body, err := reply(t, bufio.NewReader(c)); err != nil || len(body) != size {
		t.Errorf("%d bytes of %d, %v", len(body), size, err)
	}
}

// TestReviewLookUpSeesTheRequest: what a client sent with its end is a
// request like any other.
func TestReviewLookUpSeesTheRequest(t *testing.T) {
	s := start(t, yaml(calm, answering(t, "a").URL))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	theirs, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = theirs.Close() }()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	write(t, theirs, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	_ = theirs.(*net.TCPConn).CloseWrite()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.listeners {
		c := &client{listener: l, conf: l.conf.Load(), until: s.clock.now().Add(time.Hour)}
		if err := c.init(conn, conn.(*net.TCPConn), true, s.clock); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the end has come", func() bool { return c.look().finished() })
		if c.lookUp(); c.phase == phaseOver {
			t.Error("the connection is given up, and the request in it was not read")
		}
	}
}

// TestReviewTwoListenersOfOneAddress: the configuration permits it with port 0, and
// with reuse_port.
func TestReviewTwoListenersOfOneAddress(t *testing.T) {
	text := yaml(calm, answering(t, "a").URL)
	s := start(t, strings.Replace(text, "listeners: [", "listeners: [{name: other, address: \"127.0.0.1:0\"}, ", 1))
	for _, name := range []string{"other", "web"} {
		if s.Addr(name) == nil {
			t.Errorf("nobody accepts on listener %s", name)
		}
	}
}

// TestReviewLimitPerClientBehindAProxy: who the client is, the PROXY header says.
func TestReviewLimitPerClientBehindAProxy(t *testing.T) {
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

// TestReviewRenamedListenerCounts: metrics go by the name that is in force.
func TestReviewRenamedListenerCounts(t *testing.T) {
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
