package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// tiny is a scenario that is simulated in no time; its cases are called low and 90%.
const tiny = `
duration: 2s
warmup: 0s
seeds: 3
arrivals: {poisson: {rate_rps: 200}}
backends: [{name: a, count: 3}]
policies: [p2c, random]
cases:
  - {name: low, set: {arrivals.poisson.rate_rps: 50}}
  - {name: 90%, set: {arrivals.poisson.rate_rps: 270}}
`

// inScratch moves into an empty directory that holds tiny.yaml.
func inScratch(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	check(t, os.WriteFile("tiny.yaml", []byte(tiny), 0o644))
}

func TestResultsAreTheSameBytesOnAnyNumberOfCores(t *testing.T) {
	inScratch(t)
	for _, format := range []string{"--json", "--csv", "--html"} {
		args := []string{"compare", "tiny.yaml", "dialogue-uncommon-flakes", "--policies", "p2c,prequal,random", "--seeds", "8", format, "-"}
		first := must(t, args...)
		oneWorker(t)
		if first == "" || must(t, args...) != first {
			t.Errorf("%s: on one core the result is another", format)
		}
		runtime.GOMAXPROCS(2)
		if must(t, args...) != first {
			t.Errorf("%s: on two cores the result is another", format)
		}
	}
}

func TestRunsOfSimulateAreTheSameBytes(t *testing.T) {
	inScratch(t)
	for _, flag := range []string{"--json", "--events"} {
		args := []string{"simulate", "tiny.yaml/90%", flag, "-"}
		if first := must(t, args...); first == "" || must(t, args...) != first {
			t.Errorf("%s: two runs differ", flag)
		}
	}
}

// The command in a result repeats it, whatever a shell would make of its words.
func TestCommandOfAResultRepeatsIt(t *testing.T) {
	inScratch(t)
	check(t, os.Mkdir("it's a $(dir)", 0o755))
	check(t, os.Rename("tiny.yaml", "it's a $(dir)/-tiny \"1\".yaml"))
	check(t, os.WriteFile("-dashed.yaml", []byte("name: dashed\n"+tiny), 0o644))
	nasty := "it's a $(dir)/-tiny \"1\".yaml"
	for _, args := range [][]string{
		{"compare", nasty, "--set", "name=other", "--html", "x.html", "--csv", "x.csv"},
		{"compare", nasty + "/90%", "--policies", "p2c, random", "--seeds", "2", "--seed", "18446744073709551614", "--baseline", "random"},
		{"compare", "--duration", "1500ms", "--set", "about='it''s \\ \"$HOME\" `x` * ~ # ;\n\nnew'", "--set", "classes=[{demand: {deterministic: {value: 10ms}}}]", "--", "-dashed.yaml"},
		{"simulate", nasty + "/low", "--policy", "random", "--explain", "3", "--events", "x.ndjson", "--seed", "9", "--set", "pool.policy.p2c.choices=3"},
	} {
		must(t, append([]string{args[0], "--json", "one.json"}, args[1:]...)...)
		var result struct{ Command string }
		check(t, json.Unmarshal([]byte(read(t, "one.json")), &result))
		words := splitWords(t, result.Command)
		if again := must(t, append(words[1:], "--json", "-")...); words[0] != "lbctl" || again != read(t, "one.json") {
			t.Errorf("lbctl %q: this gives another result: %s", args, result.Command)
		}
	}
}

// The command that an error names makes the run that failed.
func TestRepeatNamesOneRun(t *testing.T) {
	inScratch(t)
	args := []string{"tiny.yaml", "uniform"}
	var f compareFlags
	cmd := compareCommand(streams{})
	check(t, cmd.ParseFlags([]string{"--seeds", "2", "--policies", "p2c,random", "--set", "about=it's", "--duration", "1s", "--json", "x"}))
	f.overrides, f.seeds, f.policies = overrides{set: []string{"about=it's"}, duration: time.Second}, 2, []string{"p2c", "random"}
	all, _, err := f.load(cmd, args)
	check(t, err)
	got := f.repeat(cmd, all)("tiny/90%", "random", 7)
	if want := `compare simulate tiny.yaml/90% --policy random --seed 7 --duration 1s --set 'about=it'\''s'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	must(t, splitWords(t, got)[1:]...)
}

func TestShellQuote(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[a-z '"\\$*~\n-]{0,6}`), 1, 5).Draw(rt, "words")
		if got := splitWords(t, quoteWords(words)); strings.Join(got, "|") != strings.Join(words, "|") || len(got) != len(words) {
			rt.Fatalf("%q became %q", words, got)
		}
	})
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell")
	}
	words := []string{"", "plain", "it's", `"$HOME"`, "`id`", "a b\nc", "*", "~", "~root", "#x", "a;b", "!x", "{a,b}", `\`, "[0]", "a=b", "é★", "'", "''"}
	out, err := exec.Command(sh, "-c", "printf '%s\\0' "+quoteWords(words)).Output()
	check(t, err)
	if got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"); strings.Join(got, "|") != strings.Join(words, "|") {
		t.Errorf("%q became %q", words, got)
	}
}

// Every event is an object on a line of its own; time never goes back; every request ends once, after
// as many answers as it was sent.
func TestEventsAreLinesOfJSON(t *testing.T) {
	inScratch(t)
	type event struct {
		AtS     *float64 `json:"at_s"`
		Event   string
		Request uint64
		Try     int
		Backend string
	}
	under := map[uint64]int{} // attempts of a request that were not answered
	ended := map[uint64]int{}
	last := 0.0
	lines := 0
	for line := range strings.Lines(must(t, "simulate", "black-hole", "--duration", "14s", "--policy", "p2c", "--events", "-")) {
		lines++
		var e event
		decoder := json.NewDecoder(strings.NewReader(line))
		if err := decoder.Decode(&e); err != nil || e.AtS == nil || *e.AtS < last || decoder.More() {
			t.Fatalf("line %d: %v: %s", lines, err, line)
		}
		last = *e.AtS
		switch e.Event {
		case "send":
			under[e.Request]++
		case "answer":
			under[e.Request]--
		case "end":
			ended[e.Request]++
		case "health", "snapshot", "condition":
		default:
			t.Fatalf("line %d: unknown event: %s", lines, line)
		}
	}
	for request, n := range under {
		if ended[request] != 1 || n < 0 {
			t.Errorf("request %d ended %d times, with %d attempts under way", request, ended[request], n)
		}
	}
	if len(ended) < 1000 || len(ended) < len(under) {
		t.Errorf("%d of %d requests ended in %d lines", len(ended), len(under), lines)
	}
}

// Every built-in scenario is listed, shown, valid when saved under a name of its own, and can be run.
func TestBuiltinScenariosAreUsable(t *testing.T) {
	t.Chdir(t.TempDir())
	var list []entry
	check(t, json.Unmarshal([]byte(must(t, "scenarios", "list", "--json")), &list))
	plain := must(t, "scenarios", "list")
	if len(list) < 16 || strings.Count(plain, "\n") != len(list) {
		t.Fatalf("%d scenarios:\n%s", len(list), plain)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name)
		if e.Shows == "" || !strings.Contains(plain, e.Name+" ") {
			t.Errorf("%s is not listed with what it shows", e.Name)
		}
		check(t, os.WriteFile(e.Name+".copy.yaml", []byte(must(t, "scenarios", "show", e.Name)), 0o644))
	}
	if got := must(t, append([]string{"scenarios", "validate"}, names...)...); strings.Count(got, ": ok, ") < len(names) {
		t.Errorf("not all are valid:\n%s", got)
	}
	must(t, "scenarios", "validate", "uniform.copy.yaml", "prequal-rules.copy.yaml/90%")
}

func TestSchemaIsJSON(t *testing.T) {
	var schema struct {
		Type       string
		Properties map[string]any
	}
	check(t, json.Unmarshal([]byte(must(t, "scenarios", "schema")), &schema))
	if schema.Type != "object" || schema.Properties["backends"] == nil {
		t.Errorf("not the schema of a scenario: %+v", schema)
	}
}

// Without an argument there is a comparison, a report and a finding.
func TestCompareWithoutAnArgument(t *testing.T) {
	t.Chdir(t.TempDir())
	got := command(t.Context(), "compare", "--seeds", "1")
	if got.code != 0 || got.err != "report written to "+defaultReport+"\n" || !strings.Contains(got.out, "least_connections") {
		t.Errorf("%+v", got)
	}
	if page := read(t, defaultReport); !strings.Contains(page, "lbctl compare one-slow-backend --seeds 1") {
		t.Error("the report does not say how to repeat it")
	}
}

func TestEveryPolicyCanBeCompared(t *testing.T) {
	inScratch(t)
	got := must(t, "compare", "tiny.yaml/low", "--policies", "all", "--seeds", "1", "--csv", "-")
	for _, name := range policyNames() {
		if !strings.Contains(got, "\ntiny/low,"+name+","+name+",pool") {
			t.Errorf("no %s", name)
		}
	}
}

func TestVersion(t *testing.T) {
	if got := must(t, "version"); got != must(t, "--version") || !strings.HasPrefix(got, "lbctl ") || !strings.Contains(got, runtime.Version()) {
		t.Errorf("%q", got)
	}
}
