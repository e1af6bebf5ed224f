package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lbctl/lbctl/scenarios"
)

func scenariosCommand(s streams) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "scenarios",
		Short: "The built-in scenarios, and checks of your own",
		Example: `  lbctl scenarios list
  lbctl scenarios show one-slow-backend > my.yaml
  lbctl scenarios validate my.yaml`,
	})
	cmd.AddCommand(listCommand(s), showCommand(s), validateCommand(s), schemaCommand(s))
	return cmd
}

func listCommand(s streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the built-in scenarios",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return writeJSON(s.out, listing())
			}
			widest := 0
			for _, e := range listing() {
				widest = max(widest, len(e.Name))
			}
			for _, e := range listing() {
				fmt.Fprintf(s.out, "%-*s  %s\n", widest, e.Name, e.Shows)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// entry is a built-in scenario as lbctl scenarios list --json writes it.
type entry struct {
	Name  string `json:"name"`
	Shows string `json:"shows"`
}

func listing() []entry {
	list := []entry{}
	for _, name := range scenarios.Builtins() {
		list = append(list, entry{name, shows(name)})
	}
	return list
}

// shows returns the first line of what a built-in scenario says about itself.
func shows(name string) string {
	all, err := scenarios.Builtin(name, scenarios.LoadOptions{})
	if err != nil {
		panic("lbctl: built-in scenario: " + err.Error())
	}
	first, _, _ := strings.Cut(all[0].About, "\n")
	return first
}

// writeJSON writes v as indented JSON, for people and programs.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func showCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:               "show NAME",
		Short:             "Print a built-in scenario, to read or to start your own from",
		Example:           `  lbctl scenarios show one-slow-backend > my.yaml`,
		Args:              oneScenario,
		ValidArgsFunction: completeBuiltin,
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := scenarios.BuiltinFile(args[0])
			if err != nil {
				return usage(noScenario(args[0]))
			}
			_, err = s.out.Write(text)
			return err
		},
	}
}

func validateCommand(s streams) *cobra.Command {
	var o overrides
	cmd := &cobra.Command{
		Use:   "validate SCENARIO…",
		Short: "Check scenario files, all errors at once",
		Long: `Checks scenario files and says what is wrong with them, every error with its position and what
was expected. The exit code is 2 when something is.`,
		Example: `  lbctl scenarios validate my.yaml
  lbctl scenarios validate scenarios/*.yaml --set duration=10s`,
		Args:              someScenarios,
		ValidArgsFunction: completeScenarios,
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := o.settings(cmd)
			if err != nil {
				return err
			}
			return validate(args, set, s.out)
		},
	}
	o.registerSet(cmd)
	return cmd
}

// validate describes the scenarios that are sound and returns what is wrong with the others.
func validate(args []string, set []setting, w io.Writer) error {
	var blames []blame
	for _, arg := range args {
		list, err := loadArgument(arg, set)
		blames = append(blames, blamesOf(arg, err, set)...)
		for _, c := range list {
			fmt.Fprintf(w, "%s: ok, %v, %s, %s\n", c.Name, c.Duration,
				counted(len(c.Model(c.Seed).Backends()), "backend"), counted(len(c.Variants()), "variant"))
		}
	}
	if err := joinBlames(blames, len(args)); err != nil {
		return usage(err)
	}
	return nil
}

// counted writes n things: "1 backend", "2 backends".
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func schemaCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of scenario files, for editors",
		Long: `Prints the JSON Schema (2020-12) of scenario files. With the YAML language server, put

  # yaml-language-server: $schema=scenario.schema.json

at the top of a scenario after lbctl scenarios schema > scenario.schema.json.`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			schema, err := scenarios.SchemaJSON()
			if err != nil {
				panic("lbctl: the schema cannot be written: " + err.Error())
			}
			_, err = s.out.Write(schema)
			return err
		},
	}
}
