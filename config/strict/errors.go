package strict

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// An Error is one thing that is wrong with a document, and where.
type Error struct {
	File   string // as given to Parse
	Line   int    // from 1; 0 when there is no position
	Col    int    // from 1, in characters
	Origin string // where the value came from when not from the file, such as "--set a.b=3"
	Path   string // the value in the document, such as "pool.policy.p2c.choices"
	Msg    string // what was expected and what was found
}

// Error returns "file:line:col: path: message", with Origin in place of the
// position when the value did not come from the file.
func (e Error) Error() string {
	var b strings.Builder
	switch {
	case e.Origin != "":
		b.WriteString(e.Origin)
	case e.Line > 0:
		b.WriteString(e.File + ":" + strconv.Itoa(e.Line) + ":" + strconv.Itoa(e.Col))
	default:
		b.WriteString(e.File)
	}
	if e.Path != "" {
		b.WriteString(": " + e.Path)
	}
	b.WriteString(": " + e.Msg)
	return b.String()
}

// Errors is everything that is wrong with a document, in the order of the file;
// errors about overridden values come last. It is never empty when returned as
// an error.
type Errors []Error

// Error returns one line per error, at most MaxErrors of them.
func (es Errors) Error() string {
	var b strings.Builder
	for i, e := range es {
		if i == MaxErrors {
			fmt.Fprintf(&b, "\nand %d more", len(es)-MaxErrors)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(e.Error())
	}
	return b.String()
}

// Unwrap gives errors.Is and errors.As access to the single errors.
func (es Errors) Unwrap() []error {
	out := make([]error, len(es))
	for i, e := range es {
		out[i] = e
	}
	return out
}

// orNil sorts the errors and returns them as an error, nil when there are none.
func (es Errors) orNil() error {
	if len(es) == 0 {
		return nil
	}
	slices.SortStableFunc(es, byPosition)
	return es
}

// byPosition orders errors by line and column. Errors with an origin follow, in
// the order in which they were found.
func byPosition(a, b Error) int {
	switch {
	case a.Origin != "" && b.Origin != "":
		return 0
	case a.Origin != "":
		return 1
	case b.Origin != "":
		return -1
	}
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
}
