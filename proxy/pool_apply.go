package proxy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/lb"
)

// apply makes the pool what the plan says. Backends that stay keep their
// health, statistics and connections; those that go keep their attempts.
func (p *pool) apply(next plan) error {
	return p.order(func(now lb.Time) error {
		last := p.conf.Load()
		p.conf.Store(&next.conf)
		p.prober = next.prober
		if last != nil && !slices.Equal(last.Pool.Settings(), next.conf.Pool.Settings()) {
			if err := p.control.Step(now, lb.Reconfigure{Config: p.core(&next.conf)}); err != nil {
				return err
			}
		}
		var failed error
		for b := range p.present() {
			if !b.stays(&next.conf) {
				failed = errors.Join(failed, p.control.Step(now, lb.Remove{Backend: b.id}))
				b.retire()
			}
		}
		for i := range next.conf.Backends {
			failed = errors.Join(failed, p.settle(now, next.conf.Backends[i], &next))
		}
		return failed
	})
}

// stays says whether a backend is in the configuration, in the same place.
func (b *backend) stays(conf *serve.Pool) bool {
	return slices.ContainsFunc(conf.Backends, func(s serve.Backend) bool { return s.Name == b.name && s.URL == b.url })
}

// settle adds a backend to the pool, or brings one that stays up to date.
func (p *pool) settle(now lb.Time, spec serve.Backend, next *plan) error {
	for b := range p.present() {
		if b.name != spec.Name {
			continue
		}
		was := b.weight
		b.configure(spec, next)
		if spec.Weight == was {
			return nil // and one that was set since then stays
		}
		b.health.weighs(spec.Weight)
		return p.control.Step(now, lb.SetWeight{Backend: b.id, Weight: spec.Weight})
	}
	if err := p.control.Step(now, lb.Add{Spec: lb.Spec{Name: spec.Name, Weight: spec.Weight}}); err != nil {
		return fmt.Errorf("backend %s: %w", spec.Name, err)
	}
	// The table is there before the snapshot that follows, so that picks find their backend in it.
	table := slices.Clone(*p.backends.Load())
	table = append(table, p.addBackend(now, lb.BackendID(len(table)), spec, next))
	p.backends.Store(&table)
	return nil
}

// addBackend makes a backend and starts what runs beside it.
func (p *pool) addBackend(now lb.Time, id lb.BackendID, spec serve.Backend, next *plan) *backend {
	b := &backend{id: id, name: spec.Name, url: spec.URL, clock: p.clock, halt: p.halt}
	b.health.since = now
	b.health.weighs(spec.Weight)
	b.busy.Store(true) // whether it is idle is yet to be heard
	b.configure(spec, next)
	var ctx context.Context
	ctx, b.leave = context.WithCancel(p.ctx)
	if spec.URL.Network() == "tcp" {
		p.aside.Go(func() { p.resolve(ctx, b) })
	}
	p.aside.Go(func() { p.listenForIdle(ctx, b) })
	return b
}

// drain spares a backend new attempts, or ends that.
func (p *pool) drain(b *backend, on bool) error {
	return p.order(func(now lb.Time) error {
		if err := p.control.Step(now, lb.SetDrain{Backend: b.id, Drain: on}); err != nil {
			return err
		}
		b.health.drains(on)
		return nil
	})
}

// setWeight changes a backend's weight until the configuration gives another one.
func (p *pool) setWeight(b *backend, w float64) error {
	return p.order(func(now lb.Time) error {
		if err := p.control.Step(now, lb.SetWeight{Backend: b.id, Weight: w}); err != nil {
			return err
		}
		b.health.weighs(w)
		return nil
	})
}
