package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lbctl/lbctl/fakebackends"
)

const fakeYAML = `
name: two
duration: 60s
arrivals: {poisson: {rate_rps: 1000}}
classes: [{demand: 1ms}]
backends: [{name: b, count: 2}]
faults: [{backend: "b[1]", crash: {}}]
`

// TestFakeBackends starts backends as lbctl fakebackends does, begins by a line, makes a request, and interrupts.
func TestFakeBackends(t *testing.T) {
	c := fakeScenario(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	stdin, say := io.Pipe()
	stdout, out := io.Pipe()
	var errs syncBuffer
	done := make(chan error)
	go func() { done <- actOut(ctx, c, fakebackends.Options{}, stdin, streams{out, &errs}) }()

	var told fakesJSON
	if err := json.NewDecoder(stdout).Decode(&told); err != nil {
		t.Fatal(err)
	}
	if told.Scenario != "two" || told.Seed != 1 || told.DurationS != 60 || len(told.Backends) != 2 || told.Backends[1].Name != "b[1]" {
		t.Errorf("got %+v", told)
	}
	go io.Copy(io.Discard, stdout)
	fmt.Fprint(say, "begin\nstart\n")
	awaitText(t, &errs, "b[1]: crashed")
	resp, err := http.Get(told.Backends[0].URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	cancel(stopSignal{syscall.SIGTERM})
	if err, ok := (<-done).(exitError); !ok || err.code != 143 || !strings.HasPrefix(err.Error(), "stopped after ") {
		t.Errorf("ends with %v", err)
	}
	log := strings.Join(strings.Fields(errs.String()), " ")
	for _, want := range []string{
		`listening; a line "start" begins the scenario`, `expected a line "start", got "begin"`, "b[0] 1 1 0 0 0 0 0", "all 1 1 0 0 0 0 0",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in %s", want, log)
		}
	}
}

func fakeScenario(t *testing.T) chosen {
	t.Chdir(t.TempDir())
	check(t, os.WriteFile("two.yaml", []byte(fakeYAML), 0o600))
	c, err := loadOne("./two.yaml", nil)
	check(t, err)
	return c
}

// TestFakeBackendsEnd lets a scenario end, and standard input before one begins.
func TestFakeBackendsEnd(t *testing.T) {
	c := fakeScenario(t)
	if got := command(t.Context(), "fakebackends", c.arg, "--duration", "5ms", "--start-now"); got.code != 0 || !strings.Contains(got.err, "peak queue") {
		t.Errorf("exit %d: %s", got.code, got.err)
	}
	err := actOut(t.Context(), c, fakebackends.Options{}, strings.NewReader("\n"), streams{io.Discard, io.Discard})
	if exit, ok := err.(exitError); !ok || exit.code != exitUsage || !strings.Contains(err.Error(), "--start-now") {
		t.Errorf("without a start: %v", err)
	}
}

// TestFakeBackendsRefuses tells what is wrong with a command line.
func TestFakeBackendsRefuses(t *testing.T) {
	c := fakeScenario(t)
	for _, x := range []struct {
		args string
		code int
		want string
	}{
		{"", exitUsage, "expected one scenario, got 0 arguments"},
		{"prequal-rules", exitUsage, "cases; choose one: prequal-rules/"},
		{c.arg + " --port-base 65535", exitUsage, "--port-base: expected 1 to 65534 for 2 backends, or 0 for any ports that are free, got 65535"},
		{c.arg + " --port-base -1", exitUsage, "or 0 for any ports that are free, got -1"},
		{c.arg + " --listen 192.0.2.1", exitFailed, "192.0.2.1"},
	} {
		got := command(t.Context(), append([]string{"fakebackends", "--start-now"}, strings.Fields(x.args)...)...)
		if got.code != x.code || !strings.Contains(got.err, x.want) || got.out != "" {
			t.Errorf("%s: exit %d, %q %q, want %d, %q", x.args, got.code, got.out, got.err, x.code, x.want)
		}
	}
}

// awaitText waits until a log has some text.
func awaitText(t *testing.T, log fmt.Stringer, text string) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); !strings.Contains(log.String(), text); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("no %q in %s", text, log)
		}
	}
}
