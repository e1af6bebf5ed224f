package main

import (
	"io"
	"os"
	"strconv"

	"golang.org/x/term"

	"github.com/lbctl/lbctl/reports"
)

// streams are where output goes.
type streams struct{ out, err io.Writer }

// checkedWriter remembers the first error, so that what prints many lines need not look
// after each.
type checkedWriter struct {
	io.Writer
	err error
}

func (c *checkedWriter) Write(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.Writer.Write(p)
	c.err = err
	return n, err
}

// terminal returns whether w is a terminal, and how many columns it has.
func terminal(w io.Writer) (width int, ok bool) {
	if c, checked := w.(*checkedWriter); checked {
		w = c.Writer
	}
	f, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	return width, err == nil
}

// dumb says that terminals are said to know no control sequences.
func dumb() bool { return os.Getenv("TERM") == "dumb" }

// color says whether to colour what goes to w: to terminals, unless NO_COLOR (no-color.org) is set.
func color(w io.Writer) bool {
	_, ok := terminal(w)
	return ok && os.Getenv("NO_COLOR") == "" && !dumb()
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
