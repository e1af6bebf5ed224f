package bench

import (
	"sync"
	"time"
)

// visits remembers what is known of attempts at backends, until their clients ask.
type visits struct {
	mu sync.Mutex
	at map[visitKey]visit
}

// visitKey is one try of a request.
type visitKey struct {
	request uint64
	try     int
}

// visit is an attempt that reached a backend.
type visit struct {
	backend int
	service time.Duration // that it takes there, known beforehand; 0: it is not known
}

func newVisits() *visits { return &visits{at: make(map[visitKey]visit)} }

// add notes what is known of a try.
func (v *visits) add(k visitKey, what visit) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.at[k] = what
}

// take returns what is known of a try, and forgets it; false if no backend has seen it.
func (v *visits) take(k visitKey) (visit, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	what, ok := v.at[k]
	delete(v.at, k)
	return what, ok
}
