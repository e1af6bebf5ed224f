package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// serving is an lbctl serve in a process of its own.
type serving struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan map[string]any // of its log; closed at its end
}

func serveProcess(t *testing.T, args ...string) *serving {
	t.Helper()
	s := &serving{t: t, cmd: exec.CommandContext(t.Context(), os.Args[0], append([]string{"serve", "--log-format", "json"}, args...)...)}
	s.cmd.Env = append(os.Environ(), "LBCTL_TEST_MAIN=1")
	stderr, err := s.cmd.StderrPipe()
	check(t, err)
	check(t, s.cmd.Start())
	s.lines = make(chan map[string]any, 1000)
	go func() {
		defer close(s.lines)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			line := map[string]any{}
			if json.Unmarshal(lines.Bytes(), &line) != nil {
				line["plain"] = lines.Text()
			}
			s.lines <- line
		}
	}()
	return s
}

// logged waits for a line with that message.
func (s *serving) logged(msg string) map[string]any {
	s.t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case line, ok := <-s.lines:
			if !ok {
				s.t.Fatalf("ended without logging %q", msg)
			}
			if line["msg"] == msg {
				return line
			}
		case <-deadline:
			s.t.Fatalf("does not log %q", msg)
		}
	}
}

// exit waits for the end and returns the exit code, and what was printed besides the log.
func (s *serving) exit() (code int, plain string) {
	s.t.Helper()
	for line := range s.lines {
		if text, ok := line["plain"].(string); ok {
			plain += text + "\n"
		}
	}
	var exit *exec.ExitError
	if err := s.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	return s.cmd.ProcessState.ExitCode(), plain
}

func (s *serving) signal(sig syscall.Signal) { check(s.t, s.cmd.Process.Signal(sig)) }

func saying(t *testing.T, word string) *httptest.Server {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, word) }))
	t.Cleanup(backend.Close)
	return backend
}

func get(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	check(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	check(t, err)
	return answer.Status + " " + string(body)
}

// TestServeOnSockets goes from start to stop with the engine that users get.
func TestServeOnSockets(t *testing.T) {
	a, b := saying(t, "a"), saying(t, "b")
	s := serveProcess(t, "--listen", "127.0.0.1:0", "--backend", a.URL, "--backend", b.URL, "--policy", "round_robin", "--admin", "127.0.0.1:0")
	url := "http://" + s.logged("listening")["address"].(string) + "/"
	admin := "http://" + s.logged("ready")["admin"].(string)
	if got := get(t, url) + get(t, url); !strings.Contains(got, "a") || !strings.Contains(got, "b") {
		t.Errorf("got %q from two backends in turn", got)
	}
	s.signal(syscall.SIGHUP)
	s.logged("reloaded")
	if got := get(t, url); !strings.HasPrefix(got, "200 OK") {
		t.Errorf("after a reload: got %q", got)
	}
	answer, err := http.Post(admin+"/reload", "", nil)
	check(t, err)
	check(t, answer.Body.Close())
	s.logged("reloaded")
	for path, want := range map[string]string{
		"/readyz": "200 OK", "/config": `"use": "round_robin"`, "/metrics": `lbctl_config_reloads_total{result="success"} `,
	} {
		if got := get(t, admin+path); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want something with %q", path, got, want)
		}
	}
	s.signal(syscall.SIGTERM)
	if code, plain := s.exit(); code != 0 || plain != "" {
		t.Errorf("exit %d, %q", code, plain)
	}
}

// waiting is a backend that says on asked that a request for /wait has come, and answers it once over is closed.
func waiting(t *testing.T) (url string, asked <-chan bool, over chan<- bool) {
	came, done := make(chan bool), make(chan bool)
	backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			came <- true
			<-done
		}
	}))
	t.Cleanup(backend.Close)
	return backend.URL, came, done
}

// TestServeStopsWhenAllIsAnswered stops while requests wait for their answers: they get them.
func TestServeStopsWhenAllIsAnswered(t *testing.T) {
	const requests = 8
	backend, asked, over := waiting(t)
	s := serveProcess(t, "--listen", "127.0.0.1:0", "--backend", backend, "--admin", "off")
	url := "http://" + s.logged("listening")["address"].(string) + "/wait"
	results := make(chan error, requests)
	for range requests {
		go func() {
			answer, err := http.Get(url)
			if err == nil {
				err = answer.Body.Close()
				if answer.StatusCode != http.StatusOK {
					err = errors.New(answer.Status)
				}
			}
			results <- err
		}()
	}
	for range requests {
		<-asked
	}
	s.signal(syscall.SIGTERM)
	s.logged("stopping")
	close(over)
	for range requests {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if code, plain := s.exit(); code != 0 {
		t.Errorf("exit %d, %q", code, plain)
	}
}

// TestServeIsImpatientAtASecondSignal stops while a request waits for its answer.
func TestServeIsImpatientAtASecondSignal(t *testing.T) {
	backend, asked, over := waiting(t)
	defer close(over)
	s := serveProcess(t, "--listen", "127.0.0.1:0", "--backend", backend, "--admin", "off")
	url := "http://" + s.logged("listening")["address"].(string) + "/wait"
	go func() {
		if answer, err := http.Get(url); err == nil {
			_ = answer.Body.Close()
		}
	}()
	<-asked
	s.signal(syscall.SIGTERM)
	s.logged("stopping")
	s.signal(syscall.SIGINT)
	if code, plain := s.exit(); code != 130 || plain != "lbctl: stopped at once by a second signal (interrupt)\n" {
		t.Errorf("exit %d, %q", code, plain)
	}
}

func TestServeWhereSomebodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	for _, args := range [][]string{
		{"--listen", l.Addr().String(), "--admin", "off"},
		{"--listen", "127.0.0.1:0", "--admin", l.Addr().String()},
	} {
		s := serveProcess(t, append(args, "--backend", "http://127.0.0.1:1")...)
		if code, plain := s.exit(); code != exitFailed || !strings.Contains(plain, "address already in use") {
			t.Errorf("%q: exit %d, %q", args, code, plain)
		}
	}
}

// TestServeReloadsUnderLoad takes backends in and out while clients ask: no request may fail.
func TestServeReloadsUnderLoad(t *testing.T) {
	const clients, reloads = 4, 10
	a, b := saying(t, "a"), saying(t, "b")
	file := filepath.Join(t.TempDir(), "lbctl.yaml")
	write := func(urls ...string) {
		text, err := json.Marshal(map[string]any{
			"listeners": []any{map[string]any{"address": "127.0.0.1:0"}},
			"pools":     []any{map[string]any{"name": "web", "backends": urls}},
			"admin":     "off", "watch": false,
		})
		check(t, err)
		check(t, os.WriteFile(file, text, 0o666))
	}
	write(a.URL, b.URL)
	s := serveProcess(t, "-c", file)
	url := "http://" + s.logged("listening")["address"].(string) + "/"
	s.logged("ready")

	over := make(chan struct{})
	failures := make(chan error, clients)
	for range clients {
		go func() { failures <- askUntil(over, url) }()
	}
	for i := range reloads {
		if i%2 == 0 {
			write(b.URL)
		} else {
			write(a.URL, b.URL)
		}
		s.signal(syscall.SIGHUP)
		s.logged("reloaded")
	}
	close(over)
	for range clients {
		check(t, <-failures)
	}
	s.signal(syscall.SIGTERM)
	if code, plain := s.exit(); code != 0 {
		t.Errorf("exit %d, %q", code, plain)
	}
}

// askUntil asks again and again, over a connection of its own, and returns the first failure.
func askUntil(over <-chan struct{}, url string) error {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for {
		select {
		case <-over:
			return nil
		default:
		}
		answer, err := client.Get(url)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %v", answer.Status, err)
		}
	}
}
