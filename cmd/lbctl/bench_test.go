package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBench runs a small scenario live. What it measures is a matter of the machine; that it hangs together is not.
func TestBench(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(in("small.yaml"), []byte(`name: small
about: A test.
duration: 1s
warmup: 0s
arrivals: {poisson: {rate_rps: 40}}
clients: {deadline: 10s}
classes: [{demand: {exponential: {mean: 5ms}}}]
backends: [{name: a, count: 2, slots: 2}, {name: b}]
`), 0o600); err != nil {
		t.Fatal(err)
	}
	got := command(context.Background(), "bench", in("small.yaml"), "--policies", "round_robin,p2c", "--seeds", "1",
		"--json", in("out.json"), "--csv", in("out.csv"), "--html", in("out.html"))
	slipped := strings.Contains(got.err, "the schedule slipped") // on a machine that is busy with other things
	if got.code != 0 && !slipped {
		t.Fatalf("exit %d\n%s", got.code, got.err)
	}
	for _, want := range []string{"2 live runs, about 3s\n", "1 of 2: small, round_robin, seed"} {
		if !strings.Contains(got.err, want) {
			t.Errorf("%q is missing in\n%s", want, got.err)
		}
	}
	for _, want := range []string{"live", "simulated", "error", "Simulated p50 within", "Live runs used"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%q is missing in\n%s", want, got.out)
		}
	}
	var result struct {
		Command   string
		Scenarios []struct{ Variants []struct{ Requests uint64 } }
		Fidelity  struct {
			Scenarios []struct{ Rows []struct{ Variant string } }
			Simulated struct {
				Scenarios []struct{ Variants []struct{ Requests uint64 } }
			}
		}
	}
	if err := json.Unmarshal([]byte(read(t, in("out.json"))), &result); err != nil {
		t.Fatal(err)
	}
	for i, v := range result.Scenarios[0].Variants {
		if simulated := result.Fidelity.Simulated.Scenarios[0].Variants[i].Requests; v.Requests == 0 || v.Requests != simulated {
			t.Errorf("%d requests live, %d simulated", v.Requests, simulated)
		}
	}
	if len(result.Fidelity.Scenarios[0].Rows) == 0 || !strings.HasPrefix(result.Command, "lbctl bench ") {
		t.Errorf("JSON: %+v", result)
	}
	for name, want := range map[string]string{"out.csv": ",simulated\n", "out.html": "Live and simulated"} {
		if !strings.Contains(read(t, in(name)), want) {
			t.Errorf("%s: %q is missing", name, want)
		}
	}
}

// TestBenchRepeats: an error says how to make that one run again.
func TestBenchRepeats(t *testing.T) {
	cmd := benchCommand(streams{})
	root := rootCommand(streams{})
	root.AddCommand(cmd)
	if err := cmd.ParseFlags([]string{"--seeds", "5", "--duration", "3s", "--policies", "p2c,random", "--target", "http://h:1", "--backends", "127.0.0.1:9"}); err != nil {
		t.Fatal(err)
	}
	f := &benchFlags{}
	all, err := loadScenarios([]string{"uniform"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	const want = "lbctl bench uniform --policies p2c --seed 7 --seeds 1 --backends 127.0.0.1:9 --duration 3s --target http://h:1"
	got := f.repeat(cmd, all)("uniform", "p2c", 7)
	if len(got) != len(want) || !strings.HasPrefix(got, "lbctl bench uniform --policies p2c --seed 7 --seeds 1 ") {
		t.Errorf("got %q, want the words of %q", got, want)
	}
}
