package reports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lbctl/lbctl/experiment"
)

func asCSV(t *testing.T, r *experiment.Result) string {
	t.Helper()
	var b strings.Builder
	if err := CSV(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCSVGolden(t *testing.T) {
	r := oneSeed()
	r.Scenarios = append(r.Scenarios, oneSlow("compared", 20, profiles[:3]))
	golden(t, "results.csv", asCSV(t, r))
}

func TestCSVIsTidy(t *testing.T) {
	for name, r := range fixtures() {
		lines, err := csv.NewReader(strings.NewReader(asCSV(t, r))).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		seen := map[string]bool{}
		for _, line := range lines[1:] {
			key := strings.Join(line[:6], "\x00")
			if seen[key] {
				t.Fatalf("%s: two lines for %q", name, line[:6])
			}
			seen[key] = true
			if !slices.Contains([]string{"pool", "group", "backend"}, line[3]) || (line[3] == "pool") != (line[4] == "") {
				t.Fatalf("%s: scope %q, name %q", name, line[3], line[4])
			}
			for _, i := range []int{6, 7, 8, 11, 12, 13, 14} {
				if _, err := strconv.ParseFloat(line[i], 64); line[i] != "" && err != nil || line[i] == "NaN" {
					t.Fatalf("%s: column %d is %q", name, i, line[i])
				}
			}
		}
	}
}

func TestJSON(t *testing.T) {
	for name, r := range fixtures() {
		var first, second bytes.Buffer
		if err := JSON(&first, r); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := JSON(&second, r); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%s: not the same bytes twice", name)
		}
		if !json.Valid(first.Bytes()) || !bytes.HasSuffix(first.Bytes(), []byte("}\n")) {
			t.Errorf("%s: not one line-ended JSON object", name)
		}
	}
	var b bytes.Buffer
	if err := JSON(&b, edges()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `"mean": null`) || !strings.Contains(b.String(), `"<script>alert(1)</script>"`) {
		t.Error("NaN is not null, or names are not written as they are")
	}
}
