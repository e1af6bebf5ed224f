package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// TestStories runs testdata/*.txt, each in a directory of its own:
//
//	lbctl columns=80 interrupt=9    runs the command line that follows, on a terminal of that width if said;
//	                                the work is interrupted at the ninth look at whether it is to go on
//	file name=my.yaml mode=0600     writes a file
//	cat name=my.yaml lines=3        shows a file, or its beginning
//	link name=a to=b                makes a symbolic link
//	ls                              lists all files with their permissions
//
// Of lbctl, standard output is shown, then standard error behind "! ", then the exit code unless it is 0.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	oneWorker(t)
	for _, file := range files {
		path, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Chdir(t.TempDir())
			t.Setenv("COLUMNS", "")
			datadriven.RunTest(t, path, story)
		})
	}
}

// oneWorker makes it certain which run is next, for the rest of the test.
func oneWorker(t *testing.T) {
	before := runtime.GOMAXPROCS(1)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

func story(t *testing.T, d *datadriven.TestData) string {
	var name, to string
	d.MaybeScanArgs(t, "name", &name)
	switch d.Cmd {
	case "lbctl":
		return tell(t, d)
	case "file":
		octal := "0644"
		d.MaybeScanArgs(t, "mode", &octal)
		mode, err := strconv.ParseUint(octal, 8, 32)
		check(t, err)
		check(t, os.WriteFile(name, []byte(d.Input+"\n"), 0o666))
		check(t, os.Chmod(name, os.FileMode(mode)))
	case "cat":
		lines := -1
		d.MaybeScanArgs(t, "lines", &lines)
		text := read(t, name)
		if lines >= 0 {
			text = strings.Join(strings.SplitAfter(text, "\n")[:lines], "")
		}
		return text
	case "link":
		d.ScanArgs(t, "to", &to)
		check(t, os.Symlink(to, name))
	case "ls":
		return ls(t)
	default:
		d.Fatalf(t, "unknown command %s", d.Cmd)
	}
	return ""
}

// tell runs a command line and shows all that a user would see.
func tell(t *testing.T, d *datadriven.TestData) string {
	ctx := context.Background()
	looks := 0
	if d.MaybeScanArgs(t, "interrupt", &looks); looks > 0 {
		ctx = &impatient{Context: ctx, looks: looks}
	}
	columns := ""
	d.MaybeScanArgs(t, "columns", &columns)
	check(t, os.Setenv("COLUMNS", columns)) // the test that runs the stories restores it
	got := command(ctx, splitWords(t, d.Input)...)
	var b strings.Builder
	b.WriteString(got.out)
	for line := range strings.Lines(got.err) {
		b.WriteString("! " + line)
	}
	if got.code != 0 {
		fmt.Fprintf(&b, "exit %d\n", got.code)
	}
	return b.String()
}

// outcome is what a command line led to.
type outcome struct {
	out, err string
	code     int
}

// command runs a command line in this process.
func command(ctx context.Context, args ...string) outcome {
	var out, err bytes.Buffer
	code := run(ctx, args, streams{&out, &err})
	return outcome{out.String(), err.String(), code}
}

// must is command where nothing may go wrong; it returns what was printed.
func must(t *testing.T, args ...string) string {
	t.Helper()
	got := command(t.Context(), args...)
	if got.code != 0 {
		t.Fatalf("lbctl %q: exit %d: %s", args, got.code, got.err)
	}
	return got.out
}

// impatient is a context that ends when it has been looked at so many times.
type impatient struct {
	context.Context
	looks int
}

// Err is called by one goroutine at a time where there is one worker.
func (i *impatient) Err() error {
	if i.looks--; i.looks <= 0 {
		return context.Canceled
	}
	return nil
}

// splitWords splits a command line as a POSIX shell does that knows single quotes and backslashes only.
func splitWords(t *testing.T, line string) []string {
	t.Helper()
	words := []string{} // not nil, for which cobra would take the test's own
	var word strings.Builder
	inWord, quoted, escaped := false, false, false
	for _, r := range line {
		switch {
		case escaped || quoted && r != '\'':
			word.WriteRune(r)
			escaped = false
		case r == '\'':
			quoted, inWord = !quoted, true
		case r == '\\':
			escaped, inWord = true, true
		case r == ' ' || r == '\n':
			if inWord {
				words = append(words, word.String())
				word.Reset()
			}
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quoted || escaped {
		t.Fatalf("unfinished word in %q", line)
	}
	if inWord {
		words = append(words, word.String())
	}
	return words
}

func ls(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	err := fs.WalkDir(os.DirFS("."), ".", func(path string, d fs.DirEntry, err error) error {
		if path == "." || err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			fmt.Fprintf(&b, "%v %s\n", info.Mode(), path)
		}
		return err
	})
	check(t, err)
	return b.String()
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	check(t, err)
	return string(data)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
