package proxy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/config/strict"
	"github.com/lbctl/lbctl/lb"
)

// Status is what a server knows of its pools, for people and programs to read.
type Status struct {
	Draining bool         `json:"draining"`
	Pools    []PoolStatus `json:"pools"`
}

// PoolStatus is the state of a pool.
type PoolStatus struct {
	Name     string          `json:"name"`
	Policy   string          `json:"policy"`
	Snapshot uint64          `json:"snapshot"` // version of what picks are made from
	Panic    bool            `json:"panic"`    // so few are healthy that health is disregarded
	Eligible int             `json:"eligible"` // backends that may be picked
	Backends []BackendStatus `json:"backends"`
}

// BackendStatus is the state of a backend.
type BackendStatus struct {
	Name            string    `json:"name"`
	URL             string    `json:"url"`
	Addresses       []string  `json:"addresses,omitempty"` // what its name resolved to
	Health          string    `json:"health"`              // healthy, unhealthy or recovering
	Since           time.Time `json:"since"`
	ProbeError      string    `json:"probe_error,omitempty"` // why the last probe failed
	Draining        bool      `json:"draining"`
	Eligible        bool      `json:"eligible"`         // it may be picked
	Weight          float64   `json:"weight"`           // as set
	EffectiveWeight float64   `json:"effective_weight"` // as picks see it; 0: it may not be picked
	InFlight        int       `json:"in_flight"`
	OpenConnections int       `json:"open_connections"`
	IdleConnections int       `json:"idle_connections"`
}

// Status returns the state of all pools, by name.
func (s *Server) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Status{Draining: s.Draining(), Pools: []PoolStatus{}}
	for _, p := range s.pools {
		out.Pools = append(out.Pools, p.status())
	}
	slices.SortFunc(out.Pools, func(a, b PoolStatus) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func (p *pool) status() PoolStatus {
	snapshot := p.balancer.Snapshot()
	out := PoolStatus{
		Name: p.name, Policy: p.conf.Load().Pool.Policy.Use, Snapshot: snapshot.Version(), Panic: snapshot.Panic(),
		Eligible: len(snapshot.Members()), Backends: []BackendStatus{},
	}
	for b := range p.present() {
		out.Backends = append(out.Backends, b.status(snapshot))
	}
	return out
}

func (b *backend) status(snapshot *lb.Snapshot) BackendStatus {
	h := b.health.read()
	idle, open := b.counts()
	out := BackendStatus{
		Name: b.name, URL: b.url.String(), Health: h.state.String(), Since: b.clock.wall(h.since).UTC(), ProbeError: h.probe,
		Draining: h.draining, Weight: h.weight, OpenConnections: open, IdleConnections: idle,
	}
	if all := b.addresses.Load(); all != nil {
		out.Addresses = *all
	}
	if c := b.core.Load(); c != nil {
		out.InFlight = c.InFlight()
	}
	if i := snapshot.Index(b.id); i >= 0 {
		out.Eligible, out.EffectiveWeight = true, snapshot.Members()[i].Weight
	}
	return out
}

// Drain spares a backend new requests, or ends that. Those under way go on.
func (s *Server) Drain(pool, backend string, on bool) error {
	p, b, err := s.find(pool, backend)
	if err != nil {
		return err
	}
	s.log.Info("drain", "pool", pool, "backend", backend, "on", on)
	return p.drain(b, on)
}

// SetWeight changes a backend's weight (serve.MinWeight to MaxWeight) until a
// configuration is loaded that gives it another one than the last.
func (s *Server) SetWeight(pool, backend string, w float64) error {
	p, b, err := s.find(pool, backend)
	if err != nil {
		return err
	}
	if !(w >= serve.MinWeight && w <= serve.MaxWeight) {
		return fmt.Errorf("expected a weight from %g to %g, got %g", serve.MinWeight, serve.MaxWeight, w)
	}
	s.log.Info("weight", "pool", pool, "backend", backend, "weight", w)
	return p.setWeight(b, w)
}

// Explain returns the last picks of a pool that were explained, the newest
// first: a few in each second.
func (s *Server) Explain(pool string) ([]Explanation, error) {
	p, err := s.findPool(pool)
	if err != nil {
		return nil, err
	}
	return p.explain.last(), nil
}

// UnknownError says that there is no pool, or no backend, of a name.
type UnknownError struct {
	What, Name, Nearest string
}

func (e *UnknownError) Error() string {
	if e.Nearest != "" {
		return fmt.Sprintf("no %s %q; did you mean %q?", e.What, e.Name, e.Nearest)
	}
	return fmt.Sprintf("no %s %q", e.What, e.Name)
}

func (s *Server) findPool(name string) (*pool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.pools[name]; p != nil {
		return p, nil
	}
	var names []string
	for n := range s.pools {
		names = append(names, n)
	}
	slices.Sort(names)
	return nil, &UnknownError{"pool", name, strict.Nearest(name, names)}
}

func (s *Server) find(pool, name string) (*pool, *backend, error) {
	p, err := s.findPool(pool)
	if err != nil {
		return nil, nil, err
	}
	var names []string
	for b := range p.present() {
		if b.name == name {
			return p, b, nil
		}
		names = append(names, b.name)
	}
	return nil, nil, &UnknownError{"backend", name, strict.Nearest(name, names)}
}
