package sim

import (
	"testing"

	"github.com/lbctl/lbctl/scenarios"
)

// load loads a scenario from its text.
func load(t testing.TB, yaml string) *scenarios.Scenario {
	t.Helper()
	all, err := scenarios.Load("test.yaml", []byte(yaml), scenarios.LoadOptions{})
	if err != nil {
		t.Fatalf("%v\n%s", err, yaml)
	}
	return all[0]
}
