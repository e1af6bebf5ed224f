package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lbctl/lbctl/experiment"
	"github.com/lbctl/lbctl/reports"
)

// stdout as a file name means standard output.
const stdout = "-"

// output is one file that a command writes.
type output struct {
	name   string
	what   string
	render func(io.Writer, *experiment.Result) error
	temp   *os.File // nil: standard output
}

// outputs are the files of a command. They are made before the work starts, so that an unwritable place is found
// out at once, and renamed into place at its end, so that a file is whole or as it was.
type outputs struct {
	list   []*output
	stdout io.Writer
}

func (f *compareFlags) outputs(cmd *cobra.Command, s streams) (*outputs, bool, error) {
	o := &outputs{stdout: s.out}
	o.add(f.json, "JSON", reports.JSON)
	o.add(f.csv, "CSV", reports.CSV)
	toStdout := len(o.onStdout()) > 0
	if cmd.Flags().Changed("html") || !toStdout {
		o.add(f.html, "report", reports.HTML)
	}
	if n := o.onStdout(); len(n) > 1 {
		return nil, false, usage(fmt.Errorf("only one of --json, --csv and --html can go to standard output"))
	}
	return o, len(o.onStdout()) == 1, nil
}

func (o *outputs) add(name, what string, render func(io.Writer, *experiment.Result) error) {
	if name != "" {
		o.list = append(o.list, &output{name: name, what: what, render: render})
	}
}

func (o *outputs) onStdout() (found []*output) {
	for _, out := range o.list {
		if out.name == stdout {
			found = append(found, out)
		}
	}
	return found
}

// open makes the temporary files next to where the results will be.
func (o *outputs) open() error {
	for _, out := range o.list {
		if err := out.open(); err != nil {
			return err
		}
	}
	return nil
}

func (out *output) open() error {
	if out.name == stdout {
		return nil
	}
	if info, err := os.Stat(out.name); err == nil && info.IsDir() {
		return fmt.Errorf("%s: is a directory; expected a file for the %s", out.name, out.what)
	}
	temp, err := os.CreateTemp(filepath.Dir(out.name), ".lbctl-*")
	if err != nil {
		return fmt.Errorf("cannot write the %s: %w", out.what, err)
	}
	out.temp = temp
	return nil
}

// write renders everything and moves the files into place.
func (o *outputs) write(r *experiment.Result) error {
	for _, out := range o.list {
		if err := out.put(r, o.stdout); err != nil {
			return fmt.Errorf("%s: %w", out.what, err)
		}
	}
	return nil
}

func (out *output) put(r *experiment.Result, stdout io.Writer) error {
	if out.temp == nil {
		return out.render(stdout, r)
	}
	if err := out.render(out.temp, r); err != nil {
		return err
	}
	return out.commit()
}

// commit moves a whole temporary file into place.
func (out *output) commit() error {
	err := errors.Join(out.temp.Chmod(0o644), out.temp.Close())
	if err == nil {
		err = os.Rename(out.temp.Name(), out.name)
	}
	if err == nil {
		out.temp = nil
	}
	return err
}

// discard removes what was not moved into place.
func (o *outputs) discard() {
	for _, out := range o.list {
		out.discard()
	}
}

func (out *output) discard() {
	if out.temp != nil {
		out.temp.Close()
		os.Remove(out.temp.Name())
	}
}

// announce says what was written where.
func (o *outputs) announce(w io.Writer) {
	for _, out := range o.list {
		out.announce(w)
	}
}

func (out *output) announce(w io.Writer) {
	if out.name != stdout {
		fmt.Fprintf(w, "%s written to %s\n", out.what, out.name)
	}
}

// commandLine returns the command that repeats a result: the flags that bear on it, not those
// that say where to put it.
func commandLine(cmd *cobra.Command, args []string) string {
	words := append([]string{cmd.CommandPath()}, args...)
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "json", "csv", "html":
			return
		}
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
			if f.Value.Type() == "stringSlice" {
				values = []string{strings.Join(values, ",")}
			}
		}
		for _, v := range values {
			words = append(words, "--"+f.Name, v)
		}
	})
	for i, w := range words[1:] {
		words[i+1] = shellQuote(w)
	}
	return strings.Join(words, " ")
}

// shellQuote quotes a word when a shell would not take it as it is.
func shellQuote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=,:%@+", r)
	}
	if word != "" && strings.TrimLeftFunc(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// tableOptions fits tables to where they go: a terminal's width, COLUMNS, or what most screens show.
func tableOptions(w io.Writer) reports.TableOptions {
	o := reports.TableOptions{Color: color(w)}
	if width, ok := terminal(w); ok {
		o.Width = width
	} else if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		o.Width = n
	}
	return o
}
