package accesslog

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"syscall"
)

// output is where lines go. Of each buffer that it is given it remembers how
// much it has written, until it has written all of it.
type output struct {
	name string
	open func() (io.WriteCloser, error) // nil: it cannot be opened anew
	log  *slog.Logger

	mu      sync.Mutex
	file    io.WriteCloser
	written int  // bytes of the present buffer
	lines   int  // bytes of them that are in whole lines
	failing bool // the last write failed
}

// openOutput opens stdout, stderr, or a file.
func openOutput(path string, log *slog.Logger) (*output, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	switch path {
	case "stdout":
		return &output{name: path, log: log, file: unclosed{os.Stdout}}, nil
	case "stderr":
		return &output{name: path, log: log, file: unclosed{os.Stderr}}, nil
	}
	o := &output{name: path, log: log, open: func() (io.WriteCloser, error) { return openFile(path) }}
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
	o.mu.Lock()
	defer o.mu.Unlock()
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

// write writes buf, or with an error some of it; then the next call must be
// with the same buf, and writes the rest.
func (o *output) write(buf []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
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
	o.mu.Lock()
	defer o.mu.Unlock()
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
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.file.Close()
}
