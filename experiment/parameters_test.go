package experiment

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/lbctl/lbctl/config"
)

// TestVariantParameters runs two variants of which each has a pool of its own.
func TestVariantParameters(t *testing.T) {
	c := fakeCase("one", 2, "fast", "slow")
	for i, name := range []string{"peak_ewma", "p2c"} {
		s := *c.Scenario
		pool, err := s.Pool.WithPolicy(name)
		if err != nil {
			t.Fatal(err)
		}
		s.Pool = pool
		c.Variants[i].Scenario = &s
	}
	r := mustRun(Options{Cases: []Case{c}})
	ewma, p2c := r.Scenarios[0].Variants[0].Parameters, r.Scenarios[0].Variants[1].Parameters
	for _, want := range []config.Setting{
		{Path: "policy.use", Value: "peak_ewma"}, {Path: "policy.peak_ewma.default_rtt", Value: "30ms"},
		{Path: "health.interval", Value: "2s"}, {Path: "slow_start.window", Value: "0s"}, {Path: "panic_threshold_pct", Value: "50"},
	} {
		if !slices.Contains(ewma, want) {
			t.Errorf("no %v among %v", want, ewma)
		}
	}
	for _, s := range p2c {
		if strings.HasPrefix(s.Path, "policy.peak_ewma.") {
			t.Errorf("p2c has %v", s)
		}
	}
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if want := `"parameters":[{"path":"policy.use","value":"peak_ewma"},`; !strings.Contains(string(b), want) {
		t.Errorf("no %s in the JSON", want)
	}
}
