package accesslog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"syscall"
	"time"
)

// stallTimeout is how long Close and Reopen wait for a write to end: one to a
// pipe that nobody reads, or to a file system that hangs, may never.
const stallTimeout = 5 * time.Second

// output is where lines go. Of each buffer that it is given it remembers how
// much it has written, until it has written all of it.
type output struct {
	name  string
	open  func() (io.WriteCloser, error) // nil: it cannot be opened anew
	log   *slog.Logger
	stall time.Duration

	turn    chan struct{} // holds one element while somebody uses what follows
	file    io.WriteCloser
	written int  // bytes of the present buffer
	lines   int  // bytes of them that are in whole lines
	failing bool // the last write failed
}

func newOutput(name string, log *slog.Logger) *output {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &output{name: name, log: log, stall: stallTimeout, turn: make(chan struct{}, 1)}
}

// openOutput opens stdout, stderr, or a file.
func openOutput(path string, log *slog.Logger) (*output, error) {
	o := newOutput(path, log)
	switch path {
	case "stdout":
		o.file = unclosed{os.Stdout}
		return o, nil
	case "stderr":
		o.file = unclosed{os.Stderr}
		return o, nil
	}
	o.open = func() (io.WriteCloser, error) { return openFile(path) }
	return o, o.reopen()
}

// openFile opens a file to add to. Not to block is for a named pipe: without a
// reader it is an error, and does not hold up whoever opens it. Others than owner
// and group need not know who asked for what.
func openFile(path string) (io.WriteCloser, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK, 0o640)
}

// unclosed is a writer that others use, too.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

// reopen opens the output anew. A line of which only the front was written is
// written again from its beginning.
func (o *output) reopen() error {
	if o.open == nil {
		return nil
	}
	file, err := o.open()
	if err != nil {
		return fmt.Errorf("access log: %w", err)
	}
	limit := time.NewTimer(o.stall)
	defer limit.Stop()
	select {
	case o.turn <- struct{}{}:
		defer o.yield()
	case <-limit.C:
		return errors.Join(o.stalled(), file.Close())
	}
	old := o.file
	o.file, o.written = file, o.lines
	if old == nil {
		return nil
	}
	if err := old.Close(); err != nil {
		return fmt.Errorf("access log: closing the file that was open: %w", err)
	}
	return nil
}

func (o *output) yield() { <-o.turn }

func (o *output) stalled() error {
	return fmt.Errorf("access log: %s takes no lines: gave up after %v", o.name, o.stall)
}

// write writes buf, or with an error some of it; then the next call must be
// with the same buf, and writes the rest.
func (o *output) write(buf []byte) error {
	o.turn <- struct{}{}
	defer o.yield()
	for o.written < len(buf) {
		n, err := o.file.Write(buf[o.written:])
		o.written += n
		o.lines = bytes.LastIndexByte(buf[:o.written], '\n') + 1
		if err == nil && n == 0 {
			err = io.ErrShortWrite
		}
		if err != nil {
			o.fails(err)
			return err
		}
	}
	if len(buf) > 0 {
		o.works()
	}
	o.written, o.lines = 0, 0
	return nil
}

// unwritten returns how many lines of a buffer that write failed with are not
// written in full.
func (o *output) unwritten(buf []byte) int {
	o.turn <- struct{}{}
	defer o.yield()
	return bytes.Count(buf[o.lines:], newline)
}

func (o *output) fails(err error) {
	if !o.failing {
		o.failing = true
		o.log.Error("the access log cannot be written: lines that find no room are dropped", "path", o.name, "error", err)
	}
}

func (o *output) works() {
	if o.failing {
		o.failing = false
		o.log.Info("the access log is written again", "path", o.name)
	}
}

func (o *output) close() error {
	o.turn <- struct{}{}
	defer o.yield()
	return o.file.Close()
}
