package proxy

import (
	"context"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/proxy/probe"
)

const (
	// loadTimeout is how long an answer to a load probe is waited for. Reports
	// older than a second are of no use to the policies that ask.
	loadTimeout = time.Second
	// idlePause is the least time between two long polls of one backend, and
	// the wait after one that failed.
	idlePause = 10 * time.Millisecond
	// idleWait bounds one long poll.
	idleWait = 30 * time.Second
	// idleRecheck is how often it is looked whether the policy has come to care.
	idleRecheck = time.Second
)

// askLoads asks backends for their load where the policy wants to know after a
// pick. The pick does not wait for it.
func (x *exchange) askLoads(now lb.Time) {
	p := x.pool
	if !p.balancer.Probes() {
		return
	}
	if n := len(*p.backends.Load()); cap(x.scratch) < n {
		x.scratch = make([]int, 0, n)
	}
	x.probes = p.balancer.LoadProbes(now, &x.c.rand, x.scratch, x.probes[:0])
	for _, id := range x.probes {
		p.askLoad(p.backend(id))
	}
}

// askLoad has a backend asked in the background. One that answers too slowly to
// keep up is not asked: the client has a limit of its own.
func (p *pool) askLoad(b *backend) {
	client := b.loads.Load()
	if client == nil {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(p.ctx, loadTimeout)
		defer cancel()
		if report, err := client.Ask(ctx, b.target(0)); err == nil {
			p.balancer.Report(b.id, p.clock.now(), report)
		}
	}()
}

// listenForIdle keeps a long poll at a backend, which it answers when it turns
// idle, for as long as the policy cares. It runs until the backend leaves.
func (p *pool) listenForIdle(ctx context.Context, b *backend) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		client := b.loads.Load()
		if client == nil || !p.balancer.ListensForIdle() {
			pause.Reset(idleRecheck)
			continue
		}
		if b.busy.Swap(false) {
			p.waitIdle(ctx, client, b)
		}
		pause.Reset(idlePause)
	}
}

func (p *pool) waitIdle(ctx context.Context, client *probe.LoadClient, b *backend) {
	ctx, cancel := context.WithTimeout(ctx, idleWait)
	defer cancel()
	if report, err := client.WaitIdle(ctx, b.target(0)); err == nil {
		p.balancer.Report(b.id, p.clock.now(), report)
	}
}
