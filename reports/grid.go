package reports

import (
	"bytes"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// style is how a cell looks when colour is wanted. Colour never says anything that the text does not.
type style string

// Styles as ANSI SGR sequences (ECMA-48, 8.3.117): they exist in every terminal's palette, light or dark.
const (
	plain style = ""
	bold  style = "\x1b[1m"
	dim   style = "\x1b[2m"
	good  style = "\x1b[32m"
	bad   style = "\x1b[31m"
	reset       = "\x1b[0m"
)

// paint applies s to text if colour is wanted.
func (s style) paint(text string, color bool) string {
	if !color || s == plain || text == "" {
		return text
	}
	return string(s) + text + reset
}

type cell struct {
	text string
	style
}

// grid is a table before it is drawn. Every row has as many cells as there are heads.
type grid struct {
	heads []string // may have several lines
	left  []bool   // column is aligned to the left
	rows  [][]cell
}

// gap is the blank after each column.
const gap = 2

// columnWidth returns what column c takes, its gap included.
func (g *grid) columnWidth(c int) int {
	most := 0
	for line := range strings.Lines(g.heads[c]) {
		most = max(most, width(strings.TrimSuffix(line, "\n")))
	}
	for _, row := range g.rows {
		most = max(most, width(row[c].text))
	}
	return gap + most
}

func (g *grid) width() int {
	sum := 0
	for c := range g.heads {
		sum += g.columnWidth(c)
	}
	return sum
}

// keep returns g with only the first n columns.
func (g *grid) keep(n int) *grid {
	out := &grid{heads: g.heads[:n], left: g.left[:n]}
	for _, row := range g.rows {
		out.rows = append(out.rows, row[:n])
	}
	return out
}

// fit drops columns from the right until g is at most limit wide; the first keep columns stay.
func (g *grid) fit(limit, keep int) *grid {
	sum := 0
	for c := range g.heads {
		if sum += g.columnWidth(c); sum > limit && c >= keep {
			return g.keep(c)
		}
	}
	return g
}

// write draws g, without borders: a rule under the heads is all that reading needs.
func (g *grid) write(w io.Writer, color bool) error {
	var buf bytes.Buffer
	t := tablewriter.NewTable(&buf,
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbols(tw.StyleLight),
			Settings: tw.Settings{
				Separators: tw.SeparatorsNone,
				Lines:      tw.Lines{ShowTop: tw.Off, ShowBottom: tw.Off, ShowHeaderLine: tw.On, ShowFooterLine: tw.Off},
			},
		})),
		tablewriter.WithConfig(tablewriter.Config{
			Header: g.cells(), Row: g.cells(), Behavior: tw.Behavior{TrimSpace: tw.Off},
		}))
	t.Header(g.heads)
	for _, row := range g.rows {
		texts := make([]string, len(row))
		for c, cell := range row {
			texts[c] = cell.paint(cell.text, color)
		}
		if err := t.Append(texts); err != nil {
			return err
		}
	}
	if err := t.Render(); err != nil {
		return err
	}
	for line := range strings.Lines(buf.String()) {
		if _, err := io.WriteString(w, trimEnd(line)+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// trimEnd removes blanks at the end of a line, those within a colour too: tablewriter fills coloured cells up inside.
func trimEnd(line string) string {
	line = strings.TrimRight(line, " \n")
	if colored, ok := strings.CutSuffix(line, reset); ok {
		return strings.TrimRight(colored, " ") + reset
	}
	return line
}

func (g *grid) cells() tw.CellConfig {
	align := make([]tw.Align, len(g.heads))
	for c, left := range g.left {
		align[c] = tw.AlignRight
		if left {
			align[c] = tw.AlignLeft
		}
	}
	return tw.CellConfig{
		Formatting: tw.CellFormatting{AutoFormat: tw.Off, AutoWrap: tw.WrapNone},
		Alignment:  tw.CellAlignment{PerColumn: align},
		Padding:    tw.CellPadding{Global: tw.Padding{Right: strings.Repeat(" ", gap), Overwrite: true}},
	}
}
