package strict_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/lbctl/lbctl/config/strict"
)

// TestGolden shows documents and what a person is told about them. The lines
// of a document that start with --set are overrides.
func TestGolden(t *testing.T) {
	datadriven.Walk(t, "testdata/golden", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, td *datadriven.TestData) string {
			var text, sets []string
			for line := range strings.Lines(td.Input) {
				if set, ok := strings.CutPrefix(line, "--set "); ok {
					sets = append(sets, strings.TrimSuffix(set, "\n"))
				} else {
					text = append(text, line)
				}
			}
			got, err := decode(strings.Join(text, ""), sets)
			if err != nil {
				return err.Error() + "\n"
			}
			return got
		})
	})
}

// decode parses, overrides and decodes a sample, and renders what is not default.
func decode(text string, sets []string) (string, error) {
	doc, err := strict.Parse("f.yaml", []byte(text))
	if err != nil {
		return "", err
	}
	for _, s := range sets {
		path, value, _ := strings.Cut(s, "=")
		if err := doc.Set(path, value, "--set "+s); err != nil {
			return "", err
		}
	}
	got := newSample()
	if err := doc.Decode(got); err != nil {
		return "", err
	}
	return render(got), nil
}

// render shows the fields of a sample that differ from the defaults.
func render(s *sample) string {
	var b strings.Builder
	before := lines(newSample())
	for i, l := range lines(s) {
		if l != before[i] {
			fmt.Fprintln(&b, l)
		}
	}
	if b.Len() == 0 {
		return "defaults\n"
	}
	return b.String()
}

// lines renders every field of a sample.
func lines(s *sample) []string {
	out := []string{
		fmt.Sprintf("name %q", s.Name),
		fmt.Sprintf("duration %v", s.Duration),
		fmt.Sprintf("policy %+v", s.Pool.Policy),
		fmt.Sprintf("backends %q", s.Pool.Backends),
		fmt.Sprintf("expect %+v", s.Expect),
		fmt.Sprintf("seeds %v", s.Seeds),
		fmt.Sprintf("verbose %v", s.Verbose),
		fmt.Sprintf("limits %+v", s.Limits),
	}
	offset := "nil"
	if s.Offset != nil {
		offset = s.Offset.String()
	}
	var classes, faults strings.Builder
	for _, name := range []string{"browse", "buy"} {
		if c, ok := s.Classes[name]; ok {
			fmt.Fprintf(&classes, " %s share %v %s", name, c.Share, demandText(c.Demand))
		}
	}
	for _, f := range s.Faults {
		fmt.Fprintf(&faults, " at %v", f.At)
		if f.Slow != nil {
			fmt.Fprintf(&faults, " slow %v", f.Slow.Factor)
		}
	}
	return append(out, "offset "+offset, "classes"+classes.String(), "faults"+faults.String())
}

func demandText(d *demand) string {
	switch {
	case d == nil:
		return "no demand"
	case d.Constant != nil:
		return "constant " + d.Constant.String()
	case d.Pareto != nil:
		return fmt.Sprintf("pareto %v", d.Pareto.Alpha)
	}
	return fmt.Sprintf("samples %v", d.Samples)
}
