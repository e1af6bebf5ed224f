package reports

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/lbctl/lbctl/experiment"
)

// fixtures are all the made-up results.
func fixtures() map[string]*experiment.Result {
	return map[string]*experiment.Result{
		"single": single(), "edges": edges(), "one-seed": oneSeed(), "two": several(2), "seven": several(7),
		"empty":    {Finding: "Nothing was run.", Interrupted: true, NotRun: []string{"uniform"}},
		"variants": {Scenarios: []experiment.Scenario{{Name: "without variants"}}},
	}
}

func table(t *testing.T, r *experiment.Result, o TableOptions) string {
	t.Helper()
	var b strings.Builder
	if err := Table(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTableGolden(t *testing.T) {
	for _, columns := range []int{80, 120, 200} {
		for _, color := range []bool{false, true} {
			if columns == 200 && color {
				continue
			}
			name := fmt.Sprintf("table-%d.txt", columns)
			if color {
				name = fmt.Sprintf("table-%d-color.txt", columns)
			}
			golden(t, name, table(t, single(), TableOptions{columns, color}))
		}
	}
	golden(t, "table-edges.txt", table(t, edges(), TableOptions{Width: 100}))
	golden(t, "table-one-seed.txt", table(t, oneSeed(), TableOptions{Width: 100}))
	golden(t, "table-two-scenarios.txt", table(t, several(2), TableOptions{Width: 100}))
	golden(t, "table-matrix-100.txt", table(t, several(7), TableOptions{Width: 100}))
	golden(t, "table-matrix-60.txt", table(t, several(7), TableOptions{Width: 60}))
	golden(t, "table-matrix-160.txt", table(t, several(7), TableOptions{Width: 160}))
}

var ansi = regexp.MustCompile("\x1b\\[[0-9]*m")

func TestTableIsNeverWiderThanAsked(t *testing.T) {
	for name, r := range fixtures() {
		for columns := MinWidth; columns <= 220; columns += 18 {
			plain := table(t, r, TableOptions{Width: columns})
			for line := range strings.Lines(plain) {
				if w := width(strings.TrimSuffix(line, "\n")); w > columns {
					t.Fatalf("%s: a line is %d wide where %d was asked for:\n%s", name, w, columns, line)
				}
			}
			if colored := table(t, r, TableOptions{columns, true}); ansi.ReplaceAllString(colored, "") != plain {
				t.Fatalf("%s, %d columns: colour changes more than colour", name, columns)
			}
		}
	}
}

func TestTableWidthUnknown(t *testing.T) {
	if table(t, single(), TableOptions{}) != table(t, single(), TableOptions{Width: DefaultWidth}) {
		t.Error("width 0 is not the default width")
	}
	if table(t, single(), TableOptions{Width: 3}) != table(t, single(), TableOptions{Width: MinWidth}) {
		t.Error("a width that nothing fits into is not raised to the least")
	}
}

func TestTableSaysWhatMatters(t *testing.T) {
	text := table(t, edges(), TableOptions{Width: 150})
	for _, want := range []string{
		"★ 255.8 ±5.5", "≥ 1000", "−74% better", "no significant difference", "not comparable", "baseline",
		"✗ errors_pct < 0.1", "(uncertain", "! 3 of 20 replications", "Interrupted", "No policy is good here",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if narrow := table(t, edges(), TableOptions{Width: 80}); !strings.Contains(narrow, "p2c-with-five-choic…") {
		t.Errorf("a long name was not cut in\n%s", narrow)
	}
	if empty := table(t, fixtures()["empty"], TableOptions{}); !strings.Contains(empty, "None was complete of uniform") {
		t.Errorf("what was not run is missing in\n%s", empty)
	}
}

// TestDoubt: only an interval can hold a limit.
func TestDoubt(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		value   experiment.Estimate
		certain bool
		want    string
	}{
		"certain":         {value: experiment.Estimate{Mean: 5, Lo: 4, Hi: 6, N: 20}, certain: true},
		"within":          {value: experiment.Estimate{Mean: 5, Lo: 4, Hi: 6, N: 20}, want: " (uncertain: the limit lies within the interval)"},
		"one replication": {value: experiment.Estimate{Mean: 5, Lo: nan, Hi: nan, N: 1}, want: " (one replication)"},
		"one, censored":   {value: experiment.Estimate{Mean: 5, Lo: nan, Hi: nan, N: 1, Censored: true}},
		"censored":        {value: experiment.Estimate{Mean: 5, Lo: 4, Hi: 6, N: 20, Censored: true}},
		"not measured":    {value: experiment.Estimate{Mean: nan, Lo: nan, Hi: nan}},
	} {
		if got := doubt(experiment.Expectation{Value: c.value, Certain: c.certain}); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// broken fails every write.
type broken struct{}

var errBroken = errors.New("broken pipe")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteErrorsAreReported(t *testing.T) {
	for name, err := range map[string]error{
		"table": Table(broken{}, single(), TableOptions{}),
		"csv":   CSV(broken{}, single()),
		"json":  JSON(broken{}, single()),
		"html":  HTML(broken{}, single()),
	} {
		if !errors.Is(err, errBroken) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
