package measure

import (
	"math/bits"
	"time"

	"github.com/lbctl/lbctl/lb/instant"
	"github.com/lbctl/lbctl/lb/stats"
)

// Windows is the number of slices that a run's time is cut into.
const Windows = 120

// Auto as Config.Warmup finds the end of the warm-up by MSER-5.
const Auto time.Duration = -1

// Config says what a recorder is to expect.
type Config struct {
	Until      time.Duration // requests start in [0, Until); > 0
	Warmup     time.Duration // fixed, or Auto
	Stationary time.Duration // Auto looks for the warm-up in [0, Stationary) only; what changes later is not warm-up
	Backends   []BackendInfo
}

// BackendInfo describes a backend to the recorder. Backends of one group are neighbours.
type BackendInfo struct {
	Name, Group string
	Slots       float64 // requests that it can serve at once; > 0
}

// Recorder takes in what happens to requests. Calls come in order of time, from one goroutine.
type Recorder struct {
	cfg    Config
	groups []string
	group  []int // group index by backend

	windows   []*window
	current   *window
	boundary  instant.Time // end of the current window
	perWindow float64      // windows per nanosecond

	series   Series
	inSystem int
	area     area         // ∫ inSystem dt
	last     instant.Time // when inSystem last changed
	sojourns area         // Σ times in the system
	started  uint64
	events   []Event
}

// window holds the counts of one slice: of requests that started in it, and of what backends did in it.
type window struct {
	latency      stats.Histogram // of requests that succeeded
	waits        stats.Histogram // of those that got no answer in time: what they would have taken is more
	offered      uint64
	endings      [NumEndings]uint64
	good         uint64 // good answers given in it, whenever their requests started
	retries      uint64
	peakInSystem int
	cells        []cell // by backend
}

// cell is what one backend did in one window.
type cell struct {
	busy         time.Duration // slot-time spent serving
	attempts     uint32
	failures     uint32
	peakQueue    int32
	peakInFlight int32
}

// NewRecorder returns a recorder for a run that is about to start at time 0.
func NewRecorder(cfg Config) *Recorder {
	r := &Recorder{cfg: cfg, perWindow: Windows / float64(cfg.Until)}
	for i, b := range cfg.Backends {
		if i == 0 || b.Group != cfg.Backends[i-1].Group {
			r.groups = append(r.groups, b.Group)
		}
		r.group = append(r.group, len(r.groups)-1)
	}
	cells := make([]cell, Windows*len(cfg.Backends))
	for i := range Windows {
		n := len(cfg.Backends)
		r.windows = append(r.windows, &window{cells: cells[i*n : (i+1)*n : (i+1)*n]})
	}
	r.current, r.boundary = r.windows[0], r.edge(1)
	return r
}

// edge returns the start of window i.
func (r *Recorder) edge(i int) instant.Time {
	return instant.Time(int64(i) * int64(r.cfg.Until) / Windows)
}

// at moves to the window that holds now and returns it. What happens after the
// last window's end, while the system drains, counts in none: nil.
func (r *Recorder) at(now instant.Time) *window {
	if now < r.boundary {
		return r.current
	}
	i := int(float64(now) * r.perWindow)
	if i >= Windows {
		r.current, r.boundary = nil, instant.Never
		return nil
	}
	r.current, r.boundary = r.windows[i], r.edge(i+1)
	return r.current
}

func (r *Recorder) startedIn(start instant.Time) *window {
	return r.windows[min(Windows-1, int(float64(start)*r.perWindow))]
}

// Start notes that a client's request was made at now.
func (r *Recorder) Start(now instant.Time) {
	r.change(now, +1)
	r.started++
	if w := r.at(now); w != nil {
		w.offered++
		w.peakInSystem = max(w.peakInSystem, r.inSystem)
	}
}

// End notes that the request made at start ended at now, after so many client retries.
func (r *Recorder) End(now, start instant.Time, how Ending, retries int) {
	r.change(now, -1)
	d := now.Sub(start)
	r.sojourns.add(1, uint64(d))
	w := r.startedIn(start)
	w.endings[how]++
	w.retries += uint64(retries)
	switch how {
	case OK:
		w.latency.Record(d)
		r.series.Observe(start, float64(d))
		if then := r.at(now); then != nil {
			then.good++
		}
	case TimedOut:
		w.waits.Record(d)
		r.series.Observe(start, float64(d))
	case Unfinished: // all at the end, whenever they started: that is no order for a series
		w.waits.Record(d)
	}
}

func (r *Recorder) change(now instant.Time, by int) {
	r.area.add(uint64(r.inSystem), uint64(now-r.last))
	r.inSystem += by
	r.last = now
}

// Attempt notes that a balancer sent a request to backend b.
func (r *Recorder) Attempt(now instant.Time, b int) {
	if w := r.at(now); w != nil {
		w.cells[b].attempts++
	}
}

// Enter notes that an attempt reached backend b, which now holds inflight
// requests, queued of them waiting.
func (r *Recorder) Enter(now instant.Time, b, inflight, queued int) {
	if w := r.at(now); w != nil {
		c := &w.cells[b]
		c.peakInFlight = max(c.peakInFlight, int32(inflight))
		c.peakQueue = max(c.peakQueue, int32(queued))
	}
}

// Served notes that backend b spent so much slot-time on a request that has just left it.
func (r *Recorder) Served(now instant.Time, b int, busy time.Duration) {
	if w := r.at(now); w != nil {
		w.cells[b].busy += busy
	}
}

// Failure notes that an attempt on backend b did not succeed.
func (r *Recorder) Failure(now instant.Time, b int) {
	if w := r.at(now); w != nil {
		w.cells[b].failures++
	}
}

// Event keeps e for the event log, up to MaxEvents.
func (r *Recorder) Event(e Event) {
	if len(r.events) < MaxEvents {
		r.events = append(r.events, e)
	}
}

// area is a sum of products in 128 bits.
type area struct{ hi, lo uint64 }

func (a *area) add(x, y uint64) {
	hi, lo := bits.Mul64(x, y)
	var carry uint64
	a.lo, carry = bits.Add64(a.lo, lo, 0)
	a.hi, _ = bits.Add64(a.hi, hi, carry)
}

func (a *area) float() float64 { return float64(a.hi)*0x1p64 + float64(a.lo) }
