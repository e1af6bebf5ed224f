package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lbctl/lbctl/scenarios"
)

func scenariosCommand(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scenarios",
		Short: "The built-in scenarios, and checks of your own",
	}
	cmd.AddCommand(listCommand(s), showCommand(s), validateCommand(s), schemaCommand(s))
	return cmd
}

func listCommand(s streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the built-in scenarios",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			type entry struct {
				Name  string `json:"name"`
				Shows string `json:"shows"`
			}
			list := []entry{}
			for _, name := range scenarios.Builtins() {
				all, err := scenarios.Builtin(name, scenarios.LoadOptions{})
				if err != nil {
					panic("lbctl: built-in scenario: " + err.Error())
				}
				shows, _, _ := strings.Cut(all[0].About, "\n")
				list = append(list, entry{name, shows})
			}
			if asJSON {
				e := json.NewEncoder(s.out)
				e.SetIndent("", "  ")
				return e.Encode(list)
			}
			for _, e := range list {
				fmt.Fprintf(s.out, "%-28s %s\n", e.Name, e.Shows)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

func showCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME",
		Short: "Print a built-in scenario, to read or to start your own from",
		Args:  oneScenario,
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := scenarios.BuiltinFile(args[0])
			if err != nil {
				return usage(err)
			}
			_, err = s.out.Write(text)
			return err
		},
	}
}

func validateCommand(s streams) *cobra.Command {
	var set []string
	cmd := &cobra.Command{
		Use:   "validate SCENARIO…",
		Short: "Check scenario files, all errors at once",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			list, err := loadScenarios(args, set)
			if err != nil {
				return err
			}
			for _, sc := range list {
				fmt.Fprintf(s.out, "%s: ok, %s, %d backends, %d variants\n", sc.Name, sc.Duration, len(sc.Model(sc.Seed).Backends()), len(sc.Variants()))
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&set, "set", nil, "change a `path=value` first (repeatable)")
	return cmd
}

func schemaCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of scenario files, for editors",
		Long: `Prints the JSON Schema (2020-12) of scenario files. With the YAML language server, put

  # yaml-language-server: $schema=scenario.schema.json

at the top of a scenario after lbctl scenarios schema > scenario.schema.json.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			schema, err := scenarios.SchemaJSON()
			if err != nil {
				return failure(err)
			}
			_, err = s.out.Write(schema)
			return err
		},
	}
}
