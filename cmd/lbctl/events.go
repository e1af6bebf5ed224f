package main

import (
	"bufio"
	"encoding/json"
	"io"

	"github.com/lbctl/lbctl/sim"
)

// eventLog writes events as lines of JSON. A nil log takes none.
type eventLog struct {
	target
	file  *replacement // nil: standard output
	buf   *bufio.Writer
	enc   *json.Encoder
	abort func(error)
}

// openEventLog begins the log called name; "" is none. An event that cannot be written aborts the run.
func openEventLog(name string, toStdout io.Writer, abort func(error)) (*eventLog, error) {
	if name == "" {
		return nil, nil
	}
	l := &eventLog{target: newTarget("events", name, "event log"), abort: abort}
	w := toStdout
	if l.name != stdout {
		file, err := replace(l.name)
		if err != nil {
			return nil, l.explain(err)
		}
		l.file, w = file, file
	}
	l.buf = bufio.NewWriterSize(w, 1<<16)
	l.enc = json.NewEncoder(l.buf)
	l.enc.SetEscapeHTML(false)
	return l, nil
}

// sink takes events; nil: none are wanted.
func (l *eventLog) sink() func(sim.Event) {
	if l == nil {
		return nil
	}
	return l.write
}

func (l *eventLog) write(e sim.Event) {
	if err := l.enc.Encode(e); err != nil {
		l.abort(l.explain(err))
	}
}

// keep writes what is left and moves the log into place.
func (l *eventLog) keep() error {
	if l == nil {
		return nil
	}
	if err := l.buf.Flush(); err != nil {
		return l.explain(err)
	}
	if l.file == nil {
		return nil
	}
	if err := l.file.commit(); err != nil {
		return l.explain(err)
	}
	return nil
}

func (l *eventLog) discard() {
	if l != nil && l.file != nil {
		l.file.discard()
	}
}

func (l *eventLog) announce(w io.Writer) {
	if l != nil {
		l.target.announce(w)
	}
}
