package proxy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/proxy/accesslog"
	"github.com/lbctl/lbctl/proxy/metrics"
)

// Options are what a Server is made with besides its configuration.
type Options struct {
	Logger *slog.Logger // what happens to listeners, backends and configurations; nil: nobody is told
	Seed   uint64       // of the picks' luck and of the probes' phases
	Peers  int          // balancers that share the backends, this one included; 0 counts as 1
	Phase  uint32       // where rotations start: different in balancers of one fleet, lest they march in step
}

// Server is a load balancer on sockets. Any goroutine may call its methods.
type Server struct {
	clock   clock
	log     *slog.Logger
	options Options
	metrics *metrics.Set

	requests    atomic.Uint64 // numbers requests
	connections atomic.Uint64 // numbers connections
	drains      atomic.Bool   // nobody gets to send more than one more request
	stopped     atomic.Bool   // everybody is cut off
	site        atomic.Pointer[site]
	access      atomic.Pointer[accesslog.Log] // nil: no access log
	clients     sync.WaitGroup                // their goroutines
	tunnels     atomic.Int64                  // clients that are in one

	halt   context.Context // done when everybody is cut off
	cutOff context.CancelFunc

	mu        sync.Mutex // of reloads, starts and stops
	listeners map[string]*listener
	leaving   []*listener // no longer in the configuration, with clients that may finish
	pools     map[string]*pool
	workers   map[int]*workspacePool
}

// New returns a server for conf that does not listen yet.
func New(conf *serve.Config, o Options) (*Server, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		clock: newClock(), log: o.Logger, options: o, metrics: metrics.NewSet(),
		listeners: map[string]*listener{}, pools: map[string]*pool{}, workers: map[int]*workspacePool{},
	}
	s.halt, s.cutOff = context.WithCancel(context.Background())
	s.site.Store(&site{conf: conf})
	return s, nil
}

// Start opens all sockets and serves. It returns once they listen; if one
// cannot be opened, none is.
func (s *Server) Start() error { return s.load(s.Config()) }

// Config returns the configuration that is in force. Read only.
func (s *Server) Config() *serve.Config { return s.site.Load().conf }

// Metrics returns what the server counts.
func (s *Server) Metrics() *metrics.Set { return s.metrics }

var errClosed = errors.New("the server is stopped")

// Reload puts conf into force, all of it or, with an error, none: what was in
// force stays. No connection is closed but of listeners that conf no longer has,
// and those are drained. Backends that are in both configurations under the same
// name and URL keep their health, statistics and connections.
func (s *Server) Reload(conf *serve.Config) error {
	err := s.load(conf)
	s.metrics.Reloaded(err == nil, time.Now())
	return err
}

func (s *Server) load(conf *serve.Config) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drains.Load() {
		return errClosed
	}
	next, err := s.prepare(conf)
	if err != nil {
		return err
	}
	return s.commit(next)
}

// change is a configuration that is ready to be put into force.
type change struct {
	conf      *serve.Config
	listeners map[string]*listenerConf
	opened    map[string]*listener
	plans     map[string]plan
	access    *accesslog.Log
}

// prepare does all of a reload that can fail.
func (s *Server) prepare(conf *serve.Config) (*change, error) {
	next := &change{conf: conf, listeners: map[string]*listenerConf{}, opened: map[string]*listener{}, plans: map[string]plan{}}
	if err := s.prepareAll(next); err != nil {
		for _, l := range next.opened {
			_ = l.socket.Close()
		}
		return nil, err
	}
	return next, nil
}

func (s *Server) prepareAll(next *change) error {
	for i := range next.conf.Pools {
		p, err := newPlan(next.conf.Pools[i])
		if err != nil {
			return fmt.Errorf("pool %s: %w", next.conf.Pools[i].Name, err)
		}
		next.plans[next.conf.Pools[i].Name] = p
	}
	for i := range next.conf.Listeners {
		conf, err := s.listenerConf(next.conf.Listeners[i])
		if err != nil {
			return fmt.Errorf("listener %s: %w", conf.Name, err)
		}
		key := conf.Address.String()
		for next.listeners[key] != nil {
			key += "+" // another one of the same address, as port 0 and reuse_port permit
		}
		next.listeners[key] = conf
		if old := s.listeners[key]; old != nil && old.conf.Load().ReusePort == conf.ReusePort {
			continue
		}
		if next.opened[key], err = listen(s, conf); err != nil {
			delete(next.opened, key)
			return fmt.Errorf("listener %s: %w", conf.Name, err)
		}
	}
	access, err := s.openAccessLog(next.conf.AccessLog)
	next.access = access
	return err
}

func (s *Server) commit(next *change) error {
	var failed error
	retired := map[string]*pool{}
	for name, p := range s.pools {
		if _, stays := next.plans[name]; !stays {
			retired[name] = p
			delete(s.pools, name)
		}
	}
	for name, plan := range next.plans {
		if s.pools[name] == nil {
			s.pools[name] = newPool(s.halt, name, plan, s.options, s.clock)
		}
		failed = errors.Join(failed, s.pools[name].apply(plan))
	}
	s.site.Store(newSite(next.conf, s.pools, s.metrics))
	s.swapAccessLog(next.access)
	s.swapListeners(next)
	for _, p := range retired {
		p.close()
	}
	s.forgetSeries()
	return failed
}

// swapListeners puts the listeners of a change in place of the present ones.
func (s *Server) swapListeners(next *change) {
	s.leaving = slices.DeleteFunc(s.leaving, func(l *listener) bool { return l.count() == 0 })
	for key, l := range s.listeners {
		if next.listeners[key] == nil || next.opened[key] != nil {
			delete(s.listeners, key)
			l.close()
			s.leaving = append(s.leaving, l)
		} else {
			l.conf.Store(next.listeners[key])
		}
	}
	for key, l := range next.opened {
		s.listeners[key] = l
		s.clients.Go(l.accept)
	}
}

// Addr returns the address that the listener of a name is bound to, or nil.
func (s *Server) Addr(name string) net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.listeners {
		if l.conf.Load().Name == name {
			return l.socket.Addr()
		}
	}
	return nil
}

// Draining says whether a stop has begun.
func (s *Server) Draining() bool { return s.drains.Load() }

// Shutdown stops gracefully: it takes in who has connected already, answers what
// is asked, tells every client with its answer that it is the last, and returns
// when all have gone. When ctx is done first, the rest is cut off, and its error
// is returned, unless the rest was tunnels: they have no end to wait for.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.drains.Store(true)
	for _, l := range s.listeners {
		l.close()
	}
	s.mu.Unlock()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		s.clients.Wait()
	}()
	var err error
	select {
	case <-gone:
	case <-ctx.Done():
		if s.connected() > int(s.tunnels.Load()) {
			err = ctx.Err()
		}
	}
	return errors.Join(err, s.Close())
}

// connected returns the number of clients.
func (s *Server) connected() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, l := range s.listeners {
		n += l.count()
	}
	for _, l := range s.leaving {
		n += l.count()
	}
	return n
}

// Close stops at once.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped.Swap(true) {
		return nil
	}
	s.drains.Store(true)
	s.cutOff()
	for _, l := range s.listeners {
		l.abort()
	}
	for _, l := range s.leaving {
		l.abort()
	}
	s.clients.Wait()
	for _, p := range s.pools {
		p.close()
	}
	if l := s.access.Swap(nil); l != nil {
		return l.Close()
	}
	return nil
}

// ReopenLog closes the access log's file and opens it again under the same name:
// what is to be done after its rotation.
func (s *Server) ReopenLog() error {
	if l := s.access.Load(); l != nil {
		return l.Reopen()
	}
	return nil
}

// openAccessLog returns the log for conf: the one that is open, if it is the same.
func (s *Server) openAccessLog(conf serve.AccessLog) (*accesslog.Log, error) {
	switch {
	case conf.Path == "":
		return nil, nil
	case s.access.Load() != nil && conf == s.Config().AccessLog:
		return s.access.Load(), nil
	}
	return accesslog.Open(accesslog.Config{
		Path: conf.Path, Format: conf.Format, SamplePct: conf.SamplePct, BufferBytes: conf.BufferBytes,
		Dropped: &s.metrics.AccessLogDropped, Logger: s.log,
	})
}

func (s *Server) swapAccessLog(next *accesslog.Log) {
	if last := s.access.Swap(next); last != nil && last != next {
		if err := last.Close(); err != nil {
			s.log.Warn("access log", "error", err)
		}
	}
}

// forgetSeries drops the counters of what the configuration no longer has.
func (s *Server) forgetSeries() {
	conf := s.Config()
	s.metrics.Forget(func(route, name, backend string) bool {
		p := s.pools[name]
		routed := slices.ContainsFunc(conf.Routes, func(r serve.Route) bool { return r.Name() == route && r.Pool == name })
		return name != metrics.Other && (!routed || p == nil || backend != "" && !p.holds(backend))
	})
	s.metrics.ForgetListeners(func(name string) bool {
		return !slices.ContainsFunc(conf.Listeners, func(l serve.Listener) bool { return l.Name == name })
	})
}

// logs says whether the request of this number gets a line in the access log.
func (s *Server) logs(number uint64) bool {
	l := s.access.Load()
	return l != nil && l.Sample(number)
}
