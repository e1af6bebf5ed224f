package accesslog

import (
	"bytes"
	"errors"
	"fmt"
	"time"
)

// flushUntilStopped writes lines out: when there are many, or after a while. It is the flusher, a goroutine of its own, and sleeps while nothing is
// logged. What cannot be written is kept and tried again, while newer lines gather
// in the other buffer, until that is full.
func (l *Log) flushUntilStopped(spare []byte) {
	defer close(l.done)
	timer := time.NewTimer(l.every)
	defer timer.Stop()
	for {
		stopped := l.wait(timer, len(spare) > 0)
		if len(spare) == 0 {
			spare = l.swap(spare)
		}
		if l.out.write(spare) == nil {
			spare = spare[:0]
		}
		if stopped {
			l.lost = l.finish(spare)
			return
		}
	}
}

// wait returns when it is time to write, and says whether the flusher is to end.
func (l *Log) wait(timer *time.Timer, again bool) (stopped bool) {
	if !again {
		select {
		case <-l.some:
		case <-l.stop:
			return true
		}
	}
	timer.Reset(l.every)
	select {
	case <-l.much:
	case <-timer.C:
	case <-l.stop:
		return true
	}
	return false
}

// swap takes the active buffer and leaves an empty one in its place.
func (l *Log) swap(empty []byte) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	full := l.active
	l.active = empty
	return full
}

// finish writes what is left: rest, which could not be written before, and
// the active buffer.
func (l *Log) finish(rest []byte) error {
	err := l.out.write(rest)
	lost := 0
	last := l.swap(nil)
	if err != nil {
		lost = l.out.unwritten(rest) + bytes.Count(last, newline)
	} else if err = l.out.write(last); err != nil {
		lost = l.out.unwritten(last)
	}
	err = errors.Join(err, l.out.close())
	if lost == 0 {
		return err
	}
	l.dropped.Add(uint64(lost))
	return fmt.Errorf("access log: %d lines are lost: %w", lost, err)
}

var newline = []byte{'\n'}
