package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/lbctl/lbctl/experiment"
)

// stdout as a file name means standard output.
const stdout = "-"

// target is where a command puts something.
type target struct {
	flag string // that says so
	name string // of the file; stdout: standard output
	what string // goes there
}

func newTarget(flag, name, what string) target {
	if name == "/dev/stdout" {
		name = stdout // it may lead to a file that must not be replaced under the shell's feet
	}
	return target{flag, name, what}
}

// explain says which target an error is about.
func (t target) explain(err error) error { return named("--"+t.flag+" "+t.name, err) }

func (t target) announce(w io.Writer) {
	if t.name != stdout {
		fmt.Fprintf(w, "%s written to %s\n", t.what, t.name)
	}
}

// checkTargets finds out before any work is done whether all targets can be written, none is another or an
// input, and at most one is standard output.
func checkTargets(targets []target, inputs []string) error {
	var errs []error
	for i, t := range targets {
		for _, other := range targets[:i] {
			if samePlace(t.name, other.name) {
				errs = append(errs, fmt.Errorf("--%s and --%s: cannot both go to %s", other.flag, t.flag, place(t.name)))
			}
		}
		if t.name == stdout {
			continue
		}
		for _, in := range inputs {
			if sameFile(in, t.name) {
				errs = append(errs, fmt.Errorf("--%s %s: is the scenario itself", t.flag, t.name))
			}
		}
		if err := writable(t.name); err != nil {
			errs = append(errs, t.explain(err))
		}
	}
	if len(errs) > 0 {
		return usage(errors.Join(errs...))
	}
	return nil
}

func place(name string) string {
	if name == stdout {
		return "standard output"
	}
	return name
}

// samePlace says whether two names are of one file, existing or not. Devices and pipes may be written to twice.
func samePlace(a, b string) bool {
	if a == stdout || b == stdout {
		return a == b
	}
	if info, err := os.Stat(a); err == nil && !info.Mode().IsRegular() {
		return false
	}
	return absolute(a) == absolute(b) || sameFile(a, b)
}

func absolute(name string) string {
	path, err := filepath.Abs(follow(name))
	if err != nil {
		return name
	}
	return path
}

// sameFile says whether two names are of one existing file.
func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// output is a rendering of a result, and where it goes.
type output struct {
	target
	render func(io.Writer, *experiment.Result) error
}

// outputs are all that a command makes of a result.
type outputs []output

func (o *outputs) add(flag, name, what string, render func(io.Writer, *experiment.Result) error) {
	if name != "" {
		*o = append(*o, output{newTarget(flag, name, what), render})
	}
}

func (o outputs) targets() []target {
	var all []target
	for _, out := range o {
		all = append(all, out.target)
	}
	return all
}

// toStdout says whether one of them goes to standard output, which must then hold nothing else.
func (o outputs) toStdout() bool {
	for _, out := range o {
		if out.name == stdout {
			return true
		}
	}
	return false
}

// write renders everything. Files are replaced once all of them are whole; what goes to
// standard output comes last, since its reader may be gone.
func (o outputs) write(r *experiment.Result, toStdout io.Writer) error {
	var made []*replacement
	defer func() {
		for _, m := range made {
			m.discard()
		}
	}()
	for _, out := range o {
		if out.name == stdout {
			continue
		}
		file, err := replace(out.name)
		if err != nil {
			return out.explain(err)
		}
		made = append(made, file)
		if err := out.renderTo(file, r); err != nil {
			return out.explain(err)
		}
	}
	for _, m := range made {
		if err := m.commit(); err != nil {
			return fmt.Errorf("cannot replace a file: %w", err)
		}
	}
	for _, out := range o {
		if out.name == stdout {
			return out.renderTo(toStdout, r)
		}
	}
	return nil
}

func (out output) renderTo(w io.Writer, r *experiment.Result) error {
	buf := bufio.NewWriter(w)
	if err := out.render(buf, r); err != nil {
		return err
	}
	return buf.Flush()
}

// announce says what was written where.
func (o outputs) announce(w io.Writer) {
	for _, out := range o {
		out.target.announce(w)
	}
}
