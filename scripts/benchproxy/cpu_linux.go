package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

const (
	// warmUpSeconds of the same load come before each measurement and are not counted: connections are
	// opened, pools and heaps grow to their size.
	warmUpSeconds = 1
	// stolenShare of the proxy's core taken away by the hypervisor is worth a note: the kernel charges
	// it to whoever runs.
	stolenShare = 0.02
	// loggedShare of the requests must be in the access log, or the log was not what was measured.
	loggedShare = 0.999
)

// measureCPU measures every row with every proxy, in rounds, and prints the report.
func measureCPU(ctx context.Context, l *lab) error {
	var res results
	fmt.Fprintf(l.notes, "%d rounds of %d s over %d rows with %v; about %v\n", l.rounds, l.seconds, len(l.rows), l.proxies,
		time.Duration(l.rounds*len(l.rows)*len(l.proxies)*(l.seconds+warmUpSeconds+1))*time.Second)
	for round := range l.rounds {
		for _, c := range order(l.rows, l.proxies, round) {
			s, err := l.measureCell(ctx, c)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				res.failed = append(res.failed, fmt.Errorf("round %d: %s with %s: %w", round+1, c.row, c.proxy, err))
				l.note("%v", res.failed[len(res.failed)-1])
				continue
			}
			res.add(round, c, s)
			fmt.Fprintf(l.notes, "round %d/%d: %-20s %-8s %6.2f µs\n", round+1, l.rounds, c.row, c.proxy, s.microseconds())
			if s.strangers > strangerShare {
				l.note("other processes had %.0f%% of the proxy's core meanwhile", 100*s.strangers)
			}
			if s.stolen > stolenShare {
				l.note("the hypervisor took %.0f%% of the proxy's core meanwhile", 100*s.stolen)
			}
		}
	}
	res.print(l.out, l.settings)
	if len(res.failed) > 0 {
		return fmt.Errorf("%d measurements failed, the first: %w", len(res.failed), res.failed[0])
	}
	return nil
}

// measureCell starts the proxy afresh, so that each measurement has its own luck with memory layout and
// none inherits the state of another.
func (l *lab) measureCell(ctx context.Context, c cell) (sample, error) {
	target, err := l.deploy(ctx, c.proxy, c.row.logged, busyClients)
	if err != nil {
		return sample{}, err
	}
	s, warmUp, err := l.measureUnderLoad(ctx, target, c.row)
	target.stop() // which writes the rest of the log
	if err == nil && c.row.logged {
		err = checkLog(target.Log, warmUp.requests+s.requests)
	}
	if removed := os.RemoveAll(target.Dir); err == nil {
		err = removed
	}
	return s, err
}

func (l *lab) measureUnderLoad(ctx context.Context, target *deployed, r row) (s sample, warmUp load, err error) {
	if warmUp, err = l.generate(ctx, target, r, warmUpSeconds); err != nil {
		return s, warmUp, err
	}
	first, err := l.look(ctx, target)
	if err != nil {
		return s, warmUp, err
	}
	before, err := l.look(ctx, target) // the second look shows what a look allocates
	if err != nil {
		return s, warmUp, err
	}
	s.load, err = l.generate(ctx, target, r, l.seconds)
	if err != nil {
		return s, warmUp, err
	}
	after, err := l.look(ctx, target)
	if err != nil {
		return s, warmUp, err
	}
	s.cpu = after.used.cpu - before.used.cpu
	s.rssBytes = after.used.rssBytes
	s.counted = target.metrics
	s.mallocs = max(0, (after.mallocs-before.mallocs)-(before.mallocs-first.mallocs))
	busy, idle := after.core.busy-before.core.busy, after.core.idle-before.core.idle
	if all := float64(busy + idle); all > 0 {
		s.busy = float64(s.cpu) / all
		s.stolen = float64(after.core.stolen-before.core.stolen) / all
		s.strangers = max(0, float64(busy-s.cpu)/all)
	}
	return s, warmUp, nil
}

// sight is what there is to see of a proxy at one moment.
type sight struct {
	used    usage
	core    coreTime
	mallocs float64
}

func (l *lab) look(ctx context.Context, target *deployed) (s sight, err error) {
	if target.metrics {
		if s.mallocs, err = mallocs(ctx, target.Admin); err != nil {
			return s, err
		}
	}
	if s.core, err = coreTimeOf(l.proxyCPU); err != nil {
		return s, err
	}
	s.used, err = usageOf(target.group)
	return s, err
}

// checkLog refuses a measurement of a log that was not written.
func checkLog(file string, requests int) error {
	lines, err := linesOf(file)
	if err != nil {
		return fmt.Errorf("access log: %w", err)
	}
	if float64(lines) < loggedShare*float64(requests) {
		return fmt.Errorf("%d requests left only %d lines in the access log", requests, lines)
	}
	return nil
}
