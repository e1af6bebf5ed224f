package reports

import (
	"html/template"
	"slices"
)

// parameterTable says how each variant was configured: a row for each parameter, a column for
// each variant.
type parameterTable struct {
	Heads []variantHead
	Rows  []parameterRow
}

type variantHead struct {
	Name   string
	Swatch template.HTML
}

type parameterRow struct {
	Path   string
	Values []string // by variant
}

// newParameterTable is nil if nothing is known of any variant's parameters.
func newParameterTable(s *subject) *parameterTable {
	paths := parameterPaths(s)
	if len(paths) == 0 {
		return nil
	}
	t := &parameterTable{}
	for i := range s.series {
		t.Heads = append(t.Heads, variantHead{s.series[i].Name, s.series[i].swatch()})
	}
	for _, path := range paths {
		row := parameterRow{Path: path}
		for i := range s.series {
			row.Values = append(row.Values, s.series[i].parameter(path))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// parameter returns the variant's value of the parameter at path.
func (v *series) parameter(path string) string {
	for _, p := range v.Parameters {
		if p.Path == path {
			return p.Value
		}
	}
	return none
}

// parameterPaths merges the variants' lists of parameters. Each keeps its order, and what only one
// variant has stands where that variant has it. The last variant is merged first, so that of
// parameters which compete for a place those of the better variant come out on top.
func parameterPaths(s *subject) []string {
	var paths []string
	for i := range slices.Backward(s.series) {
		next := 0
		for _, p := range s.series[i].Parameters {
			at := slices.Index(paths, p.Path)
			if at < 0 {
				at = next
				paths = slices.Insert(paths, at, p.Path)
			}
			next = at + 1
		}
	}
	return paths
}
