package proxy

import (
	"sync"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/health"
)

// backendHealth is what the control plane and the probes last said of a
// backend, for people to read. Decisions are the core's; they do not look here.
type backendHealth struct {
	mu sync.Mutex
	heard
}

// heard is what was said.
type heard struct {
	state    health.State
	since    lb.Time
	draining bool
	weight   float64
	probe    string // why the last probe failed; "" if it did not, or there was none
}

// changed notes a new state and returns why the last probe failed.
func (h *backendHealth) changed(to health.State, now lb.Time) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state, h.since = to, now
	return h.probe
}

func (h *backendHealth) probed(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.probe = ""
	if err != nil {
		h.probe = err.Error()
	}
}

func (h *backendHealth) drains(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = on
}

func (h *backendHealth) weighs(w float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.weight = w
}

func (h *backendHealth) read() heard {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.heard
}
