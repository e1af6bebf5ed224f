package main

import (
	"testing"
	"time"

	"github.com/lbctl/lbctl/scenarios"
)

// TestOverPath: whatever is built in is the same scenario with a path, but for the path.
func TestOverPath(t *testing.T) {
	all, err := scenarios.Library()
	if err != nil {
		t.Fatal(err)
	}
	for _, sc := range all {
		for _, v := range sc.Variants() {
			got := overPath(v.Scenario, 600*time.Microsecond)
			if same := got == v.Scenario; same != (sc.Name == "access-log") {
				t.Errorf("%s, %s: the same scenario: %v", sc.Name, v.Name, same)
			}
			a, b := v.Scenario.Model(1), got.Model(1)
			if got.Name != v.Scenario.Name || got.Duration != v.Scenario.Duration || got.Pool.Policy.Use != v.Scenario.Pool.Policy.Use {
				t.Errorf("%s, %s: became %s of %v with %s", sc.Name, v.Name, got.Name, got.Duration, got.Pool.Policy.Use)
			}
			for n := range uint64(20) {
				if a.Request(n) != b.Request(n) || a.Balancer(n) != b.Balancer(n) {
					t.Errorf("%s, %s: request %d is another one", sc.Name, v.Name, n)
				}
			}
			if sc.Name == "one-slow-backend" && b.Network(0, 0, 1) != 300*time.Microsecond {
				t.Errorf("%s: one way takes %v", v.Name, b.Network(0, 0, 1))
			}
		}
	}
}

func TestPathsAreMedians(t *testing.T) {
	p := paths{}
	p.add("a", 500*time.Microsecond)
	p.add("a", 0)
	p.add("a", 9*time.Millisecond)
	p.add("a", 600*time.Microsecond)
	p.add("b", 0)
	if p.of("a") != 600*time.Microsecond || p.of("b") != 0 || p.of("c") != 0 {
		t.Errorf("paths %v, %v, %v", p.of("a"), p.of("b"), p.of("c"))
	}
}
