package sim

import (
	"context"
	"errors"
	"testing"

	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

// load loads a scenario from its text.
func load(t testing.TB, yaml string) *scenarios.Scenario {
	t.Helper()
	return loadReplay(t, yaml, "")
}

// loadReplay loads a scenario that replays the given rows: its file is called log.csv.
func loadReplay(t testing.TB, yaml, rows string) *scenarios.Scenario {
	t.Helper()
	read := func(name string) ([]byte, error) {
		if name != "log.csv" {
			return nil, errors.New("no such file")
		}
		return []byte(rows), nil
	}
	all, err := scenarios.Load("test.yaml", []byte(yaml), scenarios.LoadOptions{ReadFile: read})
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

// simulate runs a scenario, which must keep Little's law.
func simulate(t testing.TB, sc *scenarios.Scenario, seed uint64, opts Options) *measure.Run {
	t.Helper()
	run, err := Run(context.Background(), sc, seed, opts)
	if err != nil {
		t.Fatal(err)
	}
	if !run.Little.Holds {
		t.Errorf("seed %d: Little's law does not hold: %+v", seed, run.Little)
	}
	return run
}
