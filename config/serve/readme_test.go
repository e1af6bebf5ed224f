package serve

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/lbctl/lbctl/config/strict"
)

var update = flag.Bool("update", false, "rewrite the tables in README.md")

// block is a mapping of the file that strict.Fields can list: it does not look into lists.
type block struct {
	title  string
	steps  []string // to it, through the schema
	preset any
}

func blocks() []block {
	var c Config
	var l Listener
	var cert Certificate
	var rt Route
	var p Pool
	var b Backend
	c.Defaults()
	l.Defaults()
	rt.Defaults()
	p.Defaults()
	b.Defaults()
	return []block{
		{"The file", nil, &c},
		{"`listeners[]`", []string{"listeners"}, &l},
		{"`listeners[].tls.certificates[]`", []string{"listeners", "tls", "certificates"}, &cert},
		{"`routes[]`", []string{"routes"}, &rt},
		{"`pools[]`", []string{"pools"}, &p},
		{"`pools[].backends[]`", []string{"pools", "backends"}, &b},
	}
}

func steps(path string) []string { return strings.Split(path, ".") }

// TestReadme compares the tables in README.md with the tags that they are made of.
func TestReadme(t *testing.T) {
	const file, begin, end = "README.md", "<!-- keys: written by go test -update -->\n", "<!-- end of keys -->\n"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	written, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s: no place for the keys", file)
	}
	var want strings.Builder
	for _, b := range blocks() {
		writeTable(&want, b)
	}
	if written == want.String() {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the tags say; go test ./config/serve -run Readme -update rewrites it", file)
	}
	if err := os.WriteFile(file, []byte(before+begin+want.String()+end+after), 0o666); err != nil {
		t.Fatal(err)
	}
}

func writeTable(w *strings.Builder, b block) {
	fmt.Fprintf(w, "\n### %s\n\n| key | default | takes | |\n|---|---|---|---|\n", b.title)
	for _, f := range strict.Fields(b.preset) {
		if strings.HasPrefix(f.Path, "pool.policy.") && f.Name != "use" {
			continue // lbctl policies lists the parameters of the algorithms
		}
		preset := "`" + f.Default + "`"
		switch {
		case f.Required:
			preset = "required"
			if i := strings.LastIndexByte(f.Path, '.'); i >= 0 {
				preset += " in `" + f.Path[:i] + "`"
			}
		case f.Default == "":
			preset = ""
		}
		fmt.Fprintf(w, "| `%s` | %s | %s | %s |\n", f.Path, preset, takes(f), strings.ReplaceAll(f.Doc, "|", "\\|"))
	}
}

// takes says what may be written.
func takes(f strict.Field) string {
	switch {
	case len(f.Enum) > 0:
		return strings.Join(f.Enum, ", ")
	case f.Min != "" && f.Max != "":
		return f.Type + ", " + f.Min + " to " + f.Max
	case f.Max != "":
		return f.Type + ", up to " + f.Max
	}
	return f.Type
}

// TestReadmeExamples loads the files that README.md shows.
func TestReadmeExamples(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := strings.Split(string(text), "\n```yaml\n")[1:]
	for _, example := range examples {
		file, _, _ := strings.Cut(example, "\n```")
		if _, err := Load("README.md", []byte(file)); err != nil {
			t.Errorf("%v\n%s", err, file)
		}
	}
	if len(examples) < 2 {
		t.Errorf("found %d examples", len(examples))
	}
}
