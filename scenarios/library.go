package scenarios

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/lbctl/lbctl/config/strict"
)

// Default is the built-in scenario that is compared when none is named.
const Default = "one-slow-backend"

//go:embed *.yaml *.csv
var files embed.FS

// Builtins returns the names of the built-in files in alphabetical order.
func Builtins() []string {
	entries, err := fs.Glob(files, "*.yaml")
	if err != nil {
		panic("scenarios: " + err.Error())
	}
	for i, e := range entries {
		entries[i] = strings.TrimSuffix(e, ".yaml")
	}
	return entries
}

// BuiltinFile returns the text of the built-in file called name, as it was written. The error
// names the nearest.
func BuiltinFile(name string) ([]byte, error) {
	data, err := files.ReadFile(name + ".yaml")
	if err == nil {
		return data, nil
	}
	if near := strict.Nearest(name, Builtins()); near != "" {
		return nil, fmt.Errorf("no built-in scenario is called %q; did you mean %q?", name, near)
	}
	return nil, fmt.Errorf("no built-in scenario is called %q", name)
}

// Builtin loads the built-in file called name. Logs are looked for among the embedded files first,
// then with o.ReadFile.
func Builtin(name string, o LoadOptions) ([]*Scenario, error) {
	data, err := BuiltinFile(name)
	if err != nil {
		return nil, err
	}
	outside := o.ReadFile
	o.ReadFile = func(path string) ([]byte, error) {
		data, err := files.ReadFile(filepath.ToSlash(path))
		if errors.Is(err, fs.ErrNotExist) && outside != nil {
			return outside(path)
		}
		return data, err
	}
	return Load(name+".yaml", data, o)
}

// Library loads all built-in files.
func Library() ([]*Scenario, error) {
	var out []*Scenario
	for _, name := range Builtins() {
		s, err := Builtin(name, LoadOptions{})
		if err != nil {
			return nil, err
		}
		out = append(out, s...)
	}
	return out, nil
}

// SchemaJSON returns the JSON Schema (2020-12) of scenario files, for editors.
func SchemaJSON() ([]byte, error) {
	var f file
	f.Defaults()
	return strict.Schema(&f, "lbctl scenario", "What happens to a pool of backends: load, costs, faults, and what is compared.")
}
