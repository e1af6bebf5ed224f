package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/lbctl/lbctl/config/strict"
)

// streams are where output goes.
type streams struct{ out, err io.Writer }

// terminal returns whether w is a terminal, and how many columns it has.
func terminal(w io.Writer) (width int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	return width, err == nil
}

// color says whether to colour what goes to w: to terminals, unless NO_COLOR (no-color.org) is set.
func color(w io.Writer) bool {
	_, ok := terminal(w)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

func rootCommand(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:           "lbctl",
		Short:         "Try load balancing before you deploy it",
		Long:          "lbctl runs the code of a load balancer in a simulator, so that you see what an\nalgorithm or a setting does to your latency before you ship it.",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(compareCommand(s), simulateCommand(s), policiesCommand(s), scenariosCommand(s))
	return root
}

// expects says what a flag of a type takes.
func expects(kind string) string {
	switch kind {
	case "int", "uint64":
		return "a whole number"
	case "duration":
		return `a duration with a unit, like "30s"`
	case "bool":
		return "true or false"
	}
	return "a " + kind
}

// oneScenario is what commands about a single scenario take.
func oneScenario(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage(fmt.Errorf("expected one scenario, a built-in name or a path, got %d (see %s --help)", len(args), cmd.CommandPath()))
	}
	return nil
}

// flagError adds the nearest flag to the complaint about an unknown one.
func flagError(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		f := invalid.GetFlag()
		return usage(fmt.Errorf("--%s: expected %s, got %q", f.Name, expects(f.Value.Type()), invalid.GetValue()))
	}
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usage(err)
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	near := strict.Nearest(unknown.GetSpecifiedName(), names)
	if near == "" {
		return usage(fmt.Errorf("%w (see %s --help)", err, cmd.CommandPath()))
	}
	return usage(fmt.Errorf("%w; did you mean --%s?", err, near))
}
