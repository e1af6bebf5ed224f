package proxy

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/health"
	"github.com/lbctl/lbctl/lb/rng"
	"github.com/lbctl/lbctl/proxy/probe"
)

// pool is a live pool: the two planes of the core, and the backends that their
// numbers stand for. The data plane is every client's; the control plane
// belongs to the goroutine that runs keep.
type pool struct {
	name    string
	halt    context.Context // done when the server stops
	options Options
	clock   clock
	log     *slog.Logger

	balancer *lb.Balancer
	// backends holds every backend there ever was, by lb.BackendID: a pick from an older snapshot may still name one
	// that has left.
	backends atomic.Pointer[[]*backend]
	conf     atomic.Pointer[serve.Pool]
	explain  explanations

	orders  chan order
	probed  chan probeResult
	stop    context.CancelFunc
	stopped chan struct{}

	// The keeper's own.
	control *lb.Controller
	effects []lb.Effect
	prober  probe.Prober
	ctx     context.Context // ends with the pool
	aside   sync.WaitGroup  // probes, and what runs beside backends
}

// order is something that the keeper is to do, and where to say how it went.
type order struct {
	do   func(now lb.Time) error
	done chan error
}

// probeResult is a health probe's answer.
type probeResult struct {
	backend *backend
	probe   health.Probe
	err     error
}

// newPool starts a pool. It holds no backend before the first apply.
func newPool(halt context.Context, name string, first plan, o Options, c clock) *pool {
	p := &pool{name: name, halt: halt, clock: c, options: o, log: o.Logger.With("pool", name), orders: make(chan order), probed: make(chan probeResult), stopped: make(chan struct{})}
	p.backends.Store(new([]*backend))
	p.conf.Store(&first.conf)
	p.balancer, p.control = lb.New(p.core(&first.conf), rng.Mix(o.Seed, rng.Hash(name)))
	p.ctx, p.stop = context.WithCancel(context.Background())
	go p.keep()
	return p
}

// core returns what the core is to make of a configuration.
func (p *pool) core(conf *serve.Pool) lb.Config {
	c := conf.Pool.LB(p.options.Peers)
	c.Phase = p.options.Phase
	return c
}

// close stops the pool's own goroutines and its idle connections. Attempts under way may finish.
func (p *pool) close() {
	p.stop()
	<-p.stopped
	for b := range p.present() {
		b.retire()
	}
}

// backend returns the backend of a number that a pick gave.
func (p *pool) backend(id lb.BackendID) *backend { return (*p.backends.Load())[id] }

// present ranges over the backends that are in the pool.
func (p *pool) present() iter.Seq[*backend] {
	return func(yield func(*backend) bool) {
		for _, b := range *p.backends.Load() {
			if !b.gone.Load() && !yield(b) {
				return
			}
		}
	}
}

// holds says whether a backend of that name is in the pool.
func (p *pool) holds(name string) bool {
	for b := range p.present() {
		if b.name == name {
			return true
		}
	}
	return false
}

// order has the keeper do something, and waits for it.
func (p *pool) order(do func(now lb.Time) error) error {
	o := order{do: do, done: make(chan error, 1)}
	select {
	case p.orders <- o:
		return <-o.done
	case <-p.stopped:
		return fmt.Errorf("pool %s is closed", p.name)
	}
}

// keep owns the control plane: it feeds it what happens and does what it asks for.
func (p *pool) keep() {
	defer close(p.stopped)
	defer p.aside.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	reap := time.NewTicker(reapEvery)
	defer reap.Stop()
	for {
		select {
		case <-p.ctx.Done():
			return
		case o := <-p.orders:
			err := o.do(p.clock.now())
			timer.Reset(p.advance())
			o.done <- err
			continue
		case r := <-p.probed:
			p.take(r)
		case <-reap.C:
			p.reap()
			continue
		case <-timer.C:
		}
		timer.Reset(p.advance())
	}
}

// advance lets the control plane do what is due, and returns how long until more is.
func (p *pool) advance() time.Duration {
	now := p.clock.now()
	var next lb.Time
	p.effects, next = p.control.Advance(now, p.effects[:0])
	for _, e := range p.effects {
		p.carryOut(e)
	}
	return max(0, next.Sub(p.clock.now()))
}

func (p *pool) carryOut(e lb.Effect) {
	switch e.Kind {
	case lb.StartProbe:
		p.startProbe(e)
	case lb.StateChanged:
		b := p.backend(e.Backend)
		why := b.health.changed(e.To, p.clock.now())
		level, more := slog.LevelInfo, []any{}
		if e.To == health.Unhealthy {
			level, more = slog.LevelWarn, []any{"probe", why}
		}
		p.log.Log(p.ctx, level, "backend "+e.To.String(), append([]any{"backend", b.name, "was", e.From.String(), "reason", string(e.Reason)}, more...)...)
	case lb.SnapshotPublished:
		p.log.Debug("snapshot", "version", e.Version, "panic", e.Panic)
	}
}

func (p *pool) startProbe(e lb.Effect) {
	b, prober := p.backend(e.Backend), p.prober
	limit := time.Duration(e.Deadline - p.clock.now())
	p.aside.Go(func() {
		ctx, cancel := context.WithTimeout(p.ctx, limit)
		defer cancel()
		r := probeResult{backend: b, probe: e.Probe, err: prober.Probe(ctx, b.target(p.conf.Load().Probe.Port))}
		select {
		case p.probed <- r:
		case <-p.ctx.Done():
		}
	})
}

func (p *pool) take(r probeResult) {
	r.backend.health.probed(r.err)
	// A backend may have been removed meanwhile: its answer is of no interest.
	_ = p.control.Step(p.clock.now(), lb.ProbeResult{Backend: r.backend.id, Probe: r.probe, OK: r.err == nil})
}

func (p *pool) reap() {
	now := p.clock.now()
	for b := range p.present() {
		b.reap(now)
	}
}
