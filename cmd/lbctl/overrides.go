package main

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// overrides change a scenario from the command line.
type overrides struct {
	set      []string
	duration time.Duration
	seed     uint64
}

// setting is a value that a scenario is loaded with.
type setting struct {
	text string // path=value
	flag string // that stands for it; "": --set itself
}

func (o *overrides) register(cmd *cobra.Command) {
	o.registerSet(cmd)
	cmd.Flags().DurationVar(&o.duration, "duration", 0, "simulate so much virtual time, like 30s, instead of the scenario's")
	cmd.Flags().Uint64Var(&o.seed, "seed", 0, "first seed instead of the scenario's")
}

func (o *overrides) registerSet(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&o.set, "set", nil, "change a `path=value` of the scenario, like pool.policy.p2c.choices=3 (repeatable)")
}

// settings returns what to load scenarios with. A flag of its own wins over --set.
func (o *overrides) settings(cmd *cobra.Command) ([]setting, error) {
	var all []setting
	for _, s := range o.set {
		all = append(all, setting{text: s})
	}
	if cmd.Flags().Changed("duration") {
		if o.duration <= 0 {
			return nil, usage(fmt.Errorf("--duration: expected a positive duration like 30s, got %v", o.duration))
		}
		all = append(all, setting{"duration=" + o.duration.String(), "--duration " + o.duration.String()})
	}
	if cmd.Flags().Changed("seed") {
		seed := strconv.FormatUint(o.seed, 10)
		all = append(all, setting{"seed=" + seed, "--seed " + seed})
	}
	return all, nil
}

// again returns the words that repeat the overrides of a command, but for the seed.
func (o *overrides) again(cmd *cobra.Command) []string {
	return flagWords(cmd, func(flag string) bool { return slices.Contains([]string{"set", "duration"}, flag) })
}
