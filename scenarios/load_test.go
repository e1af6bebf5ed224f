package scenarios

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// TestBadFiles shows what people see who make mistakes: load reads a file and prints the errors.
//
//	load [set=(path=value, …)]
//	<scenario file>
//
// A file log.csv or access.log to replay is written by the command "file name=…" before it.
func TestBadFiles(t *testing.T) {
	datadriven.Walk(t, "testdata/bad", func(t *testing.T, path string) {
		logs := map[string]string{}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "file":
				var name string
				d.ScanArgs(t, "name", &name)
				logs[name] = d.Input
				return ""
			case "load":
				return loadStory(d, logs)
			}
			t.Fatalf("unknown command %q", d.Cmd)
			return ""
		})
	})
}

func loadStory(d *datadriven.TestData, logs map[string]string) string {
	o := LoadOptions{ReadFile: func(path string) ([]byte, error) {
		text, ok := logs[filepath.Base(path)]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return []byte(text), nil
	}}
	for _, arg := range d.CmdArgs {
		if arg.Key == "set" {
			o.Set = append(o.Set, arg.Vals...)
		}
	}
	all, err := Load("my.yaml", []byte(d.Input), o)
	if err != nil {
		return err.Error() + "\n"
	}
	var out strings.Builder
	for _, s := range all {
		var variants []string
		for _, v := range s.Variants() {
			variants = append(variants, v.Name)
		}
		fmt.Fprintf(&out, "ok: %s: %s\n", s.Name, strings.Join(variants, " "))
	}
	return out.String()
}
