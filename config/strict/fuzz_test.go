package strict_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lbctl/lbctl/config/strict"
	"pgregory.net/rapid"
)

// A fataler is a *testing.T or a *rapid.T.
type fataler interface {
	Fatalf(format string, args ...any)
}

// decodeAnything is what must hold for any input: no panic, and an error is
// Errors with a position or an origin, each on one line.
func decodeAnything(t fataler, text, path, value string) {
	doc, err := strict.Parse("f.yaml", []byte(text))
	if err != nil {
		checkErrors(t, err)
		return
	}
	before := decodeText(t, doc)
	clone := doc.Clone()
	if err := clone.Set(path, value, "--set"); err != nil {
		checkErrors(t, err)
		if after := decodeText(t, clone); after != before {
			t.Fatalf("Set failed and changed the document:\n%s\n%s", before, after)
		}
	}
	decodeText(t, clone)
	if after := decodeText(t, doc); after != before {
		t.Fatalf("Set on a clone changed the original:\n%s\n%s", before, after)
	}
}

// decodeText decodes a sample and renders it or its errors.
func decodeText(t fataler, doc *strict.Document) string {
	got := newSample()
	if err := doc.Decode(got); err != nil {
		checkErrors(t, err)
		return err.Error()
	}
	return render(got)
}

// checkErrors checks the form of an error.
func checkErrors(t fataler, err error) {
	var all strict.Errors
	if !errors.As(err, &all) || len(all) == 0 {
		t.Fatalf("%T %v", err, err)
	}
	for _, e := range all {
		if e.Origin == "" && (e.Line < 1 || e.Col < 1) || e.Msg == "" || strings.ContainsAny(e.Path, "\n\x1b") {
			t.Fatalf("%#v", e)
		}
	}
}

func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/golden/*")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds")
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for part := range strings.SplitSeq(string(text), "decode\n") {
			body, _, _ := strings.Cut(part, "----")
			f.Add(body, "pool.policy.p2c.choices", "3")
		}
	}
	f.Add("a: &a [*a]", "faults[0].slow", "{factor: 3}")
	f.Add("- ? a\n: b", `classes["a.b"]`, "'x'")
	f.Fuzz(func(t *testing.T, text, path, value string) { decodeAnything(t, text, path, value) })
}

// TestDecodeNeverPanics decodes random trees made of the words of the format.
func TestDecodeNeverPanics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := flow(t, 4)
		path := rapid.SampledFrom([]string{
			"name", "pool.policy.p2c.choices", "faults[0].slow.factor", "classes.a.demand.pareto.alpha",
			"pool.backends.0", "cases[0].set.duration", "duration.x[1]",
		}).Draw(t, "path")
		decodeAnything(t, text, path, flow(t, 2))
	})
}

// flow draws a YAML flow value.
func flow(t *rapid.T, depth int) string {
	const mapping, sequence = 0, 1
	shape := rapid.IntRange(0, 3).Draw(t, "shape")
	if depth == 0 || shape > sequence {
		return rapid.SampledFrom([]string{
			"1", "-1", "0.5", "1e400", "a", "p2c", "10ms", "-3h", "null", "true", "''", "'1'", "a < b", "9223372036854775808",
		}).Draw(t, "scalar")
	}
	n := rapid.IntRange(0, 4).Draw(t, "n")
	items := make([]string, n)
	used := map[string]bool{}
	for i := range items {
		if items[i] = flow(t, depth-1); shape == mapping {
			key := rapid.SampledFrom([]string{
				"name", "duration", "pool", "policy", "use", "p2c", "choices", "maglev", "factor", "backends", "classes",
				"share", "demand", "constant", "pareto", "alpha", "samples", "faults", "at", "slow", "expect", "seeds",
				"cases", "set", "verbose", "offset", "queue_max", "slots", "other", "1", "true",
			}).Filter(func(k string) bool { return !used[k] }).Draw(t, "key")
			used[key] = true
			items[i] = key + ": " + items[i]
		}
	}
	if shape == mapping {
		return "{" + strings.Join(items, ", ") + "}"
	}
	return "[" + strings.Join(items, ", ") + "]"
}
