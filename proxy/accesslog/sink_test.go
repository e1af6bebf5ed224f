package accesslog

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"
)

// disk is a file whose writes can be held up, cut short or refused.
type disk struct {
	mu     sync.Mutex
	data   bytes.Buffer
	gate   chan struct{} // nil: open; otherwise each write takes one
	refuse error         // what writes end in
	short  int           // bytes that a write takes at most; 0: all
	closed bool
	writes int
}

func (d *disk) Write(p []byte) (int, error) {
	if d.gate != nil {
		<-d.gate
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writes++
	n := len(p)
	if d.short > 0 {
		n = min(n, d.short)
	}
	if d.refuse != nil {
		d.data.Write(p[:n/2])
		return n / 2, d.refuse
	}
	d.data.Write(p[:n])
	return n, nil
}

func (d *disk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	return nil
}

func (d *disk) set(refuse error, short int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refuse, d.short = refuse, short
}

func (d *disk) tries() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.writes
}

func (d *disk) text() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.data.String()
}

// lines returns what was written, and fails if the last line has no end.
func (d *disk) lines(t *testing.T) []string {
	t.Helper()
	return linesOf(t, d.text())
}

func linesOf(t *testing.T, text string) []string {
	t.Helper()
	if text == "" {
		return nil
	}
	if !strings.HasSuffix(text, "\n") {
		t.Errorf("the last line is torn: %q", text[strings.LastIndexByte(text, '\n')+1:])
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

var errFull = errors.New("no space left on device")

const patience = time.Minute

// eventually waits for a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("not so after a minute: " + what)
		}
	}
}

// logTo starts a log that writes soon.
func logTo(w io.WriteCloser, bufferBytes int) *Log {
	return start(Config{Format: FormatJSON, BufferBytes: bufferBytes, SamplePct: 100, FlushEvery: time.Millisecond}, outputTo(w))
}
