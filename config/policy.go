package config

import (
	"fmt"
	"maps"

	"github.com/lbctl/lbctl/config/strict"
	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/policy"
)

// DefaultPolicy is the algorithm of a pool that names none.
const DefaultPolicy = "p2c"

// Policy selects an algorithm and holds the parameters of all of them, so that another can be
// selected without losing what was tuned. As a plain value it is the name alone.
type Policy struct {
	Use string `yaml:"use" doc:"name of the algorithm; lbctl policies lists them"`

	specs map[string]policy.Spec // by name; never ranged over
}

// Defaults selects DefaultPolicy with every parameter at its default.
func (p *Policy) Defaults() {
	p.Use = DefaultPolicy
	p.specs = make(map[string]policy.Spec)
	for _, k := range policy.Kinds() {
		p.specs[k.Name] = k.Spec()
	}
}

// UnmarshalScalar takes the shorthand "policy: p2c".
func (p *Policy) UnmarshalScalar(s string) error {
	if err := CheckPolicy(s); err != nil {
		return err
	}
	p.Use = s
	return nil
}

// StrictFields offers a block of parameters for each algorithm.
func (p *Policy) StrictFields() []strict.Dynamic {
	if p.specs == nil {
		p.Defaults()
	}
	var fields []strict.Dynamic
	for _, k := range policy.Kinds() {
		fields = append(fields, strict.Dynamic{Name: k.Name, Doc: k.About, Value: p.specs[k.Name]})
	}
	return fields
}

// Check sees to it that the selected algorithm exists.
func (p *Policy) Check(r *strict.Reporter) {
	if err := CheckPolicy(p.Use); err != nil {
		r.Errorf("use", "%s", err)
	}
}

// build returns a fresh policy: two pools share nothing.
func (p *Policy) build() lb.Policy { return p.specs[p.Use].New() }

// with returns a copy that uses another algorithm.
func (p *Policy) with(name string) Policy {
	return Policy{Use: name, specs: maps.Clone(p.specs)}
}

// CheckPolicy returns an error that names the nearest algorithm when there is none called name.
func CheckPolicy(name string) error {
	if _, ok := policy.Lookup(name); ok {
		return nil
	}
	names := policyNames()
	if near := strict.Nearest(name, names); near != "" {
		return fmt.Errorf("unknown policy %q; did you mean %q?", name, near)
	}
	return fmt.Errorf("unknown policy %q; lbctl policies lists them", name)
}

func policyNames() []string {
	var names []string
	for _, k := range policy.Kinds() {
		names = append(names, k.Name)
	}
	return names
}
