package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lbctl/lbctl/lb/policy"
	"github.com/lbctl/lbctl/scenarios"
)

// completeScenarios offers the built-in scenarios; where none fits, the shell offers files.
func completeScenarios(_ *cobra.Command, given []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return builtins(given, toComplete), cobra.ShellCompDirectiveDefault
}

// completeScenario is completeScenarios for commands that take one.
func completeScenario(_ *cobra.Command, given []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(given) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return builtins(nil, toComplete), cobra.ShellCompDirectiveDefault
}

// completeBuiltin offers the built-in scenarios only.
func completeBuiltin(_ *cobra.Command, given []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(given) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return builtins(nil, toComplete), cobra.ShellCompDirectiveNoFileComp
}

func builtins(given []string, toComplete string) []cobra.Completion {
	var offers []cobra.Completion
	for _, name := range scenarios.Builtins() {
		if offered(name, given, toComplete) {
			offers = append(offers, cobra.CompletionWithDesc(name, shows(name)))
		}
	}
	return offers
}

func offered(name string, given []string, toComplete string) bool {
	return strings.HasPrefix(name, toComplete) && !slices.Contains(given, name)
}

// completePolicy offers the policies.
func completePolicy(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return policies(nil, "", toComplete), cobra.ShellCompDirectiveNoFileComp
}

// completePolicyNames offers the policies that are not among the arguments.
func completePolicyNames(_ *cobra.Command, given []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return policies(given, "", toComplete), cobra.ShellCompDirectiveNoFileComp
}

// completePolicies completes the last name of a comma-separated list.
func completePolicies(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	i := strings.LastIndexByte(toComplete, ',') + 1
	given := strings.Split(toComplete[:i], ",")
	return policies(given, toComplete[:i], toComplete[i:]), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

func policies(given []string, before, toComplete string) []cobra.Completion {
	var offers []cobra.Completion
	for _, k := range policy.Kinds() {
		if offered(k.Name, given, toComplete) {
			offers = append(offers, cobra.CompletionWithDesc(before+k.Name, k.About))
		}
	}
	return offers
}

// completeFlag makes f complete the values of a flag of cmd.
func completeFlag(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic("lbctl: " + err.Error())
	}
}
