package accesslog

import (
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lbctl/lbctl/lb/rng"
)

// The formats of lines.
const (
	FormatJSON     = "json"
	FormatCombined = "combined"
)

const (
	// MinBufferBytes is the least room for lines that wait to be written.
	MinBufferBytes = 4096
	// DefaultFlushEvery is how long a line waits for others to be written with.
	DefaultFlushEvery = 200 * time.Millisecond

	// flushBytes wakes the flusher, if half a buffer does not do so before: few enough
	// that lines are still in a core's cache when they are written out.
	flushBytes = 128 << 10
	// usualLine is what most lines find room in, in bytes.
	usualLine = 1024
	// maxIdleLine bounds the memory that is kept to format the next line in.
	maxIdleLine = 16 << 10
)

// Config says what is logged, and where to.
type Config struct {
	Path        string         // stdout, stderr, or a file, which is made if it is not there
	Format      string         // FormatJSON or FormatCombined
	SamplePct   float64        // share of the requests that Sample chooses, 0 to 100
	BufferBytes int            // room for lines that wait to be written, at least MinBufferBytes
	FlushEvery  time.Duration  // the longest that a line waits; 0: DefaultFlushEvery
	Dropped     *atomic.Uint64 // counts dropped lines, also those of other logs; nil: of this one alone
	Logger      *slog.Logger   // is told when writing fails, once, and when it works again; nil: nobody is told
}

// Log is an open access log. Any goroutine may call its methods.
//
// Lines are put into one of two buffers of half the room while the flusher
// writes the other out.
type Log struct {
	format  func(dst []byte, e *Entry, st *stamp) []byte
	lines   sync.Pool // of *line: what lines are formatted in
	limit   uint64    // numbers whose hash is at most this are chosen
	none    bool
	dropped *atomic.Uint64
	out     *output
	every   time.Duration

	mu     sync.Mutex
	active []byte // never grows beyond its capacity
	closed bool

	some, much chan struct{} // the active buffer is not empty any more, or has flushAt bytes
	flushAt    int
	stop, done chan struct{} // the flusher is to end; it has ended
	lost       error         // what became of the last lines; set before done is closed
	closeOnce  sync.Once
}

// Open opens the log. The caller must Close it.
func Open(c Config) (*Log, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("access log: %w", err)
	}
	out, err := openOutput(c.Path, c.Logger)
	if err != nil {
		return nil, err
	}
	return start(c, out), nil
}

func (c *Config) check() error {
	switch {
	case c.Format != FormatJSON && c.Format != FormatCombined:
		return fmt.Errorf("format: expected %s or %s, got %q", FormatJSON, FormatCombined, c.Format)
	case c.BufferBytes < MinBufferBytes:
		return fmt.Errorf("buffer: expected at least %d bytes, got %d", MinBufferBytes, c.BufferBytes)
	case !(c.SamplePct >= 0 && c.SamplePct <= 100):
		return fmt.Errorf("sample: expected 0 to 100%%, got %v", c.SamplePct)
	}
	return nil
}

// start begins to log to out.
func start(c Config, out *output) *Log {
	l := &Log{
		format: appendJSON, dropped: c.Dropped, out: out, every: c.FlushEvery,
		some: make(chan struct{}, 1), much: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	if c.Format == FormatCombined {
		l.format = appendCombined
	}
	l.limit, l.none = sampleLimit(c.SamplePct), c.SamplePct == 0
	if l.dropped == nil {
		l.dropped = new(atomic.Uint64)
	}
	if l.every <= 0 {
		l.every = DefaultFlushEvery
	}
	l.active = make([]byte, 0, c.BufferBytes/2)
	l.flushAt = min(cap(l.active)/2, flushBytes)
	go l.flushUntilStopped(make([]byte, 0, c.BufferBytes/2))
	return l
}

func sampleLimit(pct float64) uint64 {
	if pct >= 100 {
		return math.MaxUint64
	}
	return uint64(pct / 100 * (1 << 63) * 2)
}

// sampleSeed sets the choice of requests to log apart from other luck that is
// drawn by a request's number.
const sampleSeed = 0x6163636573736c6f

// Sample says whether request n is to be logged: always the same of the same
// n, and of SamplePct of them.
func (l *Log) Sample(n uint64) bool {
	if l.limit == math.MaxUint64 {
		return true
	}
	return !l.none && rng.At(sampleSeed, n) <= l.limit
}

// line is what one line is formatted in.
type line struct {
	text  []byte
	stamp stamp
}

// Write logs a request. It never waits for a file, and in the steady state
// allocates nothing. When there is no room, or the log is closed, the line is
// dropped and counted.
func (l *Log) Write(e *Entry) {
	n, ok := l.lines.Get().(*line)
	if !ok {
		n = &line{text: make([]byte, 0, usualLine)}
	}
	n.text = l.format(n.text[:0], e, &n.stamp)
	l.put(n.text)
	if cap(n.text) <= maxIdleLine {
		l.lines.Put(n)
	}
}

// put adds a line to those that wait.
func (l *Log) put(text []byte) {
	l.mu.Lock()
	before := len(l.active)
	after := before + len(text)
	full := l.closed || after > cap(l.active)
	if !full {
		l.active = append(l.active, text...)
	}
	l.mu.Unlock()
	if full {
		l.dropped.Add(1)
		return
	}
	if before == 0 {
		signal(l.some)
	}
	if before < l.flushAt && after >= l.flushAt {
		signal(l.much)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Dropped returns how many lines were dropped.
func (l *Log) Dropped() uint64 { return l.dropped.Load() }

// Reopen opens the file anew under its name, and closes the one that was open:
// to be called after the file was renamed. When Reopen returns, nothing more is
// written to the old file, and no line is lost or torn. With an error, such as
// that a write does not end, the old one stays in use. Standard output and error
// have no need of it.
func (l *Log) Reopen() error { return l.out.reopen() }

// Close writes what waits and closes the file. It returns an error if lines
// were lost, or when a write does not end. Later calls do nothing.
func (l *Log) Close() error {
	var err error
	l.closeOnce.Do(func() {
		l.mu.Lock()
		l.closed = true
		l.mu.Unlock()
		close(l.stop)
		limit := time.NewTimer(l.out.stall)
		defer limit.Stop()
		select {
		case <-l.done:
			err = l.lost
		case <-limit.C:
			err = l.out.stalled()
		}
	})
	return err
}
