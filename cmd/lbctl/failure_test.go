package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/lbctl/lbctl/experiment"
)

// TestMain makes the test binary a second lbctl, for what only a process of its own can show.
func TestMain(m *testing.M) {
	if os.Getenv("LBCTL_TEST_MAIN") != "" {
		main()
	}
	os.Exit(m.Run())
}

// process starts an lbctl that writes so many events that it is blocked until they are read. It
// returns what it prints, with the first line read, and a function that waits for its end.
func process(t *testing.T, args ...string) (cmd *exec.Cmd, out io.ReadCloser, wait func() (code int, stderr string)) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	cmd = exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), "LBCTL_TEST_MAIN=1")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	if _, err := bufio.NewReaderSize(out, 16).ReadString('{'); err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	return cmd, out, func() (int, string) {
		var exit *exec.ExitError
		if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), stderr.String()
	}
}

// A day of events is more than any pipe holds.
var endless = []string{"simulate", "uniform", "--duration", "24h", "--events", "-"}

func TestSignalsEndARun(t *testing.T) {
	for _, c := range []struct {
		signal syscall.Signal
		code   int
	}{{syscall.SIGINT, 130}, {syscall.SIGTERM, 143}} {
		cmd, out, wait := process(t, endless...)
		check(t, cmd.Process.Signal(c.signal))
		_, err := io.Copy(io.Discard, out)
		check(t, err)
		code, stderr := wait()
		if want := "lbctl: stopped before the end; nothing written\n"; code != c.code || stderr != want {
			t.Errorf("%v: exit %d, %q; want %d, %q", c.signal, code, stderr, c.code, want)
		}
	}
}

func TestAReaderThatLeavesEndsARun(t *testing.T) {
	_, out, wait := process(t, endless...)
	check(t, out.Close())
	if code, stderr := wait(); code != 141 || stderr != "" {
		t.Errorf("exit %d, %q; want 141 and nothing", code, stderr)
	}
}

// broken takes so many bytes and then fails.
type broken struct {
	left int
	err  error
}

func (b *broken) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, b.err
	}
	return len(p), nil
}

var commands = [][]string{
	{"compare", "tiny.yaml"}, {"compare", "tiny.yaml", "--json", "-"}, {"compare", "tiny.yaml", "--csv", "-"}, {"compare", "tiny.yaml", "--html", "-"},
	{"simulate", "tiny.yaml/low"}, {"simulate", "tiny.yaml/low", "--explain", "9"}, {"simulate", "tiny.yaml/low", "--json", "-"},
	{"simulate", "tiny.yaml/low", "--events", "-"}, {"policies"}, {"policies", "--json"}, {"scenarios", "list"}, {"scenarios", "list", "--json"},
	{"scenarios", "show", "uniform"}, {"scenarios", "validate", "tiny.yaml"}, {"scenarios", "schema"}, {"version"}, {"--version"}, {"help"}, {},
	{"compare", "--help"}, {"completion", "bash"}, {"__complete", "compare", ""},
}

// No command pretends that it was heard.
func TestStandardOutputFails(t *testing.T) {
	inScratch(t)
	for _, args := range commands {
		for _, left := range []int{0, 10} {
			var stderr strings.Builder
			full := &broken{left: left, err: &os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.ENOSPC}}
			code := run(t.Context(), append([]string{}, args...), streams{full, &stderr})
			if want := "lbctl: standard output: no space left on device\n"; code != exitFailed || !strings.HasSuffix(stderr.String(), want) {
				t.Errorf("%q: exit %d, %q", args, code, stderr.String())
			}
			stderr.Reset()
			code = run(t.Context(), append([]string{}, args...), streams{&broken{left: left, err: syscall.EPIPE}, &stderr})
			if strings.Contains(stderr.String(), "lbctl:") || code != exitPipe {
				t.Errorf("%q into a closed pipe: exit %d, %q", args, code, stderr.String())
			}
		}
	}
}

// The files are written even if nobody reads the table.
func TestFilesAreWrittenThoughThePipeIsClosed(t *testing.T) {
	inScratch(t)
	code := run(t.Context(), []string{"compare", "tiny.yaml", "--json", "out.json"}, streams{&broken{err: syscall.EPIPE}, io.Discard})
	if got := read(t, "out.json"); code != exitPipe || !strings.HasSuffix(got, "}\n") {
		t.Errorf("exit %d, %d bytes", code, len(got))
	}
}

// Files are replaced together, once all are whole; a failure leaves them and nothing else.
func TestFailedOutputsLeaveTheOldFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	check(t, os.WriteFile("old", []byte("old"), 0o644))
	good := func(w io.Writer, _ *experiment.Result) error {
		_, err := io.WriteString(w, "new")
		return err
	}
	bad := func(w io.Writer, r *experiment.Result) error {
		return errors.Join(good(w, r), errors.New("it broke"))
	}
	var outs outputs
	outs.add("json", "old", "JSON", good)
	outs.add("csv", "new", "CSV", bad)
	var stdout strings.Builder
	outs.add("html", "-", "report", good)
	if err := outs.write(nil, &stdout); err == nil || err.Error() != "--csv new: it broke" {
		t.Errorf("got %v", err)
	}
	if got := read(t, "old") + ls(t) + stdout.String(); got != "old-rw-r--r-- old\n" {
		t.Errorf("left behind: %s", got)
	}
	outs[1].render = good
	check(t, outs.write(nil, &stdout))
	if got := read(t, "old") + read(t, "new") + stdout.String(); got != "newnewnew" {
		t.Errorf("written: %s", got)
	}
}

func TestReplacementIsWholeOrNotThere(t *testing.T) {
	t.Chdir(t.TempDir())
	check(t, os.WriteFile("file", []byte("old"), 0o640))
	r, err := replace("file")
	check(t, err)
	_, err = r.WriteString("new and longer")
	check(t, err)
	if got := read(t, "file"); got != "old" {
		t.Errorf("before its end there is %q", got)
	}
	check(t, r.commit())
	r.discard() // too late
	if got := read(t, "file"); got != "new and longer" {
		t.Errorf("there is %q", got)
	}
	r, err = replace("file")
	check(t, err)
	r.discard()
	if err := r.commit(); err == nil {
		t.Error("what was discarded was committed")
	}
	if got := ls(t); got != "-rw-r----- file\n" {
		t.Errorf("there are\n%s", got)
	}
}

func TestReplacingWhereNothingMayBeWritten(t *testing.T) {
	t.Chdir(t.TempDir())
	check(t, os.Mkdir("dir", 0o755))
	check(t, os.WriteFile("file", nil, 0o644))
	check(t, os.Symlink("loop", "loop"))
	for _, name := range []string{"dir", "dir/", "none/file", "file/file", "loop", strings.Repeat("x", 300) + "/y"} {
		if err := writable(name); err == nil {
			t.Errorf("%s is writable", name)
		}
	}
	for _, name := range []string{"file", "dir/new", os.DevNull, "./file"} {
		if err := writable(name); err != nil {
			t.Errorf("%s is not writable: %v", name, err)
		}
	}
	if got := ls(t); strings.Count(got, "\n") != 3 {
		t.Errorf("there are\n%s", got)
	}
}

// What is not a regular file is written to, not replaced.
func TestDevicesStayDevices(t *testing.T) {
	inScratch(t)
	before, err := os.Stat(os.DevNull)
	check(t, err)
	must(t, "compare", "tiny.yaml", "--json", os.DevNull, "--csv", os.DevNull, "--html", os.DevNull)
	after, err := os.Stat(os.DevNull)
	check(t, err)
	if !os.SameFile(before, after) || after.Mode().IsRegular() {
		t.Errorf("%s was %v and is %v", os.DevNull, before.Mode(), after.Mode())
	}
}

func TestFollow(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	check(t, os.Mkdir("sub", 0o755))
	check(t, os.Symlink("sub/b", "a"))
	check(t, os.Symlink("../c", "sub/b"))
	check(t, os.Symlink(filepath.Join(dir, "e"), "d"))
	for name, want := range map[string]string{"a": "c", "sub/b": "c", "d": filepath.Join(dir, "e"), "x": "x", "./x": "./x"} {
		if got := follow(name); got != want {
			t.Errorf("follow(%s) = %s, want %s", name, got, want)
		}
	}
}
