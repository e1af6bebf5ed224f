package proxy

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/lbctl/lbctl/lb"
)

const (
	// maxExplanations is how many explained picks a pool remembers.
	maxExplanations = 64
	// explainEvery is the least time between two picks that are explained: an
	// explanation allocates, and nobody reads more.
	explainEvery = 100 * time.Millisecond
)

// Explanation is a pick and the reasons for it.
type Explanation struct {
	At      time.Time `json:"at"`
	Request uint64    `json:"request"`
	Pool    string    `json:"pool"`
	Backend string    `json:"backend"` // "" : none was available
	Policy  string    `json:"policy"`
	Rule    string    `json:"rule"` // what decided
	Text    string    `json:"text"` // the whole explanation, over several lines
}

// explanations remembers the last picks that were explained. Any goroutine may
// call it.
type explanations struct {
	due  atomic.Int64 // lb.Time of the next pick to explain
	mu   sync.Mutex
	ring []Explanation
	next int
}

// wants says whether a pick at now should be explained. It says so to one caller.
func (e *explanations) wants(now lb.Time) bool {
	due := e.due.Load()
	return int64(now) >= due && e.due.CompareAndSwap(due, int64(now.Add(explainEvery)))
}

func (e *explanations) add(x Explanation) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.ring) < maxExplanations {
		e.ring = append(e.ring, x)
		return
	}
	e.ring[e.next] = x
	e.next = (e.next + 1) % maxExplanations
}

// last returns what is remembered, the newest first.
func (e *explanations) last() []Explanation {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]Explanation, 0, len(e.ring))
	for i := range e.ring {
		out = append(out, e.ring[(e.next+len(e.ring)-1-i)%len(e.ring)])
	}
	return out
}
