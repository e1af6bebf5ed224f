package main

import (
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"
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
	root.AddCommand(compareCommand(s), simulateCommand(s), policiesCommand(s), scenariosCommand(s))
	return root
}
