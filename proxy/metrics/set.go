package metrics

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// MaxSeries bounds how many combinations of route, pool and backend are told
// apart. What comes beyond that is counted together, under the names of Other.
const MaxSeries = 1 << 13

// Other is the route, pool and backend of what is beyond MaxSeries.
const Other = "_other"

// Set holds all counters of a server. Any goroutine may call its methods.
type Set struct {
	// AccessLogDropped counts lines that the access logs had no room for.
	AccessLogDropped atomic.Uint64

	reloads    [2]atomic.Uint64 // failures, successes
	lastReload atomic.Int64     // Unix seconds of the last success

	mu        sync.RWMutex
	series    map[key]*Series
	listeners map[string]*ListenerSeries
	other     Series
}

type key struct{ route, pool, backend string }

var other = key{Other, Other, Other}

// NewSet returns a set without series.
func NewSet() *Set {
	return &Set{
		series: map[key]*Series{}, listeners: map[string]*ListenerSeries{},
		other: Series{key: other},
	}
}

// Series returns the counters of a route, pool and backend: always the same
// until Forget drops them. backend is "" for requests that none was found for.
// It takes a lock: keep what it returns.
func (s *Set) Series(route, pool, backend string) *Series {
	k := key{printable(route), printable(pool), printable(backend)}
	if k == other {
		return &s.other
	}
	s.mu.RLock()
	x := s.series[k]
	s.mu.RUnlock()
	if x != nil {
		return x
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.series[k]; x != nil {
		return x
	}
	if len(s.series) >= MaxSeries {
		return &s.other
	}
	x = &Series{key: k}
	s.series[k] = x
	return x
}

// printable makes a label of a name: Prometheus takes UTF-8 only.
func printable(name string) string { return strings.ToValidUTF8(name, "\uFFFD") }

// Listener returns the counters of a listener: always the same until
// ForgetListeners drops them. It takes a lock: keep what it returns.
func (s *Set) Listener(name string) *ListenerSeries {
	s.mu.Lock()
	defer s.mu.Unlock()
	name = printable(name)
	x := s.listeners[name]
	if x == nil {
		x = &ListenerSeries{listener: name}
		s.listeners[name] = x
	}
	return x
}

// Forget drops the series that gone says so of. Whoever still holds one may go
// on counting, unseen.
func (s *Set) Forget(gone func(route, pool, backend string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.series, func(k key, _ *Series) bool { return gone(k.route, k.pool, k.backend) })
}

// ForgetListeners drops the series of listeners that gone says so of.
func (s *Set) ForgetListeners(gone func(name string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.listeners, func(name string, _ *ListenerSeries) bool { return gone(name) })
}

// Reloaded counts an attempt at at to put a configuration in place of another.
func (s *Set) Reloaded(ok bool, at time.Time) {
	if !ok {
		s.reloads[0].Add(1)
		return
	}
	s.reloads[1].Add(1)
	s.lastReload.Store(at.Unix())
}

// all returns every series, in no particular order.
func (s *Set) all() ([]*Series, []*ListenerSeries) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	series := slices.Collect(maps.Values(s.series))
	if s.other.used() {
		series = append(series, &s.other)
	}
	return series, slices.Collect(maps.Values(s.listeners))
}
