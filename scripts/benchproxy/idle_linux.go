package main

import (
	"context"
	"fmt"
	"time"
)

const (
	// clientsPerAddress keeps each source address far from its about 28,000 ephemeral ports.
	clientsPerAddress = 5000
	// maxIdleAddresses are the addresses 127.0.0.2 to 127.0.0.254.
	maxIdleAddresses = 253
	// atOnce is how many clients connect or ask at the same time.
	atOnce = 64
	// settleTime is how long a proxy gets to let go of what it does not need while clients are idle.
	settleTime = 3 * time.Second
	// warmUpClients have come and gone before memory is looked at first, so that what a proxy allocates
	// once, however many clients it has, is not counted as theirs.
	warmUpClients = 4 * atOnce
)

// measureIdle measures what clients that keep their connection cost in memory, in rounds.
func measureIdle(ctx context.Context, l *lab) error {
	if most := l.descriptors - spareDescriptors; l.connections > most {
		l.note("%d CLIENTS INSTEAD OF %d: this process may open only %d files (ulimit -n; root may raise it)",
			most, l.connections, l.descriptors)
		l.connections = most
	}
	if l.connections < 1 {
		return fmt.Errorf("this process may open only %d files (ulimit -n): too few for any client", l.descriptors)
	}
	all := idleResults{}
	for round := range l.rounds {
		for i := range l.proxies {
			name := l.proxies[(i+round)%len(l.proxies)]
			s, err := l.measureIdleClients(ctx, name)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				return fmt.Errorf("round %d: %s: %w", round+1, name, err)
			}
			all[name] = append(all[name], s)
			fmt.Fprintf(l.notes, "round %d/%d: %-8s %6.2f KiB for each of %d clients\n",
				round+1, l.rounds, name, s.perClient(l.connections), l.connections)
		}
	}
	all.print(l.out, l.settings)
	return nil
}

func (l *lab) measureIdleClients(ctx context.Context, name string) (s idleSample, err error) {
	target, err := l.deploy(ctx, name, false, l.connections)
	if err != nil {
		return s, err
	}
	defer target.stop()
	early, err := connectClients(ctx, target.Address, warmUpClients)
	if err != nil {
		return s, err
	}
	early.close()
	if s.before, err = l.settledMemory(ctx, target); err != nil {
		return s, err
	}
	clients, err := connectClients(ctx, target.Address, l.connections)
	if err != nil {
		return s, err
	}
	defer clients.close()
	if s.idle, err = l.settledMemory(ctx, target); err != nil {
		return s, err
	}
	// A proxy that had hung up would have saved the memory.
	if err := clients.ask(ctx); err != nil {
		return s, fmt.Errorf("a client that had been idle: %w", err)
	}
	s.again, err = l.settledMemory(ctx, target)
	return s, err
}

// settledMemory returns the resident memory once there has been time to release some.
func (l *lab) settledMemory(ctx context.Context, target *deployed) (rssBytes int64, err error) {
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(settleTime):
	}
	u, err := usageOf(target.group)
	return u.rssBytes, err
}
