package fakebackends

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/scenarios"
)

// Options say where backends listen and who is told what they do.
type Options struct {
	Listen   string   // host; "": 127.0.0.1
	PortBase int      // backend i listens on port PortBase+i; 0: each on any port that is free
	Observer Observer // nil: nobody is told

	// Changed is called when a backend's condition has changed, under the same terms as an Observer; nil: it is not.
	Changed func(at time.Time, backend int, what string)
}

// Observer is told what backends do to requests of the scenario from Begin on, of each backend in order of time, and with
// the time at which it happened by the model, which is up to some 100 µs before. Backends are told apart by their index,
// and several may tell at once. They stand still meanwhile.
type Observer interface {
	// Arrived tells that an attempt reached a backend, whatever comes of it.
	Arrived(at time.Time, backend int, request uint64, try int)
	// Entered tells that a backend took one in: it now holds inflight requests, queued of them waiting.
	Entered(at time.Time, backend, inflight, queued int)
	// Served tells of slot-time that a backend spent since it last told, within one window of a run's time line
	// (measure.Windows).
	Served(at time.Time, backend int, busy time.Duration)
}

// Address is where a backend is.
type Address struct {
	Name  string `json:"name"`
	Group string `json:"group"`
	URL   string `json:"url"` // "http://127.0.0.1:40001"
}

// Fleet is the backends of a scenario. Any goroutine may call it.
type Fleet struct {
	scenario *scenarios.Scenario
	seed     uint64
	options  Options
	base     time.Time // 0 of the backends' clocks
	backends []*backend

	anonymous atomic.Uint64 // requests that came without a number
	running   sync.WaitGroup
	stopWatch context.CancelFunc
	once      sync.Once
}

// Start starts all backends of a scenario under a seed. They listen when it returns, in normal condition until
// Begin. They stop when ctx is done, or by Close. The error is an address that cannot be had.
func Start(ctx context.Context, sc *scenarios.Scenario, seed uint64, o Options) (*Fleet, error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1"
	}
	f := &Fleet{scenario: sc, seed: seed, options: o, base: time.Now()}
	n := len(sc.Model(seed).Backends())
	if last := o.PortBase + n - 1; o.PortBase < 0 || o.PortBase > 0 && last > 65535 {
		return nil, fmt.Errorf("%d backends from port %d on: expected ports up to 65535", n, o.PortBase)
	}
	for i := range n {
		number := 0
		if o.PortBase > 0 {
			number = o.PortBase + i
		}
		b, err := f.newBackend(ctx, i, number)
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		f.backends = append(f.backends, b)
	}
	ctx, f.stopWatch = context.WithCancel(ctx) // before anybody can close it
	context.AfterFunc(ctx, func() { _ = f.Close() })
	return f, nil
}

// now is the time on the backends' clocks.
func (f *Fleet) now() lb.Time { return f.at(time.Now()) }

func (f *Fleet) at(t time.Time) lb.Time { return lb.Time(t.Sub(f.base)) }

// Addresses returns where the backends are, in the order of the scenario.
func (f *Fleet) Addresses() []Address {
	var all []Address
	for _, b := range f.backends {
		model := b.actor.station.Backend()
		all = append(all, Address{Name: model.Name, Group: model.Group, URL: "http://" + b.port.address})
	}
	return all
}

// Begin lets the scenario begin at a moment, from which faults and load count; at best one to come. It must be
// called once.
func (f *Fleet) Begin(at time.Time) {
	for _, b := range f.backends {
		b.begin(f.at(at))
	}
}

// Close stops all backends at once: connections are reset. It returns when nothing of them runs any more.
func (f *Fleet) Close() error {
	f.once.Do(func() {
		if f.stopWatch != nil {
			f.stopWatch()
		}
		for _, b := range f.backends {
			b.close()
		}
	})
	f.running.Wait()
	return nil
}
