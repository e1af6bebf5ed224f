package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/proxy/admin"
	"github.com/lbctl/lbctl/proxy/metrics"
)

// fakeEngine is a proxy that only notes what is asked of it.
type fakeEngine struct {
	admin.Engine // nil: of what the admin listener shows there is nothing
	metrics      *metrics.Set
	mu           sync.Mutex
	calls        []string
	startErr     error
	reopenErr    error
	reload       func(*serve.Config) error
	shutdown     func(context.Context) error
}

func (f *fakeEngine) note(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, fmt.Sprintf(format, args...))
}

func (f *fakeEngine) Metrics() *metrics.Set { return f.metrics }

func (f *fakeEngine) Start() error { f.note("start"); return f.startErr }

func (f *fakeEngine) Addr(string) net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
}

func (f *fakeEngine) Reload(c *serve.Config) error {
	f.note("reload %d", len(c.Pools[0].Backends))
	if f.reload != nil {
		return f.reload(c)
	}
	return nil
}

func (f *fakeEngine) Shutdown(ctx context.Context) error {
	f.note("shutdown")
	if f.shutdown != nil {
		return f.shutdown(ctx)
	}
	return nil
}

func (f *fakeEngine) ReopenLog() error { f.note("reopen log"); return f.reopenErr }

func (f *fakeEngine) Close() error { f.note("close"); return nil }

func (f *fakeEngine) did() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.calls, ", ")
}

// rig is a supervisor before a fake engine, and the means to make things happen to it.
type rig struct {
	t       *testing.T
	engine  *fakeEngine
	file    string
	hangups chan os.Signal
	looks   chan time.Time
	signals chan os.Signal
	log     syncBuffer
	states  chan string // told to the service manager
	cancel  context.CancelCauseFunc
	ended   chan error
}

// syncBuffer is a buffer that several goroutines may use.
type syncBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

func backends(n int) string {
	var urls []string
	for i := range n {
		urls = append(urls, fmt.Sprintf("http://10.0.0.%d", i+1))
	}
	text, _ := json.Marshal(map[string]any{
		"listeners": []any{map[string]any{"address": ":8080"}},
		"admin":     "off",
		"pools":     []any{map[string]any{"name": "web", "backends": urls}},
	})
	return string(text)
}

// newRig writes a file with one backend. Start begins to serve it.
func newRig(t *testing.T) *rig {
	r := &rig{
		t: t, engine: &fakeEngine{metrics: metrics.NewSet()}, file: filepath.Join(t.TempDir(), "lbctl.yaml"), hangups: make(chan os.Signal),
		looks: make(chan time.Time), signals: make(chan os.Signal, 1), states: make(chan string, 100), ended: make(chan error, 1),
	}
	r.write(backends(1))
	return r
}

func (r *rig) write(text string) { check(r.t, os.WriteFile(r.file, []byte(text), 0o666)) }

// start serves, and waits until the service manager hears of it.
func (r *rig) start() {
	log := slog.New(slog.NewTextHandler(&r.log, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	sv := &supervisor{
		load:      func() (*loaded, error) { return loadServerFile(r.file) },
		newEngine: func(*serve.Config, *slog.Logger) (engine, error) { return r.engine, nil },
		newAdmin: func(_ engine, reload func() error, _ *slog.Logger) http.Handler {
			mux := http.NewServeMux()
			mux.HandleFunc("POST /reload", func(w http.ResponseWriter, _ *http.Request) {
				if err := reload(); err != nil {
					http.Error(w, err.Error(), http.StatusConflict)
				}
			})
			return mux
		},
		log: log, notify: notifier{r.listen(), log}, hangups: r.hangups, looks: r.looks,
		secondSignal: func() (<-chan os.Signal, func()) { return r.signals, func() {} },
	}
	ctx, cancel := context.WithCancelCause(r.t.Context())
	r.cancel = cancel
	go func() { r.ended <- sv.run(ctx) }()
}

// listen plays the service manager.
func (r *rig) listen() string {
	name := filepath.Join(r.t.TempDir(), "n")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	check(r.t, err)
	r.t.Cleanup(func() { c.Close() })
	go func() {
		buf := make([]byte, 1000)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			r.states <- string(buf[:n])
		}
	}()
	return name
}

// state waits for the next word to the service manager.
func (r *rig) state() string {
	r.t.Helper()
	select {
	case s := <-r.states:
		return s
	case <-time.After(time.Minute):
		r.t.Fatal("the service manager hears nothing")
	}
	return ""
}

// reloaded expects a reload to begin and end.
func (r *rig) reloaded() {
	r.t.Helper()
	begin, after, _ := strings.Cut(r.state(), "\n")
	var micros int64
	if _, err := fmt.Sscanf(after, "MONOTONIC_USEC=%d", &micros); err != nil || begin != "RELOADING=1" {
		r.t.Errorf("got %q %q", begin, after)
	}
	if s := r.state(); s != "READY=1" {
		r.t.Errorf("after a reload: got %q", s)
	}
}

// look lets the supervisor look at the file, n times.
func (r *rig) look(n int) {
	for range n {
		r.looks <- time.Time{}
	}
}

// end waits for the end and returns the exit code.
func (r *rig) end() (code int, err error) {
	r.t.Helper()
	select {
	case err := <-r.ended:
		var exit exitError
		if errors.As(err, &exit) {
			return exit.code, exit.err
		}
		if err != nil {
			r.t.Fatalf("an error without an exit code: %v", err)
		}
		return 0, nil
	case <-time.After(time.Minute):
		r.t.Fatal("does not end")
	}
	return 0, nil
}

func (r *rig) expect(calls string) {
	r.t.Helper()
	if got := r.engine.did(); got != calls {
		r.t.Errorf("engine: got %s, want %s", got, calls)
	}
}
