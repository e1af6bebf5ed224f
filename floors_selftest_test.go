package lbctl_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// A rule that nothing can break is no rule: each program here breaks one, and
// must be refused with the words in want. An empty want must pass.
var refused = []struct {
	name   string
	rule   func(*packages.Package) []string
	source string // what follows the package clause
	want   string
}{
	{"core_fmt", checkCore, `import _ "fmt"`, "imports fmt"},
	{"core_os_by_fmt", checkCore, `import _ "fmt"`, "depends on os: the core must be pure"},
	{"core_sync", checkCore, `import "sync"; var _ sync.Mutex`, "imports sync"},
	{"core_context", checkCore, `import _ "context"`, "imports context"},
	{"core_rand", checkCore, `import _ "math/rand/v2"`, "imports math/rand/v2"},
	{"core_log", checkCore, `import _ "log"`, "imports log"},
	{"core_net", checkCore, `import _ "net"`, "imports net"},
	{"core_exec", checkCore, `import _ "os/exec"`, "imports os/exec"},
	{"core_unsafe", checkCore, `import _ "unsafe"`, "imports unsafe"},
	{"core_outside", checkCore, `import _ "go.yaml.in/yaml/v3"`, "imports go.yaml.in/yaml/v3"},
	{"core_upwards", checkCore, `import _ "github.com/lbctl/lbctl/measure"`, "imports github.com/lbctl/lbctl/measure"},
	{"core_now", checkCore, `import "time"; var _ = time.Now`, "time.Now: the core has no clock"},
	{"core_now_renamed", checkCore, `import clock "time"; var _ = clock.Since`, "time.Since: the core has no clock"},
	{"core_now_dotted", checkCore, `import . "time"; var _ = Until`, "time.Until: the core has no clock"},
	{"core_timer", checkCore, `import "time"; var _ *time.Timer`, "time.Timer: the core has no clock"},
	{"core_date", checkCore, `import "time"; var _ time.Time`, "time.Time: the core has no clock"},
	{"core_go", checkCore, `func _() { go func() {}() }`, "go statement"},
	{"core_channel", checkCore, `var _ chan int`, "channel type"},
	{"core_send", checkCore, `func _(c chan<- int) { c <- 1 }`, "channel send"},
	{"core_receive", checkCore, `func _(c <-chan int) { <-c }`, "channel receive"},
	{"core_select", checkCore, `func _() { select {} }`, "select statement"},
	{"core_range_channel", checkCore, `func _(c <-chan int) { for range c {} }`, "range over a channel"},
	{"core_map", checkCore, "func _(m map[int]int) { for range m {} }", "range over a map"},
	{"core_map_named", checkCore, "type set map[int]bool\nfunc _(m set) { for range m {} }", "range over a map"},
	{"core_map_no_why", checkCore, "func _(m map[int]int) {\n// order-free:\nfor range m {}\n}", "range over a map"},
	{"core_map_far", checkCore, "func _(m map[int]int) {\n// order-free: a sum\n\nfor range m {}\n}", "range over a map"},
	{"core_map_loop", checkCore, `import "maps"; func _(m map[int]int) { for range maps.Keys(m) {} }`, "the order of a map"},
	{"core_map_dotted", checkCore, `import . "maps"; func _(m map[int]int) { for range Values(m) {} }`, "the order of a map"},
	{"core_map_collected", checkCore, `import ("maps"; "slices"); func _(m map[int]int) []int { return slices.Collect(maps.Keys(m)) }`, "the order of a map"},
	{"core_good", checkCore, `
import (
	"math"
	"time"

	"github.com/lbctl/lbctl/lb/instant"
)

func _(m map[int]time.Duration, s []int) (at instant.Time, f float64) {
	// order-free: a sum of integers
	for _, d := range m {
		at = at.Add(d + time.Millisecond)
	}
	for range m { // order-free: counts
		f = math.Sqrt(f)
	}
	for range s {
	}
	return at, f + at.Seconds()
}`, ""},

	{"virtual_now", checkVirtual, `import "time"; var _ = time.Now`, "time.Now: no clock here"},
	{"virtual_sleep", checkVirtual, `import "time"; func _() { time.Sleep(1) }`, "time.Sleep: no clock here"},
	{"virtual_timeout", checkVirtual, `import "context"; var _ = context.WithTimeout`, "context.WithTimeout: no clock here"},
	{"virtual_zone", checkVirtual, `import "time"; var _ = time.Local`, "time.Local: no clock here"},
	{"virtual_go", checkVirtual, `func _() { go func() {}() }`, "go statement"},
	{"virtual_socket", checkVirtual, `import _ "net"`, "imports net"},
	{"virtual_socket_far", checkVirtual, `import _ "net/http/httptrace"`, "depends on net: no sockets"},
	{"virtual_file", checkVirtual, `import _ "os"`, "imports os"},
	{"virtual_rand", checkVirtual, `import _ "math/rand"`, "imports math/rand"},
	{"virtual_map", checkVirtual, `func _(m map[int]int) { for range m {} }`, "range over a map"},
	{"virtual_good", checkVirtual, `import ("fmt"; "sync"; "time"); var _ = fmt.Sprint(time.Second); var _ sync.Once`, ""},
	{"virtual_good_map", checkVirtual, `import ("maps"; "slices"); func _(m map[int]int) []int { return slices.Sorted(maps.Keys(m)) }`, ""},

	{"clockless_now", checkClockless, `import "time"; var _ = time.Now()`, "time.Now: no clock here"},
	{"clockless_good", checkClockless, `import "time"; func _() { go func() { _ = time.Second }() }`, ""},
}

func TestRulesRefuse(t *testing.T) {
	overlay := map[string][]byte{}
	for _, c := range refused {
		addFile(t, overlay, "lb/"+c.name+"/source.go", "package "+c.name+"\n"+c.source)
	}
	addFile(t, overlay, "lb/hidden/source.go", "package hidden")
	addFile(t, overlay, "lb/hidden/source_plan9.go", "package hidden")
	byName := loadByName(t, overlay)
	for _, c := range refused {
		t.Run(c.name, func(t *testing.T) { expect(t, c.rule(byName["lb/"+c.name]), c.want) })
	}
	assembly := &packages.Package{PkgPath: module + "lb/assembly", OtherFiles: []string{"fast.s"}}
	for _, rule := range []func(*packages.Package) []string{checkCore, checkVirtual} {
		expect(t, rule(byName["lb/hidden"]), "source_plan9.go: a build constraint hides it")
		expect(t, rule(assembly), "fast.s: lb/assembly is Go only")
	}
}

func TestFloorRulesRefuse(t *testing.T) {
	overlay := map[string][]byte{}
	for path, source := range map[string]string{
		"toy/low":       "// Package low is good. Floor 0.\npackage low",
		"toy/up":        "// Package up is silent.\npackage up\nimport _ \"github.com/lbctl/lbctl/toy/high\"",
		"toy/high":      "// Package high lies. Floor 3.\npackage high\nimport _ \"github.com/lbctl/lbctl/toy/low\"",
		"toy/beside":    "package beside\nimport _ \"github.com/lbctl/lbctl/toy/high\"",
		"toy/homeless":  "package homeless",
		"toy/driver":    "package driver",
		"toy/between":   "package between\nimport _ \"github.com/lbctl/lbctl/toy/driver\"",
		"toy/stranger":  "package stranger\nimport _ \"github.com/lbctl/lbctl/toy/between\"",
		"toy/impartial": "package impartial\nimport _ \"github.com/lbctl/lbctl/toy/between\"",
	} {
		addFile(t, overlay, path+"/source.go", source)
	}
	byName := loadByName(t, overlay)
	floors := map[string]int{"toy/low": 0, "toy/up": 1, "toy/high": 2, "toy/beside": 2}
	one := func(name string) []*packages.Package { return []*packages.Package{byName[name]} }

	expect(t, checkFloors(floors, nil, one("toy/low")), "")
	expect(t, checkFloors(floors, nil, one("toy/high")), "")
	expect(t, checkFloors(floors, nil, one("toy/up")), "toy/up (floor 1) imports toy/high (floor 2)")
	expect(t, checkFloors(floors, nil, one("toy/beside")), "toy/beside (floor 2) imports toy/high (floor 2)")
	expect(t, checkFloors(floors, map[edge]string{{"toy/beside", "toy/high"}: "a reason"}, one("toy/beside")), "")
	expect(t, checkFloors(floors, nil, one("toy/homeless")), "toy/homeless: give it a floor")

	expect(t, checkStale(map[string]int{"toy/low": 0}, one("toy/low")), "")
	expect(t, checkStale(map[string]int{"toy/gone": 0}, one("toy/low")), "toy/gone has a floor but no package")

	drivers, impartial := []string{"toy/driver", "toy/stranger"}, []string{"toy/impartial"}
	expect(t, checkStrangers(drivers, impartial, one("toy/driver")), "")
	expect(t, checkStrangers(drivers, impartial, one("toy/stranger")), "toy/stranger depends on the driver toy/driver")
	expect(t, checkStrangers(drivers, impartial, one("toy/impartial")), "toy/impartial depends on the driver toy/driver")

	expect(t, checkComment(floors, byName["toy/low"]), "")
	expect(t, checkComment(floors, byName["toy/up"]), "names no floor")
	expect(t, checkComment(floors, byName["toy/high"]), "says floor 3, the table says 2")
	expect(t, checkComment(floors, byName["toy/beside"]), "no package comment")
}

func TestNameRuleRefuses(t *testing.T) {
	for _, path := range []string{"lb/util", "sim/helpers_test.go", "common.go", "lb/string_utils.go", "misc"} {
		expect(t, checkName(path), path+": say what it is about")
	}
	for _, path := range []string{"lb/policy", "lb/policy/utilization.go", "."} {
		expect(t, checkName(path), "")
	}
}

func TestTableOfFloors(t *testing.T) {
	got := tableOfFloors("| floor | package |\n|---|---|\n| 0 | `lb/rng` | luck |\n| 12 | `cmd` | `x` |\n")
	if len(got) != 2 || got["lb/rng"] != 0 || got["cmd"] != 12 {
		t.Errorf("got %v", got)
	}
}

// loadByName loads all packages of the overlay, and returns them by their path
// within the module.
func loadByName(t *testing.T, overlay map[string][]byte) map[string]*packages.Package {
	t.Helper()
	var patterns []string
	for file := range overlay {
		patterns = append(patterns, filepath.Dir(file))
	}
	slices.Sort(patterns)
	patterns = slices.Compact(patterns)
	byName := map[string]*packages.Package{}
	for _, p := range load(t, overlay, patterns...) {
		byName[short(p)] = p
	}
	return byName
}

func addFile(t *testing.T, overlay map[string][]byte, path, source string) {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	overlay[filepath.Join(root, filepath.FromSlash(path))] = []byte(source)
}

// expect wants the complaint, or none at all if want is empty.
func expect(t *testing.T, complaints []string, want string) {
	t.Helper()
	all := strings.Join(complaints, "\n")
	if want == "" && all != "" || !strings.Contains(all, want) {
		t.Errorf("want %q among:\n%s", want, all)
	}
}
