// Package lbctl_test keeps the architecture true: it reads the import graph
// and the syntax trees of the whole module and fails where ARCHITECTURE.md is
// broken. The rules are in floors_rules_test.go; floors_selftest_test.go shows
// each of them a program that it must refuse.
package lbctl_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

const module = "github.com/lbctl/lbctl/"

// floors says on which floor each package stands. A package imports only from
// floors below its own.
var floors = map[string]int{
	"lb/instant":         0,
	"lb/rng":             0,
	"lb/stats":           0,
	"lb/health":          1,
	"lb":                 2,
	"lb/orca":            3,
	"lb/policy":          3,
	"config":             4,
	"config/strict":      4,
	"measure":            4,
	"proxy/http1":        4,
	"config/serve":       5,
	"proxy/accesslog":    5,
	"proxy/metrics":      5,
	"proxy/probe":        5,
	"scenarios":          5,
	"experiment":         6,
	"fakebackends":       6,
	"proxy":              6,
	"reports":            6,
	"sim":                6,
	"bench":              7,
	"proxy/admin":        7,
	"proxy/behaviours":   7,
	"cmd/lbctl":          8,
	"scripts/benchproxy": 8,
}

// sideways lists the imports within one floor that are allowed, with the
// reason. Drivers have no place in it.
var sideways = map[edge]string{
	{"lb/stats", "lb/instant"}:  "averages decay with time",
	{"config", "config/strict"}: "the decoder that the pool: block is written for",
	{"reports", "experiment"}:   "the results that are rendered",
}

// drivers turn the core's effects into deeds, each in a world of its own. They
// never reach each other, by whatever path, and those that judge and render
// results reach none of them.
var (
	drivers   = []string{"sim", "proxy", "fakebackends"}
	impartial = []string{"experiment", "reports"}
)

// pureBelow is the core: it knows no clock, no I/O and no goroutine.
const pureBelow = "lb"

// virtual lists the packages above the core that know no clock, no goroutine
// and no socket either, so that a seed alone decides a simulated run, and so that the
// codec can be fuzzed and driven by any engine.
var virtual = []string{"config", "config/strict", "measure", "proxy/http1", "scenarios", "sim"}

// clockless lists the packages whose results must not tell when, or how fast,
// they were computed; goroutines are theirs to use.
var clockless = []string{"experiment", "reports"}

func TestFloors(t *testing.T) {
	pkgs := load(t, nil, "./...")
	report(t, checkFloors(floors, sideways, pkgs))
	report(t, checkStale(floors, pkgs))
	report(t, checkStrangers(drivers, impartial, pkgs))
	for _, p := range pkgs {
		name := short(p)
		report(t, checkComment(floors, p))
		switch {
		case inCore(name):
			report(t, checkCore(p))
		case slices.Contains(virtual, name):
			report(t, checkVirtual(p))
		case slices.Contains(clockless, name):
			report(t, checkClockless(p))
		}
	}
}

// TestFloorsInArchitecture compares the table of floors in ARCHITECTURE.md
// with the one that is enforced.
func TestFloorsInArchitecture(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := tableOfFloors(string(text))
	for _, name := range slices.Sorted(maps.Keys(floors)) {
		if floor, ok := documented[name]; !ok || floor != floors[name] {
			t.Errorf("ARCHITECTURE.md should show %s on floor %d of its table", name, floors[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(documented)) {
		if _, ok := floors[name]; !ok {
			t.Errorf("ARCHITECTURE.md gives %s a floor that is not enforced", name)
		}
	}
}

// tableOfFloors reads rows such as "| 4 | `config` | … |".
func tableOfFloors(markdown string) map[string]int {
	found := map[string]int{}
	for _, row := range regexp.MustCompile("(?m)^\\| *(\\d+) *\\| *`([^`]+)`").FindAllStringSubmatch(markdown, -1) {
		found[row[2]], _ = strconv.Atoi(row[1])
	}
	return found
}

// TestNames refuses files and directories whose name says nothing.
func TestNames(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bin") {
			return fs.SkipDir
		}
		if d.IsDir() || filepath.Ext(name) == ".go" {
			report(t, checkName(path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// load returns the packages of this module that match, with syntax and types
// but without their tests. overlay adds files that are not on disk.
func load(t *testing.T, overlay map[string][]byte, patterns ...string) []*packages.Package {
	t.Helper()
	// The whole graph of imports from one load, syntax and types of our own packages from
	// another: to have both at once, all of the dependencies would be parsed as well.
	graph := map[string]*packages.Package{}
	for _, p := range loadMode(t, packages.NeedName|packages.NeedImports|packages.NeedDeps, overlay, patterns) {
		graph[p.ID] = p
	}
	pkgs := loadMode(t, packages.NeedName|packages.NeedFiles|packages.NeedImports|
		packages.NeedSyntax|packages.NeedTypes|packages.NeedTypesInfo, overlay, patterns)
	for _, p := range pkgs {
		p.Imports = graph[p.ID].Imports
	}
	return slices.DeleteFunc(pkgs, func(p *packages.Package) bool { return len(p.GoFiles) == 0 })
}

// loadMode fails the test if any package that matches has an error.
func loadMode(t *testing.T, mode packages.LoadMode, overlay map[string][]byte, patterns []string) []*packages.Package {
	t.Helper()
	pkgs, err := packages.Load(&packages.Config{Mode: mode, Overlay: overlay}, patterns...)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pkgs {
		for _, e := range p.Errors {
			t.Errorf("%s: %v", p.PkgPath, e)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
	return pkgs
}

func report(t *testing.T, complaints []string) {
	t.Helper()
	for _, c := range complaints {
		t.Error(c)
	}
}

// short returns the package's path within the module.
func short(p *packages.Package) string { return strings.TrimPrefix(p.PkgPath, module) }

func inCore(name string) bool { return name == pureBelow || strings.HasPrefix(name, pureBelow+"/") }
