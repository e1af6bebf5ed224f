package fakebackends

import (
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/stats"
)

// Stats is what a backend has done so far.
type Stats struct {
	Name  string
	Group string
	Counts
	Slots     int
	InFlight  int // requests inside now, waiting ones included
	Queued    int // of them waiting
	Condition string
	Late      *stats.Histogram // how long after its time by the model each thing happened
}

// Stats returns what each backend has done so far, in the order of the scenario, and tells the observer of all slot-time
// spent so far.
func (f *Fleet) Stats() []Stats {
	var all []Stats
	for _, b := range f.backends {
		all = append(all, b.stats())
	}
	return all
}

func (b *backend) stats() Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.fleet.now()
	b.actor.advance(now)
	b.actor.elapse(now)
	b.setAlarm(now)
	a := b.actor
	model := a.station.Backend()
	late := new(stats.Histogram)
	late.Add(&a.late)
	return Stats{
		Name: model.Name, Group: model.Group, Slots: model.Slots, Counts: a.counts, InFlight: a.station.InFlight(), Queued: a.station.Waiting(),
		Condition: a.station.Condition().String(), Late: late,
	}
}

// begin lets the scenario begin.
func (b *backend) begin(at lb.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.fleet.now()
	b.actor.advance(now)
	b.actor.start(at)
	b.actor.advance(now)
	b.setAlarm(now)
}

// tells returns the observer if it is to hear of what happens at a time.
func (b *backend) tells(at lb.Time) Observer {
	if at < b.actor.begin {
		return nil
	}
	return b.fleet.options.Observer
}

func (b *backend) wall(at lb.Time) time.Time { return b.fleet.base.Add(time.Duration(at)) }

// The backend is the witness of its actor.

func (b *backend) arrived(at lb.Time, c *call) {
	if o := b.tells(at); o != nil {
		o.Arrived(b.wall(at), b.index, c.number, c.attempt)
	}
}

func (b *backend) entered(at lb.Time, inflight, queued int) {
	if o := b.tells(at); o != nil {
		o.Entered(b.wall(at), b.index, inflight, queued)
	}
}

func (b *backend) served(at lb.Time, busy time.Duration) {
	if o := b.tells(at); o != nil {
		o.Served(b.wall(at), b.index, busy)
	}
}

func (b *backend) changed(at lb.Time, what string) {
	if tell := b.fleet.options.Changed; tell != nil {
		tell(b.wall(at), b.index, what)
	}
}
