package main

import "fmt"

// row is one way to load a proxy, and one row of the table.
type row struct {
	connections int
	body        body
	logged      bool // with an access log
}

// body is what origins answer with.
type body struct {
	name  string // as rows name it; the path is the name behind a slash
	bytes int
}

var bodies = []body{{"128B", 128}, {"16KiB", 16 << 10}}

func (b body) path() string { return "/" + b.name }

func (r row) String() string {
	s := fmt.Sprintf("h1-c%d-%s", r.connections, r.body.name)
	if r.logged {
		s += "-log"
	}
	return s
}

// allRows returns every row. A row without a log is next to the same row with one, because their
// ratio is of interest too and should not span a long time.
func allRows() []row {
	var all []row
	for _, connections := range []int{64, 256} {
		for _, b := range bodies {
			all = append(all, row{connections, b, false}, row{connections, b, true})
		}
	}
	return all
}

func rowNames() []string {
	var names []string
	for _, r := range allRows() {
		names = append(names, r.String())
	}
	return names
}

// unlogged returns the row without its log.
func (r row) unlogged() row {
	r.logged = false
	return r
}
