package config

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/lbctl/lbctl/config/strict"
	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/health"
	"github.com/lbctl/lbctl/lb/policy"
)

// decode reads a file that has a pool: block.
func decode(text string, set ...string) (Pool, error) {
	f := struct {
		Pool Pool `yaml:"pool"`
	}{Default()}
	doc, err := strict.Parse("pool.yaml", []byte(text))
	if err != nil {
		return f.Pool, err
	}
	for _, s := range set {
		path, value, _ := strings.Cut(s, "=")
		if err := doc.Set(path, value, "--set "+s); err != nil {
			return f.Pool, err
		}
	}
	err = doc.Decode(&f)
	return f.Pool, err
}

// TestPools shows pool: blocks, and what comes of them or what is wrong with them.
//
//	pool [set=(path=value, …)]
//	<file>
func TestPools(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var set []string
			for _, arg := range d.CmdArgs {
				if arg.Key == "set" {
					set = append(set, arg.Vals...)
				}
			}
			p, err := decode(d.Input, set...)
			if err != nil {
				return err.Error() + "\n"
			}
			return describe(p.LB(3))
		})
	})
}

func describe(c lb.Config) string {
	probes := "none"
	if h := c.Health; h != nil {
		probes = fmt.Sprintf("every %v ±%v%%, timeout %v, fall %d, rise %d", h.Interval, 100*h.Jitter, h.Timeout, h.Fall, h.Rise)
	}
	s := c.SlowStart
	return fmt.Sprintf("policy %s, %d peers\nprobes: %s\nslow start: %v from %v%%, aggression %v, every %v\npanic below %v%%\n",
		c.Policy.Name(), c.Peers, probes, s.Window, 100*s.MinWeight, s.Aggression, s.RefreshEvery, 100*c.PanicThreshold)
}

// TestDefaults holds the defaults to HAProxy's (check inter, fall, rise) and Envoy's (slow start, panic).
func TestDefaults(t *testing.T) {
	p := Default()
	c := p.LB(1)
	want := health.Config{Interval: 2 * time.Second, Timeout: time.Second, Jitter: 0.1, Fall: 3, Rise: 2}
	if *c.Health != want {
		t.Errorf("health: got %+v, want %+v", *c.Health, want)
	}
	if c.PanicThreshold != 0.5 || c.SlowStart.Window != 0 || c.SlowStart.MinWeight != 0.1 || c.SlowStart.Aggression != 1 || c.Policy.Name() != "p2c" {
		t.Errorf("got %+v", c)
	}
}

func TestEveryPolicyCanBeSelected(t *testing.T) {
	base := Default()
	for _, k := range policy.Kinds() {
		p, err := base.WithPolicy(k.Name)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.LB(1).Policy.Name(); got != k.Name {
			t.Errorf("%s: got %s", k.Name, got)
		}
		if q, err := decode("pool: {policy: {use: " + k.Name + "}}"); err != nil || q.Policy.Use != k.Name {
			t.Errorf("%s: got %s, %v", k.Name, q.Policy.Use, err)
		}
	}
	if base.Policy.Use != DefaultPolicy {
		t.Error("WithPolicy changed the pool it was asked of")
	}
	if _, err := base.WithPolicy("p2d"); err == nil || err.Error() != `unknown policy "p2d"; did you mean "p2c"?` {
		t.Errorf("got %v", err)
	}
	if _, err := base.WithPolicy("magic wand"); err == nil || !strings.Contains(err.Error(), "lbctl policies") {
		t.Errorf("got %v", err)
	}
}

// TestPoolsShareNothing makes two policies of one pool, and decodes two pools.
func TestPoolsShareNothing(t *testing.T) {
	p, err := decode("pool: {policy: {use: p2c, p2c: {choices: 5}}}")
	if err != nil {
		t.Fatal(err)
	}
	if p.LB(1).Policy == p.LB(1).Policy {
		t.Error("two balancers got one policy")
	}
	other, err := decode("pool: {policy: p2c}")
	if err != nil {
		t.Fatal(err)
	}
	choices := func(p Pool) int { return p.Policy.specs["p2c"].(*policy.P2C).Choices }
	if choices(p) != 5 || choices(other) != 2 {
		t.Errorf("choices: got %d and %d, want 5 and 2", choices(p), choices(other))
	}
	// Parameters of a policy that is not in use are kept for when it is.
	away, _ := p.WithPolicy("maglev")
	back, _ := away.WithPolicy("p2c")
	if choices(back) != 5 {
		t.Errorf("choices after a detour: got %d, want 5", choices(back))
	}
}
