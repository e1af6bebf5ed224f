package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lbctl/lbctl/config/serve"
)

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

// TestNobodyToNotify goes on when there is no service manager, or it has gone.
func TestNobodyToNotify(t *testing.T) {
	notifier{log: slog.New(slog.NewTextHandler(io.Discard, nil))}.ready()
	var log bytes.Buffer
	notifier{filepath.Join(t.TempDir(), "gone"), slog.New(slog.NewTextHandler(&log, nil))}.ready()
	if !strings.Contains(log.String(), "cannot notify the service manager") {
		t.Errorf("got %q", log.String())
	}
}
