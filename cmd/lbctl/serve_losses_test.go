package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestServeLossesUnderLoad counts requests that fail while the server file is loaded over and over, while one
// process hands its port over to the next, and when a backend is killed. With -v it prints the counts. The
// clients never try again: what Go's own client would repeat in silence counts as failed here.
func TestServeLossesUnderLoad(t *testing.T) {
	a, b := backendProcess(t), backendProcess(t)
	port := freePort(t)
	file := filepath.Join(t.TempDir(), "lbctl.yaml")
	write := func(policy string, backends ...*backendUnderTest) {
		var urls []string
		for _, b := range backends {
			urls = append(urls, "http://"+b.address)
		}
		text, err := json.Marshal(map[string]any{
			"listeners": []any{map[string]any{"address": port, "reuse_port": true}},
			"pools":     []any{map[string]any{"name": "web", "backends": urls, "pool": map[string]any{"policy": policy}}},
			"admin":     "off", "watch": false,
		})
		check(t, err)
		check(t, os.WriteFile(file, text, 0o666))
	}
	write("p2c", a, b)
	s := serveProcess(t, "-c", file)
	s.logged("ready")
	l := askWithoutMercy(port, 16)

	const reloads = 20
	for i := range reloads {
		write([]string{"round_robin", "least_connections", "peak_ewma", "p2c"}[i%4], [][]*backendUnderTest{{b}, {a, b}, {a}, {a, b}}[i%4]...)
		s.signal(syscall.SIGHUP)
		s.logged("reloaded")
		l.more(t, 200)
	}
	l.report(t, fmt.Sprintf("%d reloads", reloads), 0)

	if runtime.GOOS == "linux" { // elsewhere nothing keeps handshakes from the socket that closes
		const takeovers = 3
		for range takeovers {
			next := serveProcess(t, "-c", file)
			next.logged("ready")
			s.signal(syscall.SIGTERM)
			if code, plain := s.exit(); code != 0 {
				t.Errorf("exit %d, %q", code, plain)
			}
			s = next
			l.more(t, 200)
		}
		l.report(t, fmt.Sprintf("%d replacements by another process", takeovers), 0)
	}

	b.kill()
	l.more(t, 5000)
	l.report(t, "kill -9 of one of two backends", len(l.clients)) // what it had under way is lost with it
	l.stop()
	s.signal(syscall.SIGTERM)
	if code, plain := s.exit(); code != 0 {
		t.Errorf("exit %d, %q", code, plain)
	}
}

// backendUnderTest is a backend in a process of its own.
type backendUnderTest struct {
	address string
	kill    func()
}

func backendProcess(t *testing.T) *backendUnderTest {
	t.Helper()
	address := freePort(t)
	_, port, err := net.SplitHostPort(address)
	check(t, err)
	file := filepath.Join(t.TempDir(), "backend.yaml")
	check(t, os.WriteFile(file, []byte("duration: 1h\narrivals: {poisson: {rate_rps: 1}}\nclasses: [{demand: 2ms}]\nbackends: [{name: one, slots: 64}]\n"), 0o666))
	cmd := exec.CommandContext(t.Context(), os.Args[0], "fakebackends", file, "--start-now", "--port-base", port)
	cmd.Env = append(os.Environ(), "LBCTL_TEST_MAIN=1")
	stdout, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || !strings.Contains(line, "{") {
		t.Fatalf("fake backend: %q, %v", line, err)
	}
	var once sync.Once
	kill := func() {
		once.Do(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
	}
	t.Cleanup(kill)
	return &backendUnderTest{address, kill}
}

// freePort returns an address on loopback that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// merciless are clients that ask one request after another, each over a connection of its own that it keeps as
// long as it may, and count what fails.
type merciless struct {
	address  string
	over     chan struct{}
	clients  []chan struct{} // closed when a client has ended
	asked    atomic.Int64
	failed   atomic.Int64
	reported [2]int64
	first    atomic.Pointer[error]
}

func askWithoutMercy(address string, clients int) *merciless {
	m := &merciless{address: address, over: make(chan struct{})}
	for i := range clients {
		ended := make(chan struct{})
		m.clients = append(m.clients, ended)
		go func() {
			defer close(ended)
			m.ask(i)
		}()
	}
	return m
}

func (m *merciless) ask(client int) {
	var conn net.Conn
	var r *bufio.Reader
	request := []byte("GET /" + strconv.Itoa(client) + " HTTP/1.1\r\nHost: test\r\n\r\n")
	for {
		select {
		case <-m.over:
			if conn != nil {
				_ = conn.Close()
			}
			return
		default:
		}
		err := error(nil)
		if conn == nil {
			if conn, err = net.Dial("tcp", m.address); err == nil {
				r = bufio.NewReader(conn)
			}
		}
		last := false
		if err == nil {
			last, err = exchange(conn, r, request)
		}
		m.asked.Add(1)
		if err != nil {
			m.failed.Add(1)
			m.first.CompareAndSwap(nil, &err)
		}
		if (err != nil || last) && conn != nil {
			_ = conn.Close()
			conn = nil
		}
	}
}

// exchange asks once. last says that the connection ends with the answer.
func exchange(conn net.Conn, r *bufio.Reader, request []byte) (last bool, err error) {
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := conn.Write(request); err != nil {
		return true, err
	}
	answer, err := http.ReadResponse(r, nil)
	if err != nil {
		return true, err
	}
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, body)
	}
	return answer.Close, err
}

// more waits until so many further requests were asked.
func (m *merciless) more(t *testing.T, n int64) {
	t.Helper()
	end := time.Now().Add(time.Minute)
	for until := m.asked.Load() + n; m.asked.Load() < until; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("clients are stuck")
		}
	}
}

// report tells what has failed since the last report, of which there may be so much.
func (m *merciless) report(t *testing.T, during string, most int) {
	t.Helper()
	asked, failed := m.asked.Load(), m.failed.Load()
	t.Logf("%s: %d of %d requests failed", during, failed-m.reported[1], asked-m.reported[0])
	if failed-m.reported[1] > int64(most) {
		t.Errorf("at most %d may; the first: %v", most, *m.first.Load())
	}
	m.reported = [2]int64{asked, failed}
	m.first.Store(nil)
}

func (m *merciless) stop() {
	close(m.over)
	for _, ended := range m.clients {
		<-ended
	}
}
