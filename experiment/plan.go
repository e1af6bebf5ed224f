package experiment

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lbctl/lbctl/scenarios"
)

// plan is a case made ready.
type plan struct {
	name, about, source string
	duration            time.Duration
	balancers           int
	variants            []scenarios.Variant
	baseline            int    // index of a variant
	own                 string // the scenario's own policy
	seeds               []uint64
	changes             []Change
	expect              []scenarios.Expectation
}

func newPlans(o Options) ([]*plan, error) {
	if len(o.Cases) == 0 {
		return nil, errors.New("experiment: no scenario to run")
	}
	var plans []*plan
	for _, c := range o.Cases {
		p, err := newPlan(c, o.Baseline)
		if err != nil {
			return nil, fmt.Errorf("scenario %s: %w", c.Scenario.Name, err)
		}
		plans = append(plans, p)
	}
	return plans, nil
}

func newPlan(c Case, baseline string) (*plan, error) {
	s := c.Scenario
	p := &plan{
		name: s.Name, about: s.About, source: s.Source(), duration: s.Duration, balancers: s.Balancers,
		variants: c.Variants, own: s.Pool.Policy.Use, seeds: c.Seeds, expect: s.Expect,
	}
	for _, ch := range s.Changes() {
		p.changes = append(p.changes, Change{FromS: ch.From.Seconds(), ToS: ch.To.Seconds(), Label: ch.Label})
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	var err error
	p.baseline, err = p.chooseBaseline(baseline)
	return p, err
}

func (p *plan) check() error {
	if len(p.variants) == 0 || len(p.seeds) == 0 {
		return errors.New("expected at least one variant and one seed")
	}
	names := map[string]bool{}
	for _, v := range p.variants {
		if names[v.Name] {
			return fmt.Errorf("two variants are named %q", v.Name)
		}
		names[v.Name] = true
	}
	seeds := map[uint64]bool{}
	for _, seed := range p.seeds {
		if seeds[seed] {
			return fmt.Errorf("seed %d is there twice: replications must be independent", seed)
		}
		seeds[seed] = true
	}
	return nil
}

func (p *plan) chooseBaseline(name string) (int, error) {
	own := 0
	var names []string
	for i, v := range p.variants {
		switch v.Name {
		case name:
			return i, nil
		case p.own:
			own = i
		}
		names = append(names, v.Name)
	}
	if name != "" {
		return 0, fmt.Errorf("no variant %q to be the baseline; expected one of %s", name, strings.Join(names, ", "))
	}
	return own, nil
}
