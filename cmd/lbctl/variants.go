package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lbctl/lbctl/config/strict"
	"github.com/lbctl/lbctl/lb/policy"
	"github.com/lbctl/lbctl/scenarios"
)

// everyPolicy as the only name in a list means all policies there are.
const everyPolicy = "all"

// policyNames returns the names of all policies.
func policyNames() []string {
	var names []string
	for _, k := range policy.Kinds() {
		names = append(names, k.Name)
	}
	return names
}

// variantsNamed returns the variants of a scenario that names stand for: what the scenario itself
// calls so, or else its pool with another policy. All errors are returned.
func variantsNamed(sc *scenarios.Scenario, names []string) ([]scenarios.Variant, []error) {
	if len(names) == 1 && names[0] == everyPolicy {
		names = policyNames()
	}
	if len(names) == 0 {
		return nil, []error{fmt.Errorf("expected names like p2c,prequal, or %s", everyPolicy)}
	}
	var out []scenarios.Variant
	var errs []error
	for _, name := range names {
		name = strings.TrimSpace(name)
		v, err := variantNamed(sc, name)
		switch {
		case err != nil:
			errs = append(errs, err)
		case slices.ContainsFunc(out, func(o scenarios.Variant) bool { return o.Name == name }):
			errs = append(errs, fmt.Errorf("%q is there twice", name))
		default:
			out = append(out, v)
		}
	}
	return out, errs
}

func variantNamed(sc *scenarios.Scenario, name string) (scenarios.Variant, error) {
	known := policyNames()
	for _, v := range sc.Variants() {
		if v.Name == name {
			return v, nil
		}
		known = append(known, v.Name)
	}
	list, err := sc.PolicyVariants([]string{name})
	switch {
	case err == nil:
		return list[0], nil
	case strict.Nearest(name, known) != "":
		return scenarios.Variant{}, fmt.Errorf("unknown policy %q%s", name, didYouMean(name, known))
	}
	return scenarios.Variant{}, err
}
