package lbctl_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// edge is an import: from, to.
type edge [2]string

// checkFloors refuses imports that do not lead downwards.
func checkFloors(floors map[string]int, sideways map[edge]string, pkgs []*packages.Package) []string {
	var out []string
	for _, p := range pkgs {
		from, ok := floors[short(p)]
		if !ok {
			out = append(out, fmt.Sprintf("%s: give it a floor, in floors_test.go and in ARCHITECTURE.md", short(p)))
			continue
		}
		for _, to := range slices.Sorted(maps.Keys(p.Imports)) {
			name, ours := strings.CutPrefix(to, module)
			to, known := floors[name]
			if !ours || !known || to < from || to == from && sideways[edge{short(p), name}] != "" {
				continue
			}
			out = append(out, fmt.Sprintf("%s (floor %d) imports %s (floor %d): imports lead downwards only", short(p), from, name, to))
		}
	}
	return out
}

// checkStale refuses floors of packages that are gone, and so a run that saw nothing.
func checkStale(floors map[string]int, pkgs []*packages.Package) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(floors)) {
		if !slices.ContainsFunc(pkgs, func(p *packages.Package) bool { return short(p) == name }) {
			out = append(out, name+" has a floor but no package")
		}
	}
	return out
}

// checkStrangers refuses a path from one driver to another, and from an
// impartial package to any driver.
func checkStrangers(drivers, impartial []string, pkgs []*packages.Package) []string {
	var out []string
	for _, p := range pkgs {
		name := short(p)
		if !slices.Contains(drivers, name) && !slices.Contains(impartial, name) {
			continue
		}
		deps := dependencies(p)
		for _, d := range drivers {
			if d != name && deps[module+d] {
				out = append(out, fmt.Sprintf("%s depends on the driver %s: they must be strangers", name, d))
			}
		}
	}
	return out
}

// dependencies returns the paths of all packages that p needs, itself not included.
func dependencies(p *packages.Package) map[string]bool {
	found := map[string]bool{}
	var visit func(p *packages.Package)
	visit = func(p *packages.Package) {
		for path, q := range p.Imports {
			if !found[path] {
				found[path] = true
				visit(q)
			}
		}
	}
	visit(p)
	return found
}

// checkComment wants a package comment that names the floor.
func checkComment(floors map[string]int, p *packages.Package) []string {
	var doc strings.Builder
	for _, f := range p.Syntax {
		doc.WriteString(f.Doc.Text())
	}
	switch m := regexp.MustCompile(`\bFloor (\d+)\b`).FindStringSubmatch(doc.String()); {
	case doc.Len() == 0:
		return []string{short(p) + ": no package comment"}
	case m == nil:
		return []string{short(p) + `: the package comment names no floor ("Floor 4.")`}
	case m[1] != fmt.Sprint(floors[short(p)]):
		return []string{fmt.Sprintf("%s: the package comment says floor %s, the table says %d", short(p), m[1], floors[short(p)])}
	}
	return nil
}

// checkName refuses a path whose last element holds a word that says nothing.
func checkName(path string) []string {
	words := strings.FieldsFunc(filepath.Base(path), func(r rune) bool { return strings.ContainsRune("_-.", r) })
	for _, w := range words {
		switch strings.ToLower(w) {
		case "util", "utils", "utility", "common", "helper", "helpers", "misc":
			return []string{path + ": say what it is about; " + w + " says nothing"}
		}
	}
	return nil
}

// coreImports are all that the core may import besides itself. They are pure;
// fmt, for one, is not: it brings in os.
var coreImports = []string{
	"cmp", "errors", "math", "math/bits", "slices", "sort", "strconv", "strings", "sync/atomic", "time",
}

// coreTime are all the names of package time that the core may use.
var coreTime = []string{"Duration", "Nanosecond", "Microsecond", "Millisecond", "Second", "Minute", "Hour"}

// impure must not be reached from the core by any path, standard library included.
var impure = regexp.MustCompile(`^(os|net|log|io/fs|context|fmt|crypto|plugin|testing|math/rand|syscall/js)(/|$)`)

// checkCore holds a package of the core to: nothing but arithmetic.
func checkCore(p *packages.Package) []string {
	out := checkEscapes(p)
	for _, path := range slices.Sorted(maps.Keys(p.Imports)) {
		if name, ours := strings.CutPrefix(path, module); ours && inCore(name) || slices.Contains(coreImports, path) {
			continue
		}
		out = append(out, fmt.Sprintf("%s imports %s: the core may import only itself and %s", short(p), path, strings.Join(coreImports, ", ")))
	}
	for _, path := range slices.Sorted(maps.Keys(dependencies(p))) {
		if impure.MatchString(path) {
			out = append(out, fmt.Sprintf("%s depends on %s: the core must be pure", short(p), path))
		}
	}
	out = append(out, checkUses(p, func(pkg, name string) string {
		if pkg == "time" && !slices.Contains(coreTime, name) {
			return "the core has no clock; of package time it uses Duration and its units"
		}
		return ""
	})...)
	out = append(out, checkConcurrency(p)...)
	return append(out, checkMapOrder(p)...)
}

// virtualBans are imports that make a run depend on more than its seed, or
// reach the outside world.
var virtualBans = regexp.MustCompile(`^(os|net|log|math/rand|crypto/rand|syscall|unsafe|plugin)(/|$)`)

// sockets must not be reached from a virtual package by any path.
var sockets = regexp.MustCompile(`^(net|os/exec|os/signal)$`)

// checkVirtual holds a package to: a seed decides everything.
func checkVirtual(p *packages.Package) []string {
	out := checkEscapes(p)
	for _, path := range slices.Sorted(maps.Keys(p.Imports)) {
		if virtualBans.MatchString(path) {
			out = append(out, fmt.Sprintf("%s imports %s: it must know only what it is told", short(p), path))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(dependencies(p))) {
		if sockets.MatchString(path) {
			out = append(out, fmt.Sprintf("%s depends on %s: no sockets and no processes here", short(p), path))
		}
	}
	out = append(out, checkClockless(p)...)
	out = append(out, checkConcurrency(p)...)
	return append(out, checkMapOrder(p)...)
}

// clocks are the names that read or wait for the real time, or depend on the
// machine's time zone.
var clocks = map[string][]string{
	"time": {
		"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick",
		"Local", "LoadLocation",
	},
	"context": {"WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause"},
}

// checkClockless refuses every use of the machine's clock.
func checkClockless(p *packages.Package) []string {
	return checkUses(p, func(pkg, name string) string {
		if slices.Contains(clocks[pkg], name) {
			return "no clock here; time is told"
		}
		return ""
	})
}

// checkEscapes refuses files that the other rules would not see.
func checkEscapes(p *packages.Package) []string {
	var out []string
	for _, f := range p.IgnoredFiles {
		if !strings.HasSuffix(f, "_test.go") {
			out = append(out, f+": a build constraint hides it from the rules of "+short(p))
		}
	}
	for _, f := range p.OtherFiles {
		out = append(out, f+": "+short(p)+" is Go only")
	}
	return out
}

// checkUses asks refuse about each package-level name of another package that p
// uses, however it was imported; a reason means no.
func checkUses(p *packages.Package, refuse func(pkg, name string) string) []string {
	var out []string
	for _, f := range p.Syntax {
		ast.Inspect(f, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			obj := p.TypesInfo.Uses[id]
			if obj == nil || obj.Pkg() == nil || obj.Pkg() == p.Types || obj.Parent() != obj.Pkg().Scope() {
				return true
			}
			if why := refuse(obj.Pkg().Path(), obj.Name()); why != "" {
				out = append(out, fmt.Sprintf("%s: %s.%s: %s", at(p, id), obj.Pkg().Name(), obj.Name(), why))
			}
			return true
		})
	}
	return out
}

// checkConcurrency refuses goroutines and channels.
func checkConcurrency(p *packages.Package) []string {
	var out []string
	no := func(n ast.Node, what string) {
		out = append(out, fmt.Sprintf("%s: %s: only drivers and what is above them run goroutines", at(p, n), what))
	}
	for _, f := range p.Syntax {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				no(n, "go statement")
			case *ast.ChanType:
				no(n, "channel type")
			case *ast.SendStmt:
				no(n, "channel send")
			case *ast.SelectStmt:
				no(n, "select statement")
			case *ast.UnaryExpr:
				if n.Op == token.ARROW {
					no(n, "channel receive")
				}
			case *ast.RangeStmt:
				if _, ok := underlying(p, n.X).(*types.Chan); ok {
					no(n, "range over a channel")
				}
			}
			return true
		})
	}
	return out
}

// orderFree is what a loop over a map must say for itself.
var orderFree = regexp.MustCompile(`order-free: *\S`)

// checkMapOrder refuses what follows the order of a map, which differs from run
// to run, unless a comment on its line or the one above says "order-free:" and why.
func checkMapOrder(p *packages.Package) []string {
	var out []string
	for _, f := range p.Syntax {
		excused := excusedLines(p, f)
		no := func(n ast.Node, what string) {
			if !excused[p.Fset.Position(n.Pos()).Line] {
				out = append(out, fmt.Sprintf("%s: %s: use slices.Sorted(maps.Keys(m)), or say // order-free: <why>", at(p, n), what))
			}
		}
		sorted := map[*ast.Ident]bool{}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.RangeStmt:
				if _, ok := underlying(p, n.X).(*types.Map); ok {
					no(n, "range over a map")
				}
			case *ast.CallExpr: // visited before what is within
				if isFrom(p, callee(n), "slices", "Sorted") {
					sorted[callee(n.Args[0])] = true
				}
			case *ast.Ident:
				if !sorted[n] && isFrom(p, n, "maps", "All", "Keys", "Values") {
					no(n, "the order of a map")
				}
			}
			return true
		})
	}
	return out
}

// excusedLines returns the lines that an order-free comment speaks for: where it begins, and the one after it.
func excusedLines(p *packages.Package, f *ast.File) map[int]bool {
	lines := map[int]bool{}
	for _, group := range f.Comments {
		if orderFree.MatchString(group.Text()) {
			lines[p.Fset.Position(group.Pos()).Line] = true
			lines[p.Fset.Position(group.End()).Line+1] = true
		}
	}
	return lines
}

// callee returns the name of the function that x calls, nil if x is no plain call.
func callee(x ast.Expr) *ast.Ident {
	call, ok := x.(*ast.CallExpr)
	if !ok {
		return nil
	}
	switch fun := call.Fun.(type) {
	case *ast.SelectorExpr:
		return fun.Sel
	case *ast.Ident:
		return fun
	}
	return nil
}

func isFrom(p *packages.Package, id *ast.Ident, pkg string, names ...string) bool {
	if id == nil {
		return false
	}
	obj := p.TypesInfo.Uses[id]
	return obj != nil && obj.Pkg() != nil && obj.Pkg().Path() == pkg && slices.Contains(names, obj.Name())
}

func underlying(p *packages.Package, x ast.Expr) types.Type {
	t := p.TypesInfo.TypeOf(x)
	if t == nil {
		return nil
	}
	return t.Underlying()
}

func at(p *packages.Package, n ast.Node) string {
	pos := p.Fset.Position(n.Pos())
	return fmt.Sprintf("%s/%s:%d", short(p), filepath.Base(pos.Filename), pos.Line)
}
