package main

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
	"github.com/lbctl/lbctl/sim"
)

// paths is what live requests took beyond their service, by scenario: over the generator, the balancer and the
// sockets between them. The simulation knows nothing of it unless it is told.
type paths map[string][]time.Duration // medians of the runs of which it is known

// add takes in a run's median; 0: it is not known.
func (p paths) add(scenario string, median time.Duration) {
	if median > 0 {
		p[scenario] = append(p[scenario], median)
	}
}

// of returns a scenario's path, the median over its runs, so that one which was disturbed does not count for the
// others. 0: it is not known.
func (p paths) of(scenario string) time.Duration {
	runs := slices.Sorted(slices.Values(p[scenario]))
	if len(runs) == 0 {
		return 0
	}
	return runs[len(runs)/2].Round(2 * time.Microsecond)
}

// simulate is the driver that experiment repeats: the simulation, with the path as network, there and back.
func (p paths) simulate(ctx context.Context, v scenarios.Variant, seed uint64) (*measure.Run, error) {
	return sim.Run(ctx, overPath(v.Scenario, p.of(v.Scenario.Name)), seed, sim.Options{})
}

// overPath returns a scenario that has no network of its own with one that takes so long, there and back. One that
// replays a log is returned as it is: its text alone does not make it.
func overPath(sc *scenarios.Scenario, path time.Duration) *scenarios.Scenario {
	if path == 0 {
		return sc
	}
	oneWay := (path / 2).String()
	again, err := scenarios.Load(sc.Name, []byte(sc.Source()), scenarios.LoadOptions{
		Set: []string{"name=live", "network.same_zone=" + oneWay, "network.cross_zone=" + oneWay},
	})
	if err != nil {
		return sc
	}
	out := *again[0]
	out.Name, out.Pool = sc.Name, sc.Pool
	return &out
}

// conditions says what the simulation was told.
func (p paths) conditions() string {
	if len(p) == 0 {
		return ""
	}
	least, most := time.Duration(math.MaxInt64), time.Duration(0)
	for name := range p {
		least, most = min(least, p.of(name)), max(most, p.of(name))
	}
	text := least.Round(10 * time.Microsecond).String()
	if len(p) > 1 {
		text += " to " + most.Round(10*time.Microsecond).String()
	}
	return " Beyond its service a request took " + text + " in the median of these same runs. The simulation is given that" +
		" as network, where a scenario has none of its own: so p50 is partly fitted."
}
