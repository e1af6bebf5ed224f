package accesslog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// numbered is the request of a number.
func numbered(n int) *Entry {
	e := typical()
	e.RequestID = strconv.AppendInt(nil, int64(n), 10)
	return &e
}

// numberOf returns the number of a line's request.
func numberOf(t *testing.T, line string) int {
	t.Helper()
	var got logged
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		t.Fatalf("%v in %q", err, line)
	}
	n, err := strconv.Atoi(got.ID)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestALoneLineIsWrittenSoon(t *testing.T) {
	d := &disk{}
	l := logTo(d, 1<<20)
	for i := range 3 {
		l.Write(numbered(i))
		eventually(t, "the line is written", func() bool { return strings.Count(d.text(), "\n") == i+1 })
	}
	check(t, l.Close())
	if !d.closed {
		t.Error("the file is open")
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestASlowDiskHoldsNobodyUp has many goroutines log while nothing can be
// written: memory stays bounded, and every line is either written or counted.
func TestASlowDiskHoldsNobodyUp(t *testing.T) {
	const goroutines, each, room = 4, 2000, 64 << 10
	d := &disk{gate: make(chan struct{})}
	l := logTo(d, room)
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			for i := range each {
				l.Write(numbered(g*each + i))
			}
		})
	}
	all.Wait()
	dropped := l.Dropped()
	if least := goroutines*each - room/len(jsonLine(*numbered(0))); dropped < uint64(least) {
		t.Errorf("%d lines were dropped: more than %d bytes were kept", dropped, room)
	}
	if c := cap(l.active); c != room/2 {
		t.Errorf("the buffer has grown to %d bytes", c)
	}
	close(d.gate)
	check(t, l.Close())
	seen := map[int]bool{}
	for _, line := range d.lines(t) {
		seen[numberOf(t, line)] = true
	}
	if len(seen) == 0 || uint64(len(seen))+dropped != goroutines*each {
		t.Errorf("%d lines are written and %d dropped, of %d", len(seen), dropped, goroutines*each)
	}
	l.Write(numbered(0))
	if l.Dropped() != dropped+1 {
		t.Error("a line after the end is not counted")
	}
	check(t, l.Close())
}

// TestALineLargerThanTheBuffer is dropped.
func TestALineLargerThanTheBuffer(t *testing.T) {
	d := &disk{}
	l := logTo(d, MinBufferBytes)
	e := typical()
	e.Target = bytes.Repeat([]byte{1}, 1000)
	l.Write(&e)
	l.Write(numbered(1))
	check(t, l.Close())
	if lines := d.lines(t); len(lines) != 1 || numberOf(t, lines[0]) != 1 || l.Dropped() != 1 {
		t.Errorf("got %q, %d dropped", lines, l.Dropped())
	}
}

func TestNothingIsAllocated(t *testing.T) {
	for _, format := range []string{FormatJSON, FormatCombined} {
		l := discarding(t, format)
		e := typical()
		e.Target, e.UserAgent = []byte("/\"\x00ü\xff"), []byte("\u2028😀")
		if n := testing.AllocsPerRun(1000, func() {
			if l.Sample(1) {
				l.Write(&e)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", format, n)
		}
	}
}

// TestAFullDisk loses no line that there is room for, tears none, and says so once.
func TestAFullDisk(t *testing.T) {
	d := &disk{refuse: errFull}
	var told lockedBuffer
	out := outputTo(d)
	out.log = slog.New(slog.NewTextHandler(&told, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	l := start(Config{Format: FormatJSON, BufferBytes: 1 << 20, FlushEvery: time.Millisecond}, out)
	for i := range 5 {
		l.Write(numbered(i))
		eventually(t, "it is tried again", func() bool { return d.tries() > 2*i })
	}
	d.set(nil, 7)
	eventually(t, "all is written", func() bool { return strings.Count(d.text(), "\n") == 5 })
	d.set(errFull, 0)
	l.Write(numbered(5))
	eventually(t, "it has failed again", func() bool { return strings.Count(told.String(), "cannot") == 2 })
	d.set(nil, 0)
	check(t, l.Close())
	for i, line := range d.lines(t) {
		if numberOf(t, line) != i {
			t.Errorf("line %d: %s", i, line)
		}
	}
	want := strings.Repeat(`level=ERROR msg="the access log cannot be written: lines that find no room are dropped" path=test error="no space left on device"
level=INFO msg="the access log is written again" path=test
`, 2)
	if got := told.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// TestCloseSaysWhatIsLost counts whole lines that could not be written.
func TestCloseSaysWhatIsLost(t *testing.T) {
	var dropped atomic.Uint64
	d := &disk{refuse: errFull}
	l := start(Config{Format: FormatJSON, BufferBytes: 1 << 20, FlushEvery: time.Hour, Dropped: &dropped}, outputTo(d))
	for i := range 3 {
		l.Write(numbered(i))
	}
	err := l.Close()
	// Each of the writes took half of what was left: at last, all but a part of the third line.
	if lost := 3 - strings.Count(d.text(), "\n"); !errors.Is(err, errFull) || err.Error() != fmt.Sprintf("access log: %d lines are lost: no space left on device", lost) || dropped.Load() != uint64(lost) {
		t.Errorf("got %v, %d dropped, %q", err, dropped.Load(), d.text())
	}
}

// TestRotation renames the file again and again while goroutines log.
func TestRotation(t *testing.T) {
	const goroutines, each, rotations = 2, 3000, 10
	dir := t.TempDir()
	path := filepath.Join(dir, "access.log")
	l, err := Open(Config{Path: path, Format: FormatJSON, BufferBytes: 16 << 20, SamplePct: 100, FlushEvery: time.Millisecond})
	check(t, err)
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			for i := range each {
				l.Write(numbered(g*each + i))
			}
		})
	}
	files := []string{path}
	for i := range rotations {
		old := fmt.Sprintf("%s.%d", path, i)
		check(t, os.Rename(path, old))
		check(t, l.Reopen())
		before, err := os.Stat(old)
		check(t, err)
		l.Write(numbered(goroutines*each + i))
		eventually(t, "the new file is written to", func() bool { now, err := os.Stat(path); return err == nil && now.Size() > 0 })
		if after, err := os.Stat(old); err != nil || after.Size() != before.Size() {
			t.Errorf("the old file is written to after Reopen: %v", err)
		}
		files = append(files, old)
	}
	all.Wait()
	check(t, l.Close())
	seen := map[int]bool{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		check(t, err)
		for _, line := range linesOf(t, string(text)) {
			seen[numberOf(t, line)] = true
		}
	}
	if want := goroutines*each + rotations; len(seen) != want || l.Dropped() != 0 {
		t.Errorf("%d lines of %d, %d dropped", len(seen), want, l.Dropped())
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o007 != 0 {
		t.Errorf("others may read it: %v, %v", info.Mode(), err)
	}
}

// TestReopenMendsATornLine writes the whole line to the new file when the old
// one got only its front.
func TestReopenMendsATornLine(t *testing.T) {
	old, next := &disk{refuse: errFull}, &disk{}
	out := outputTo(old)
	buf := []byte(jsonLine(*numbered(0)) + jsonLine(*numbered(1)))
	for strings.Count(old.text(), "\n") == 0 {
		if out.write(buf) == nil {
			t.Fatal("a full disk takes everything")
		}
	}
	out.open = func() (io.WriteCloser, error) { return nil, errFull }
	if err := out.reopen(); !errors.Is(err, errFull) || old.closed {
		t.Errorf("got %v", err)
	}
	out.open = func() (io.WriteCloser, error) { return next, nil }
	check(t, out.reopen())
	check(t, out.write(buf))
	if lines := next.lines(t); len(lines) != 1 || numberOf(t, lines[0]) != 1 || !old.closed {
		t.Errorf("got %q", lines)
	}
}

// TestAWriteThatHangs keeps neither Reopen nor Close for good.
func TestAWriteThatHangs(t *testing.T) {
	d, next := &disk{gate: make(chan struct{})}, &disk{}
	out := outputTo(d)
	out.stall = time.Millisecond
	out.open = func() (io.WriteCloser, error) { return next, nil }
	l := start(Config{Format: FormatJSON, BufferBytes: 1 << 20, FlushEvery: time.Millisecond}, out)
	l.Write(numbered(0))
	eventually(t, "it is being written", func() bool { return len(out.turn) == 1 })
	const want = "access log: test takes no lines: gave up after 1ms"
	if err := l.Reopen(); err == nil || err.Error() != want || !next.closed {
		t.Errorf("got %v", err)
	}
	if err := l.Close(); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	close(d.gate)
	<-l.done
	if len(d.lines(t)) != 1 {
		t.Errorf("got %q", d.text())
	}
}

func TestSample(t *testing.T) {
	const n = 100_000
	for _, pct := range []float64{0, 1e-9, 0.5, 25, 50, 99.9, 100} {
		l := &Log{limit: sampleLimit(pct), none: pct == 0}
		chosen := 0
		for i := range uint64(n) {
			first := l.Sample(i)
			if first {
				chosen++
			}
			if again := l.Sample(i); again != first {
				t.Fatal("not the same of the same")
			}
		}
		want := n * pct / 100
		if sigma := math.Sqrt(want * (1 - pct/100)); math.Abs(float64(chosen)-want) > 4*sigma {
			t.Errorf("%v%%: %d of %d", pct, chosen, n)
		}
	}
}

func TestMistakes(t *testing.T) {
	good := Config{Path: "stdout", Format: FormatJSON, BufferBytes: MinBufferBytes, SamplePct: 100}
	for want, spoil := range map[string]func(*Config){
		`access log: format: expected json or combined, got "xml"`:   func(c *Config) { c.Format = "xml" },
		"access log: buffer: expected at least 4096 bytes, got 4095": func(c *Config) { c.BufferBytes-- },
		"access log: sample: expected 0 to 100%, got 101":            func(c *Config) { c.SamplePct++ },
		"access log: sample: expected 0 to 100%, got NaN":            func(c *Config) { c.SamplePct = math.NaN() },
		"access log: open /: is a directory":                         func(c *Config) { c.Path = "/" },
	} {
		c := good
		spoil(&c)
		if _, err := Open(c); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	l, err := Open(good)
	check(t, err)
	check(t, l.Reopen())
	check(t, l.Close())
}
