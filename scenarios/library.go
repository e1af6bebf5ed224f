package scenarios

import (
	"embed"
	"errors"
	"io/fs"
	"strings"

	"github.com/lbctl/lbctl/config/strict"
)

// Default is the built-in scenario that is compared when none is named.
const Default = "one-slow-backend"

//go:embed *.yaml *.csv
var files embed.FS

// ErrNotFound says that there is no built-in scenario of a name.
var ErrNotFound = errors.New("no such built-in scenario")

// Names returns the names of the built-in files in alphabetical order.
func Names() []string {
	entries, err := fs.Glob(files, "*.yaml")
	if err != nil {
		panic("scenarios: " + err.Error())
	}
	for i, e := range entries {
		entries[i] = strings.TrimSuffix(e, ".yaml")
	}
	return entries
}

// Text returns the built-in file called name as it was written. The only error is ErrNotFound.
func Text(name string) ([]byte, error) {
	data, err := files.ReadFile(name + ".yaml")
	if err != nil {
		return nil, ErrNotFound
	}
	return data, nil
}

// Builtin loads the built-in file called name. Logs are looked for among the embedded files first,
// then with o.ReadFile. The error is ErrNotFound, or one of Load.
func Builtin(name string, o LoadOptions) ([]*Scenario, error) {
	text, err := Text(name)
	if err != nil {
		return nil, err
	}
	outside := o.ReadFile
	o.ReadFile = func(path string) ([]byte, error) {
		data, err := files.ReadFile(path)
		if err != nil && outside != nil {
			return outside(path)
		}
		return data, err
	}
	return Load(name+".yaml", text, o)
}

// Library loads all built-in files.
func Library() ([]*Scenario, error) {
	var out []*Scenario
	for _, name := range Names() {
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
