package strict_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lbctl/lbctl/config/strict"
	"go.yaml.in/yaml/v3"
)

// mustParse parses a document that is known to be well formed.
func mustParse(t testing.TB, text string) *strict.Document {
	t.Helper()
	doc, err := strict.Parse("f.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// parseError returns the only error of a document that is not well formed.
func parseError(t *testing.T, text string) strict.Error {
	t.Helper()
	_, err := strict.Parse("f.yaml", []byte(text))
	var all strict.Errors
	if !errors.As(err, &all) || len(all) != 1 {
		t.Fatalf("got %v, want exactly one error", err)
	}
	return all[0]
}

func TestParseLimits(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + "1" + strings.Repeat("]", n) }
	var laughs strings.Builder
	laughs.WriteString("a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n")
	for i := 1; i < 20; i++ {
		fmt.Fprintf(&laughs, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	for name, c := range map[string]struct{ text, want string }{
		"bytes":            {strings.Repeat("#", strict.MaxBytes+1), "larger than 1048576 bytes"},
		"depth":            {deep(strict.MaxDepth), "nested more than 32 deep"},
		"depth of parser":  {deep(20_000), "not valid YAML: exceeded max depth"},
		"nodes":            {"[" + strings.Repeat("1,", strict.MaxNodes) + "]", "the document has more than 100000 values"},
		"billion laughs":   {laughs.String(), "the document has more than 100000 values"},
		"UTF-8":            {"name: \xff", "expected UTF-8 text, got byte 0xff"},
		"UTF-16":           {"\xfe\xff\x00a", "expected UTF-8 text, got byte 0xfe"},
		"control":          {"name: a\x07", "control character U+0007 is not allowed"},
		"control, escaped": {"name: \u0085\u0090", "control character U+0090 is not allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := parseError(t, c.text); !strings.HasPrefix(got.Msg, c.want) {
				t.Errorf("got %q, want %q", got.Msg, c.want)
			}
		})
	}
	mustParse(t, deep(strict.MaxDepth-1))
	mustParse(t, "["+strings.Repeat("1,", strict.MaxNodes-1)+"]")
	mustParse(t, "#"+strings.Repeat("\n", strict.MaxBytes-3)+"a:")
}

func TestParsePosition(t *testing.T) {
	got := parseError(t, "a: 1\nb: é\x07")
	want := strict.Error{File: "f.yaml", Line: 2, Col: 5, Msg: "control character U+0007 is not allowed"}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestSyntaxLine: the line of a syntax error is the one that breaks the
// document, however far the parser read beyond it.
func TestSyntaxLine(t *testing.T) {
	before := strings.Repeat("- a\n", 20)
	after := strings.Repeat("- b: [c]\n", 200)
	for _, bad := range []string{"- a: b: c\n", "- [a\n", "- 'a\n", "- \"\\q\"\n", "b: c\n", "- }\n", "- *x\n", "- @a\n"} {
		if got := parseError(t, before+bad+after); got.Line != 21 {
			t.Errorf("%q: line %d, want 21 (%s)", bad, got.Line, got.Msg)
		}
	}
	// Too large to search: the parser's own position.
	large := strings.Repeat("- aaaaaaaaaaaaaaa\n", strict.MaxBytes/20)
	if got := parseError(t, "- [\n"+large); got.Line < 2 {
		t.Errorf("line %d, want where the parser stopped", got.Line)
	}
}

func TestErrorText(t *testing.T) {
	for want, e := range map[string]strict.Error{
		"f:3:4: a.b: bad": {File: "f", Line: 3, Col: 4, Path: "a.b", Msg: "bad"},
		"f:3:4: bad":      {File: "f", Line: 3, Col: 4, Msg: "bad"},
		"f: a: bad":       {File: "f", Path: "a", Msg: "bad"},
		"--set a=3: bad":  {File: "f", Line: 3, Col: 4, Origin: "--set a=3", Msg: "bad"},
	} {
		if got := e.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestErrorsAreCapped(t *testing.T) {
	text := "name: a\npool: {backends: [a, b]}\nseeds: [" + strings.Repeat("x, ", strict.MaxErrors+7) + "]"
	err := mustParse(t, text).Decode(newSample())
	var all strict.Errors
	if !errors.As(err, &all) || len(all) != strict.MaxErrors+7 {
		t.Fatalf("got %d errors", len(all))
	}
	shown := strings.Split(err.Error(), "\n")
	if len(shown) != strict.MaxErrors+1 || shown[strict.MaxErrors] != "and 7 more" {
		t.Errorf("shows %d lines, the last %q", len(shown), shown[len(shown)-1])
	}
	var one strict.Error
	if !errors.As(err, &one) || one.Path != "seeds[0]" {
		t.Errorf("the first error is %+v", one)
	}
}

// TestMessagesStayOnOneLine: names and values of a file cannot forge lines.
func TestMessagesStayOnOneLine(t *testing.T) {
	text := `{"name": "a\nb", "x\ny": 1, "` + strings.Repeat("z", 1000) + `": {}, "duration": "1s\u001b[31m"}`
	err := mustParse(t, text).Decode(newSample())
	for line := range strings.Lines(err.Error()) {
		if !strings.HasPrefix(line, "f.yaml:") || len(line) > 500 || strings.Contains(line, "\x1b") {
			t.Errorf("line %q", line)
		}
	}
}

func TestValuesInErrorKeepTheirDefault(t *testing.T) {
	got := newSample()
	err := mustParse(t, `{name: a, duration: 3, pool: {policy: {p2c: {choices: x}}}, faults: [1], offset: x}`).Decode(got)
	if err == nil {
		t.Fatal("no error")
	}
	if got.Duration != 10*time.Second || got.Pool.Policy.P2C.Choices != 2 || got.Faults != nil || got.Offset != nil {
		t.Errorf("got %+v", got)
	}
}

func TestPresetPointersAreCopied(t *testing.T) {
	preset := time.Second
	got := newSample()
	got.Offset = &preset
	if err := mustParse(t, "{name: a, pool: {backends: [a, b]}, offset: 5s}").Decode(got); err != nil {
		t.Fatal(err)
	}
	if preset != time.Second || *got.Offset != 5*time.Second {
		t.Errorf("preset %v, decoded %v", preset, *got.Offset)
	}
}

func TestCloneIsIndependent(t *testing.T) {
	doc := mustParse(t, "{name: a, pool: {backends: [a, b]}, duration: 2s}")
	clone := doc.Clone()
	for path, value := range map[string]string{"duration": "3s", "pool.backends[0]": "c", "queue_max": "7"} {
		if err := clone.Set(path, value, "test"); err != nil {
			t.Fatal(err)
		}
	}
	got := newSample()
	if err := doc.Decode(got); err != nil {
		t.Fatal(err)
	}
	if got.Duration != 2*time.Second || got.Pool.Backends[0] != "a" || got.QueueMax != 100 {
		t.Errorf("the original became %+v", got)
	}
}

func TestOverlay(t *testing.T) {
	doc := mustParse(t, `name: a
pool: {policy: p2c, backends: [a, b]}
cases:
- name: good
  set: {pool.policy.p2c.choices: 1, duration: 3s}
- name: bad
  set: {pool.policy.p2c.choices: 65, "classes[0]": 1}
`)
	if err := doc.Set("cases[0].set.queue_max", "-7", "--set x"); err != nil {
		t.Fatal(err)
	}
	base := newSample()
	if err := doc.Decode(base); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		"--set x: queue_max: expected a whole number of at least 0, got -7",
		`f.yaml:7:52: classes[0]: [0] needs a list, and there is none
f.yaml:7:34: pool.policy.p2c.choices: expected a whole number from 1 to 64, got 65`,
	} {
		if got := strings.Join(overlay(doc.Clone(), base.Cases[i].Set), "\n"); got != want {
			t.Errorf("case %d: got\n%s\nwant\n%s", i, got, want)
		}
	}
}

// overlay applies values by path and decodes; it returns what went wrong.
func overlay(doc *strict.Document, set map[string]*yaml.Node) (problems []string) {
	paths := make([]string, 0, len(set))
	for path := range set {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		if err := doc.Overlay(path, set[path]); err != nil {
			problems = append(problems, err.Error())
		}
	}
	if err := doc.Decode(newSample()); err != nil {
		problems = append(problems, err.Error())
	}
	return problems
}

func TestSetLimits(t *testing.T) {
	doc := mustParse(t, "{name: a, seeds: [1]}")
	long := strings.TrimSuffix(strings.Repeat("a.", strict.MaxDepth), ".")
	for path, c := range map[string]struct{ value, want string }{
		long:        {"1", "nested more than 32 deep"},
		long + ".a": {"1", "path has more than 32 steps"},
		"a.b.c":     {strings.Repeat("[", 30) + strings.Repeat("]", 30), "nested more than 32 deep"},
		"a":         {"[" + strings.Repeat("1,", strict.MaxNodes-3) + "]", "the document has more than 100000 values"},
		"seeds":     {strings.Repeat(" ", strict.MaxBytes+1), "larger than 1048576 bytes"},
	} {
		err := doc.Set(path, c.value, "--set x")
		if err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	for range 3 { // a replaced value no longer counts
		if err := doc.Set("seeds", "["+strings.Repeat("1,", strict.MaxNodes-6)+"]", "--set x"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNullOverlay: a *yaml.Node field takes null too.
func TestNullOverlay(t *testing.T) {
	doc := mustParse(t, "{name: a, pool: {backends: [a, b]}, duration: 3s, cases: [{name: b, set: {duration: null}}]}")
	base := newSample()
	if err := doc.Decode(base); err != nil {
		t.Fatal(err)
	}
	if problems := overlay(doc, base.Cases[0].Set); problems != nil {
		t.Fatal(problems)
	}
	again := newSample()
	if err := doc.Decode(again); err != nil || again.Duration != 10*time.Second {
		t.Errorf("duration %v, error %v", again.Duration, err)
	}
}

func TestNearest(t *testing.T) {
	valid := []string{"policy", "rate_rps", "timeout", "slow_start", "p99_ms", "p95_ms", "at"}
	for name, want := range map[string]string{
		"polcy": "policy", "POLICY": "policy", "ploicy": "policy", "policies": "",
		"rate": "rate_rps", "timeout_ms": "timeout", "slowStart": "slow_start", "slow-start": "slow_start",
		"p9_ms": "p99_ms", "p90_ms": "p99_ms", "ta": "", "": "", "x": "", "utilization": "",
		strings.Repeat("policy", 20): "",
	} {
		if got := strict.Nearest(name, valid); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
	if got := strict.Nearest("policy", nil); got != "" {
		t.Errorf("nothing is valid, got %q", got)
	}
}

// TestWrongTags: a format that describes itself wrongly is a broken program.
func TestWrongTags(t *testing.T) {
	type embedded struct {
		A int `yaml:"a"`
	}
	for want, into := range map[string]any{
		"is not a pointer to a struct": struct{}{},
		"only option of yaml is inline": new(struct {
			A int `yaml:"a,omitempty"`
		}),
		"for exported structs": new(struct {
			embedded `yaml:",inline"`
		}),
		"field is not exported": new(struct {
			a int `yaml:"a"`
		}),
		`has key "a" twice`: new(struct {
			A, B int `yaml:"a"`
		}),
		`min "x"`: new(struct {
			A int `yaml:"a" min:"x"`
		}),
		`max "3"`: new(struct {
			A time.Duration `yaml:"a" max:"3"`
		}),
		"only numbers and durations": new(struct {
			A string `yaml:"a" min:"3"`
		}),
		"exclude each other": new(struct {
			A int `yaml:"a" min:"3" above:"3"`
		}),
		"are for strings": new(struct {
			A int `yaml:"a" enum:"3"`
		}),
		"error parsing regexp": new(struct {
			A string `yaml:"a" pattern:"("`
		}),
		"are for lists": new(struct {
			A string `yaml:"a" maxitems:"3"`
		}),
		`maxitems "0"`: new(struct {
			A []int `yaml:"a" maxitems:"0"`
		}),
		`required is "true" or absent`: new(struct {
			A int `yaml:"a" required:"yes"`
		}),
		"is a pointer, slice or map": new(struct {
			_ struct{} `union:"x"`
			A int      `yaml:"a"`
		}),
		"cannot decode into complex128": new(struct {
			A complex128 `yaml:"a"`
		}),
		"cannot decode into map[int]int": new(struct {
			A map[int]int `yaml:"a"`
		}),
		`dynamic field "a" is not a pointe`: new(wrongDynamic),
	} {
		t.Run(want, func(t *testing.T) {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
					t.Errorf("panics with %q, want %q", got, want)
				}
			}()
			_ = mustParse(t, "{a: 1}").Decode(into)
		})
	}
}

type wrongDynamic struct{}

func (wrongDynamic) StrictFields() []strict.Dynamic { return []strict.Dynamic{{Name: "a", Value: 3}} }

// TestRecursiveTypes decode, since documents end, but have no schema here.
func TestRecursiveTypes(t *testing.T) {
	type tree struct {
		Left *tree `yaml:"left"`
	}
	var got tree
	if err := mustParse(t, "left: {left: {}}").Decode(&got); err != nil || got.Left.Left == nil {
		t.Fatalf("got %+v, %v", got, err)
	}
	for name, f := range map[string]func(){
		"Schema": func() { _, _ = strict.Schema(&got, "", "") },
		"Fields": func() { strict.Fields(&got) },
	} {
		func() {
			defer func() {
				if r := fmt.Sprint(recover()); !strings.HasSuffix(r, "is recursive") {
					t.Errorf("%s: panics with %q", name, r)
				}
			}()
			f()
		}()
	}
}

// reports is a type whose check complains at the path that it was given.
type reports struct {
	At    string         `yaml:"at"`
	Items map[string]int `yaml:"items"`
}

func (c *reports) Check(r *strict.Reporter) { r.Errorf(c.At, "wrong") }

func TestReporterPaths(t *testing.T) {
	for at, want := range map[string]string{
		"":                           "f.yaml:1:1: wrong",
		"items":                      "f.yaml:2:8: items: wrong",
		"items.a":                    "f.yaml:2:12: items.a: wrong",
		strict.Join("items", "b.c"):  `f.yaml:2:22: items["b.c"]: wrong`,
		strict.Join("items", "d\ne"): `f.yaml:2:8: items["d\ne"]: wrong`,
		"items[3].x":                 "f.yaml:2:8: items[3].x: wrong",
		"other.a":                    "f.yaml:1:1: other.a: wrong",
		"items..a":                   `f.yaml:1:1: ["items..a"]: wrong`,
	} {
		doc := mustParse(t, fmt.Sprintf("at: %q\nitems: {a: 1, \"b.c\": 2}\n", at))
		if err := doc.Decode(new(reports)); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", at, err, want)
		}
	}
}

// phrases has one field for every way to state a range, and keys without tags.
type phrases struct {
	Max     int           `yaml:"max" max:"9"`
	Above   uint          `yaml:"above" above:"0" max:"9"`
	Free    float64       `yaml:"free"`
	Short   string        `yaml:"short" maxlen:"1"`
	Code    string        `yaml:"code" pattern:"^x" maxlen:"2"`
	Line    expectation   `yaml:"line" enum:"a < 1,a < 2"`
	Nothing struct{}      `yaml:"nothing"`
	Nested  [][]bool      `yaml:"nested" maxitems:"1"`
	Text    string        `yaml:"text"`
	Wait    time.Duration // dynamic, as are the next
	Count   []uint8
}

func (p *phrases) StrictFields() []strict.Dynamic {
	return []strict.Dynamic{{Name: "wait", Value: &p.Wait}, {Name: "count", Value: &p.Count}}
}

func TestPhrases(t *testing.T) {
	for text, want := range map[string]string{
		"max: 10":                     "max: expected a whole number of at most 9, got 10",
		"above: 0":                    "above: expected a whole number above 0 and up to 9, got 0",
		"above: 18446744073709551615": "above: expected a whole number above 0 and up to 9, got 18446744073709551615",
		"free: x":                     `free: expected a number, got "x"`,
		"short: ab":                   `short: expected a string of at most 1 character, got "ab"`,
		"code: abc":                   `code: expected a string of at most 2 characters that matches ^x, got "abc"`,
		"text: []":                    "text: expected a string, got a list",
		"line: a < 3":                 `line: expected one of a < 1, a < 2; got "a < 3"; did you mean "a < 1"?`,
		"line: xyz":                   `line: expected one of a < 1, a < 2; got "xyz"`,
		"nothing: {a: 1}":             `nothing.a: unknown key "a"; no keys are allowed here`,
		"nested: [[true, 1]]":         "nested[0][1]: expected true or false, got 1",
		"nested: [[], []]":            "nested: expected at most 1 item, got 2",
		"wait: -1s":                   `wait: expected a duration of at least 0s, got "-1s"`,
		"wait: 7":                     `wait: expected a duration with a unit, like "10ms"; got 7`,
		"count: [256]":                "count[0]: expected a whole number from 0 to 255, got 256",
	} {
		err := mustParse(t, text).Decode(new(phrases))
		if got := fmt.Sprint(err); !strings.HasSuffix(got, ": "+want) {
			t.Errorf("%q: got %v, want %s", text, got, want)
		}
	}
	good := "{max: -9, above: 9, free: -1e3, short: é, code: x, line: a < 2, nothing: {}, nested: [[true, false]], wait: 1s, count: [255]}"
	var got phrases
	if err := mustParse(t, good).Decode(&got); err != nil || got.Wait != time.Second || got.Count[0] != 255 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// many is a struct with more keys than a message lists.
type many struct{ values [40]int }

func (m *many) StrictFields() (out []strict.Dynamic) {
	for i := range m.values {
		out = append(out, strict.Dynamic{Name: fmt.Sprintf("key%02d", i), Value: &m.values[i]})
	}
	return out
}

func TestLongListsAreCut(t *testing.T) {
	err := mustParse(t, "other: 1").Decode(new(many))
	if got := fmt.Sprint(err); !strings.HasSuffix(got, ", key22, key23, … (16 more)") {
		t.Errorf("got %s", got)
	}
}
