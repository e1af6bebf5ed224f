package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/lbctl/lbctl/bench"
	"github.com/lbctl/lbctl/experiment"
	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

// liveRuns makes live runs, one after another, and tells of them.
type liveRuns struct {
	options  bench.Options
	w        io.Writer
	bar      *progress
	runs     int
	expected time.Duration

	paths   paths
	made    int
	elapsed time.Duration    // scenario time of the runs that are over
	worst   bench.Slip       // of all runs
	slipped int              // runs in which it was too much
	remade  int              // runs that were thrown away and made again for it
	slip    *bench.SlipError // of the last such run
	cpu     float64          // sum of all runs' percentages
}

func newLiveRuns(cases []experiment.Case, o bench.Options, w io.Writer) *liveRuns {
	l := &liveRuns{options: o, w: w, bar: newProgress(w, "running live"), paths: paths{}}
	for _, c := range cases {
		for _, v := range c.Variants {
			l.runs += len(c.Seeds)
			l.expected += v.Scenario.Duration * time.Duration(len(c.Seeds))
		}
	}
	return l
}

// overhead is about what a run takes beyond the scenario's duration: to start, and to finish what is under way.
const overhead = 500 * time.Millisecond

// announce says how long it will take.
func (l *liveRuns) announce() {
	total := (l.expected + time.Duration(l.runs)*overhead).Round(time.Second)
	fmt.Fprintf(l.w, "%d live runs, about %v\n", l.runs, total)
}

// liveTries is how often a run is made until its schedule does not slip: something else may have wanted the
// machine for a moment.
const liveTries = 2

// run is the driver that experiment repeats. A run whose schedule slips all the same counts, since those before it
// need not be lost, but makes the command fail in the end.
func (l *liveRuns) run(ctx context.Context, v scenarios.Variant, seed uint64) (*measure.Run, error) {
	o := l.options
	o.Elapsed = func(now time.Duration) { l.show(l.elapsed + min(now, v.Scenario.Duration)) }
	for try := 1; ; try++ {
		out, err := bench.Run(ctx, v.Scenario, seed, o)
		slip := new(bench.SlipError)
		switch {
		case errors.As(err, &slip) && try < liveTries:
			l.remade++
			l.tell("%s, %s, seed %d: %v; once more", v.Scenario.Name, v.Name, seed, slip.Slip)
			continue
		case errors.As(err, &slip):
			l.slipped++
			l.slip = slip
		case err != nil:
			return nil, err
		}
		l.note(out)
		l.paths.add(v.Scenario.Name, out.Path)
		l.elapsed += v.Scenario.Duration
		l.tell("%d of %d: %s, %s, seed %d: %v", l.made, l.runs, v.Scenario.Name, v.Name, seed, out)
		return out.Run, nil
	}
}

// note remembers how well a run could be carried out.
func (l *liveRuns) note(out *bench.Outcome) {
	l.made++
	l.cpu += out.CPUPct
	if out.Slip.P99 > l.worst.P99 {
		l.worst = out.Slip
	}
}

// tell writes a line where no bar is shown.
func (l *liveRuns) tell(format string, args ...any) {
	if l.bar.quiet {
		fmt.Fprintf(l.w, format+"\n", args...)
	}
}

// show moves the bar, which counts seconds.
func (l *liveRuns) show(elapsed time.Duration) {
	l.bar.set(int(elapsed.Seconds()), int(l.expected.Seconds())+1)
}

func (l *liveRuns) done() { l.bar.done() }

// conditions says how well the runs could be carried out.
func (l *liveRuns) conditions() string {
	text := fmt.Sprintf("Live runs used %.0f%% of %d processors on average; at worst %v.", l.cpu/float64(l.made), runtime.GOMAXPROCS(0), l.worst)
	text += l.paths.conditions()
	if l.slipped > 0 {
		text += fmt.Sprintf(" In %d of %d runs that is too much, so that they measure their generator too.", l.slipped, l.made)
	}
	if l.remade > 0 {
		text += fmt.Sprintf(" Runs whose schedule slipped are made once more: %d were.", l.remade)
	}
	return text
}

// verdict is the error of runs whose schedule slipped.
func (l *liveRuns) verdict() error {
	if l.slipped == 0 {
		return nil
	}
	return exitError{exitFailed, fmt.Errorf("in %d of %d live runs %w", l.slipped, l.made, l.slip)}
}
