package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lbctl/lbctl/config"
	"github.com/lbctl/lbctl/config/strict"
	"github.com/lbctl/lbctl/lb/policy"
)

func policiesCommand(s streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "policies [NAME…]",
		Short: "List the algorithms, their parameters and when to use which",
		Long: `Lists the algorithms, or those named: what each does, when to use it, and its parameters with their
defaults and bounds. A scenario sets a parameter under pool: policy:, --set from the command line.`,
		Example: `  lbctl policies
  lbctl policies p2c prequal
  lbctl compare --policies p2c --set pool.policy.p2c.choices=3`,
		ValidArgsFunction: completePolicyNames,
		RunE: func(_ *cobra.Command, args []string) error {
			kinds, err := chosenKinds(args)
			if err != nil {
				return usage(err)
			}
			if asJSON {
				return writePoliciesJSON(s.out, kinds)
			}
			for i, k := range kinds {
				if i > 0 {
					fmt.Fprintln(s.out)
				}
				writePolicy(s.out, k)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// chosenKinds returns the policies of those names, or all.
func chosenKinds(names []string) ([]policy.Kind, error) {
	if len(names) == 0 {
		return policy.Kinds(), nil
	}
	var kinds []policy.Kind
	var errs []error
	for _, name := range names {
		k, ok := policy.Lookup(name)
		if !ok {
			errs = append(errs, config.CheckPolicy(name))
			continue
		}
		kinds = append(kinds, k)
	}
	return kinds, errors.Join(errs...)
}

func writePolicy(w io.Writer, k policy.Kind) {
	fmt.Fprintf(w, "%s\n  %s\n  %s\n", k.Name, k.About, k.Advice)
	for _, f := range strict.Fields(k.Spec()) {
		fmt.Fprintf(w, "    %-22s %-14s %s%s\n", f.Path, f.Default, f.Doc, bounds(f))
	}
}

// bounds renders what values a parameter may have.
func bounds(f strict.Field) string {
	switch {
	case len(f.Enum) > 0:
		return " [" + strings.Join(f.Enum, "|") + "]"
	case f.Min != "" && f.Max != "":
		return " [" + f.Min + "…" + f.Max + "]"
	case f.Min != "":
		return " [from " + f.Min + "]"
	case f.Max != "":
		return " [to " + f.Max + "]"
	}
	return ""
}

// policyJSON is a policy as lbctl policies --json writes it.
type policyJSON struct {
	Name       string      `json:"name"`
	About      string      `json:"about"`
	Advice     string      `json:"advice"`
	Parameters []paramJSON `json:"parameters"`
}

type paramJSON struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Default string   `json:"default"`
	Min     string   `json:"min,omitempty"`
	Max     string   `json:"max,omitempty"`
	Enum    []string `json:"enum,omitempty"`
	Doc     string   `json:"doc"`
}

func writePoliciesJSON(w io.Writer, kinds []policy.Kind) error {
	list := []policyJSON{}
	for _, k := range kinds {
		p := policyJSON{Name: k.Name, About: k.About, Advice: k.Advice, Parameters: []paramJSON{}}
		for _, f := range strict.Fields(k.Spec()) {
			p.Parameters = append(p.Parameters, paramJSON{f.Path, f.Type, f.Default, f.Min, f.Max, f.Enum, f.Doc})
		}
		list = append(list, p)
	}
	return writeJSON(w, list)
}
