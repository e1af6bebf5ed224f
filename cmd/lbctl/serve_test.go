package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lbctl/lbctl/config/serve"
)

// fakeEngine is a proxy that only notes what is asked of it.
type fakeEngine struct {
	mu        sync.Mutex
	calls     []string
	startErr  error
	reopenErr error
	reload    func(*serve.Config) error
	shutdown  func(context.Context) error
}

func (f *fakeEngine) note(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, fmt.Sprintf(format, args...))
}

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
		t: t, engine: &fakeEngine{}, file: filepath.Join(t.TempDir(), "lbctl.yaml"), hangups: make(chan os.Signal),
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
		newAdmin: func(_ engine, reload func() error) http.Handler {
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

func TestServeStartsReloadsAndStops(t *testing.T) {
	r := newRig(t)
	r.start()
	if s := r.state(); s != "READY=1" {
		t.Errorf("got %q", s)
	}
	r.write(backends(2))
	r.hangups <- syscall.SIGHUP
	r.reloaded()

	r.write(`{"listeners": [{"address": 80}], "pools": [{"name": "web", "backends": ["b"]}]}`)
	r.hangups <- syscall.SIGHUP
	r.reloaded()

	r.cancel(stopSignal{syscall.SIGTERM})
	if s := r.state(); s != "STOPPING=1" {
		t.Errorf("got %q", s)
	}
	if code, err := r.end(); code != 0 {
		t.Errorf("exit %d: %v", code, err)
	}
	r.expect("start, reload 2, reopen log, reopen log, shutdown, close")
	want := strings.ReplaceAll(`level=INFO msg=listening listener=:8080 protocol=http address=127.0.0.1:8080
level=INFO msg=balancing pool=web policy=p2c backends=1
level=INFO msg=ready config=FILE admin=off
level=INFO msg=reloaded config=FILE because=SIGHUP holds="1 listener, 1 route, 1 pool, 2 backends"
level=ERROR msg="not reloaded: the old configuration runs on" because=SIGHUP error="FILE:1:28: listeners[0].address: expected host:port, like \":8080\" or \"127.0.0.1:8080\", or unix:/path; got \"80\"; did you mean \":80\"?"
level=ERROR msg="not reloaded: the old configuration runs on" because=SIGHUP error="FILE:1:73: pools[0].backends[0]: expected a URL like \"http://10.0.0.1:8080\", \"https://app.example:8443\" or \"unix:/run/app.sock\"; got \"b\"; did you mean \"http://b:80\"?"
level=INFO msg=stopping because="signal: terminated" drain_timeout=30s
level=INFO msg=stopped
`, "FILE", r.file)
	if got := r.log.String(); got != want {
		t.Errorf("log: got\n%swant\n%s", got, want)
	}
}

// TestWatcher changes the file, with all that may happen on the way.
func TestWatcher(t *testing.T) {
	r := newRig(t)
	c, err := loadServerFile(r.file)
	check(t, err)
	w := watcher{c.seen, c.seen}
	looks := func(want string) {
		t.Helper()
		got := ""
		for range want {
			if w.changed(c) {
				got += "!"
			} else {
				got += "."
			}
		}
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	looks("...")
	r.write(backends(3)) // half written, as it were
	looks(".")
	r.write(backends(2))
	looks(".!!")

	w.refuse()
	looks("...")
	check(t, os.Remove(r.file))
	looks("...")
	r.write(backends(1))
	looks(".!")

	c, err = loadServerFile(r.file)
	check(t, err)
	w.reset(c.seen)
	looks("...")
	target := r.file + ".next"
	check(t, os.WriteFile(target, []byte(backends(4)), 0o666))
	check(t, os.Remove(r.file))
	check(t, os.Symlink(target, r.file))
	looks(".!")
}

// TestServeWatches changes the file until the server has taken it.
func TestServeWatches(t *testing.T) {
	r := newRig(t)
	r.start()
	r.state()
	r.write(backends(2))
	r.look(2)
	r.reloaded()
	r.write("not: valid")
	r.look(2)
	r.reloaded()
	r.look(3) // it is refused once
	r.write(`{"watch": false, ` + backends(3)[1:])
	r.look(2)
	r.reloaded()
	r.write(backends(4))
	r.look(4)
	r.cancel(stopSignal{syscall.SIGTERM})
	r.state()
	r.end()
	r.expect("start, reload 2, reload 3, shutdown, close")
}

func TestAChangedCertificateReloads(t *testing.T) {
	before := fingerprintOf([]byte("x"), []string{filepath.Join(t.TempDir(), "none.pem")})
	file := filepath.Join(t.TempDir(), "c.pem")
	for _, text := range []string{"a", "b", "ab"} {
		check(t, os.WriteFile(file, []byte(text), 0o666))
		if now := fingerprintOf([]byte("x"), []string{file}); now == before {
			t.Errorf("%q is not told apart from what was there before", text)
		} else {
			before = now
		}
	}
	if fingerprintOf([]byte("xa"), nil) == fingerprintOf([]byte("x"), []string{file}) {
		t.Error("where one file ends and another begins makes no difference")
	}
}

// TestServeRefusesAnEngineThatWillNotReload keeps what runs when the configuration is good, but an address is taken.
func TestServeRefusesAnEngineThatWillNotReload(t *testing.T) {
	r := newRig(t)
	r.engine.reload = func(*serve.Config) error { return errors.New("address in use") }
	r.engine.reopenErr = errors.New("no space")
	r.start()
	r.state()
	r.hangups <- syscall.SIGHUP
	r.reloaded()
	r.cancel(stopSignal{os.Interrupt})
	r.state()
	if code, err := r.end(); code != 0 {
		t.Errorf("exit %d: %v", code, err)
	}
	for _, want := range []string{`because=SIGHUP error="address in use"`, `error="no space"`} {
		if !strings.Contains(r.log.String(), want) {
			t.Errorf("no %s in\n%s", want, r.log.String())
		}
	}
}

func TestServeThatCannotStart(t *testing.T) {
	r := newRig(t)
	r.engine.startErr = errors.New("listener web: address already in use")
	r.start()
	if code, err := r.end(); code != exitFailed || err.Error() != r.engine.startErr.Error() {
		t.Errorf("exit %d: %v", code, err)
	}
	r.expect("start, close")

	r = newRig(t)
	r.write("listeners: []")
	r.start()
	if code, _ := r.end(); code != exitUsage {
		t.Errorf("exit %d", code)
	}
	r.expect("")
}

func TestASecondSignalStopsAtOnce(t *testing.T) {
	for signal, want := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		r := newRig(t)
		r.engine.shutdown = func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		r.start()
		r.state()
		r.cancel(stopSignal{syscall.SIGTERM})
		r.state()
		r.signals <- signal
		if code, err := r.end(); code != want || !strings.Contains(err.Error(), "second signal") {
			t.Errorf("%v: exit %d: %v", signal, code, err)
		}
	}
}

func TestTheDrainLimitEndsAStop(t *testing.T) {
	r := newRig(t)
	r.write(`{"drain_timeout": "0s", ` + backends(1)[1:])
	r.engine.shutdown = func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	r.start()
	r.state()
	r.cancel(stopSignal{syscall.SIGTERM})
	if code, err := r.end(); code != exitFailed || !strings.Contains(err.Error(), "drain_timeout (0s) was over") {
		t.Errorf("exit %d: %v", code, err)
	}
}

// TestAdminMoves reloads through the admin listener, with a file that moves it, and with one that cannot.
func TestAdminMoves(t *testing.T) {
	r := newRig(t)
	dir := t.TempDir()
	first, second := filepath.Join(dir, "1"), filepath.Join(dir, "2")
	at := func(path string) string { return strings.Replace(backends(1), `"off"`, `"unix:`+path+`"`, 1) }
	r.write(at(first))
	r.start()
	r.state()
	if status, _ := post(t, first); status != http.StatusOK {
		t.Errorf("got %d", status)
	}
	r.reloaded()
	r.write(at(second))
	if status, _ := post(t, first); status != http.StatusOK {
		t.Errorf("got %d", status)
	}
	r.reloaded()
	if _, err := net.Dial("unix", first); err == nil {
		t.Error("the old address still answers")
	}
	r.write(at(filepath.Join(dir, "none", "3")))
	if status, text := post(t, second); status != http.StatusConflict || !strings.Contains(text, "no such file or directory") {
		t.Errorf("got %d, %s", status, text)
	}
	r.reloaded()
	r.expect("start, reload 1, reload 1")
	r.cancel(stopSignal{syscall.SIGTERM})
	r.end()
}

// post asks for a reload through a Unix socket.
func post(t *testing.T, socket string) (status int, text string) {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}}
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport}).Post("http://admin/reload", "", nil)
	check(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	check(t, err)
	return answer.StatusCode, string(body)
}

// TestAStaleSocketIsReplaced is for a process that was killed and left its socket behind.
func TestAStaleSocketIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	check(t, err)
	l.SetUnlinkOnClose(false)
	a := adminListener{}
	to := serve.AdminAddress{Address: serve.Address{Network: "unix", Addr: path}}
	if _, err := a.prepare(to); err == nil {
		t.Error("took over a socket that is in use")
	}
	check(t, l.Close())
	m, err := a.prepare(to)
	check(t, err)
	m.abandon()
}

// TestNobodyToNotify goes on when there is no service manager, or it has gone.
func TestNobodyToNotify(t *testing.T) {
	notifier{log: slog.New(slog.NewTextHandler(io.Discard, nil))}.ready()
	var log bytes.Buffer
	notifier{filepath.Join(t.TempDir(), "gone"), slog.New(slog.NewTextHandler(&log, nil))}.ready()
	if !strings.Contains(log.String(), "cannot notify the service manager") {
		t.Errorf("got %q", log.String())
	}
}
