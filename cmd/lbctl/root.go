package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lbctl/lbctl/config/strict"
)

func rootCommand(s streams) *cobra.Command {
	root := group(&cobra.Command{
		Use:   "lbctl",
		Short: "Try load balancing before you deploy it, then deploy it",
		Long: `lbctl runs the code of a load balancer in a simulator, so that you see what an
algorithm or a setting does to your latency before you ship it. Then it runs the
very same code as a proxy: lbctl serve.`,
		Example: `  lbctl compare                        the built-in scenario, all that is worth comparing
  lbctl scenarios list                 what else is built in
  lbctl simulate black-hole --explain 3
  lbctl serve --backend http://127.0.0.1:9001 --backend http://127.0.0.1:9002`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	})
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SetVersionTemplate("lbctl {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(
		compareCommand(s), benchCommand(s), simulateCommand(s), policiesCommand(s), scenariosCommand(s),
		serveCommand(s), checkCommand(s), fakebackendsCommand(s), versionCommand(s),
	)
	root.InitDefaultHelpCmd()
	helpAbout(root)
	return root
}

// group makes a command that only holds others: alone it prints its help, and it refuses a
// name that is none of theirs.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.DisableFlagsInUseLine = true
	cmd.Args = subcommand
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return cmd
}

// subcommand refuses what is left when no command of a group is called so.
func subcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	_, within, _ := strings.Cut(cmd.CommandPath()+" "+args[0], " ")
	if near := didYouMean(args[0], names); near != "" {
		return usage(fmt.Errorf("unknown command %q%s", within, near))
	}
	return usage(fmt.Errorf("unknown command %q; expected one of %s", within, strings.Join(names, ", ")))
}

// helpAbout makes the help command refuse a topic that does not exist, where cobra's own exits with 0.
func helpAbout(root *cobra.Command) {
	help, _, err := root.Find([]string{"help"})
	if err != nil {
		panic("lbctl: no help command: " + err.Error())
	}
	help.Run = nil
	help.RunE = func(_ *cobra.Command, args []string) error {
		about, rest, err := root.Find(args)
		if err == nil && len(about.Commands()) > 0 {
			err = subcommand(about, rest)
		}
		if err != nil {
			return usage(err)
		}
		about.InitDefaultHelpFlag()
		return about.Help()
	}
}

// noArgs is what commands without arguments take.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(fmt.Errorf("expected no arguments, got %q (see %s --help)", args[0], cmd.CommandPath()))
	}
	return nil
}

// oneScenario is what commands about a single scenario take.
func oneScenario(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage(fmt.Errorf("expected one scenario, got %d arguments (see %s --help)", len(args), cmd.CommandPath()))
	}
	return nil
}

// someScenarios is what commands about at least one scenario take.
func someScenarios(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage(fmt.Errorf("expected at least one scenario (see %s --help)", cmd.CommandPath()))
	}
	return nil
}

// expects says what a flag of a type takes.
func expects(kind string) string {
	switch kind {
	case "int":
		return "a whole number"
	case "uint64":
		return "a whole number from 0"
	case "duration":
		return `a duration with a unit, like "30s"`
	case "bool":
		return "true or false"
	}
	return "a " + kind
}

// flagError says what a flag takes, and names the nearest flag for an unknown one.
func flagError(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		f := invalid.GetFlag()
		return usage(fmt.Errorf("--%s: expected %s, got %q", f.Name, expects(f.Value.Type()), invalid.GetValue()))
	}
	var bare *pflag.ValueRequiredError
	if errors.As(err, &bare) {
		return usage(fmt.Errorf("--%s: expected a value after it", bare.GetSpecifiedName()))
	}
	near := ""
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		near = strict.Nearest(unknown.GetSpecifiedName(), names)
	}
	if near == "" {
		return usage(fmt.Errorf("%w (see %s --help)", err, cmd.CommandPath()))
	}
	return usage(fmt.Errorf("%w; did you mean --%s?", err, near))
}

// didYouMean names the valid name that is near, if any.
func didYouMean(name string, valid []string) string {
	if near := strict.Nearest(name, valid); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}
