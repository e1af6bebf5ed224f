package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
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

// TestServeIsImpatientAtASecondSignal stops while a request waits for its answer.
func TestServeIsImpatientAtASecondSignal(t *testing.T) {
	asked, over := make(chan bool), make(chan bool)
	backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			asked <- true
			<-over
		}
	}))
	t.Cleanup(backend.Close)
	defer close(over)
	s := serveProcess(t, "--listen", "127.0.0.1:0", "--backend", backend.URL, "--admin", "off")
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
