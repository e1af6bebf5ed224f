package proxy

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/lbctl/lbctl/proxy/metrics"
)

// route is one way to a pool.
type route struct {
	name   string
	prefix string
	pool   *pool

	counts *metrics.Set
	known  atomic.Pointer[[]*metrics.Series] // by lb.BackendID
	mu     sync.Mutex                        // of additions to known
}

func newRoute(name, prefix string, p *pool, counts *metrics.Set) *route {
	r := &route{name: name, prefix: prefix, pool: p, counts: counts}
	r.known.Store(new([]*metrics.Series))
	return r
}

// series returns the counters of a backend as this route sees it; b nil: of
// requests that found none.
func (r *route) series(b *backend) *metrics.Series {
	if b == nil {
		return r.counts.Series(r.name, r.pool.name, "")
	}
	if known := *r.known.Load(); int(b.id) < len(known) && known[b.id] != nil {
		return known[b.id]
	}
	return r.addSeries(b)
}

func (r *route) addSeries(b *backend) *metrics.Series {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := slices.Clone(*r.known.Load())
	if n := int(b.id) + 1; len(known) < n {
		known = append(known, make([]*metrics.Series, n-len(known))...)
	}
	known[b.id] = r.counts.Series(r.name, r.pool.name, b.name)
	r.known.Store(&known)
	return known[b.id]
}
