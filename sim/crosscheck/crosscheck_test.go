// Package crosscheck_test recomputes theory.csv, the expectations that the
// simulator is held to, with GNU Octave where that is installed.
package crosscheck_test

import (
	"bytes"
	"encoding/csv"
	"flag"
	"math"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
)

var update = flag.Bool("update", false, "rewrite theory.csv from what Octave computes")

// tolerance is relative: 7 digits are printed, and linear algebra libraries differ.
const tolerance = 1e-5

func TestOctave(t *testing.T) {
	octave, err := exec.LookPath("octave-cli")
	if err != nil {
		t.Skip("SKIPPED, theory.csv was not recomputed: no GNU Octave here (apt-get install octave octave-queueing)")
	}
	const script = "octave/theory.m"
	if _, err := os.Stat(script); err != nil { // also tells go test's cache that the script matters
		t.Fatal(err)
	}
	cmd := exec.Command(octave, "--quiet", "--no-init-file", script)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil && bytes.Contains(complaints.Bytes(), []byte("package queueing")) {
		t.Skip("SKIPPED, theory.csv was not recomputed: Octave is here without its queueing package (apt-get install octave-queueing)")
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, complaints.Bytes())
	}
	if *update {
		if err := os.WriteFile("theory.csv", out, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	held, err := os.ReadFile("theory.csv")
	if err != nil {
		t.Fatal(err)
	}
	compare(t, rows(t, out), rows(t, held))
}

// TestTable holds for everybody: one row a case, and figures that can be true.
func TestTable(t *testing.T) {
	held, err := os.ReadFile("theory.csv")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, row := range rows(t, held)[1:] {
		if seen[row[0]] {
			t.Errorf("%s appears twice", row[0])
		}
		seen[row[0]] = true
		var low float64
		for _, i := range []int{3, 4, 5} { // the quantiles ascend
			if row[i] == "" {
				continue
			}
			if x := number(t, row[i]); x <= low {
				t.Errorf("%s: quantile %s is not above %g", row[0], row[i], low)
			} else {
				low = x
			}
		}
		if mean := number(t, row[2]); mean < 1 {
			t.Errorf("%s: the mean time in the system, %g, is less than a service", row[0], mean)
		}
	}
}

func compare(t *testing.T, got, held [][]string) {
	t.Helper()
	if len(got) != len(held) {
		t.Fatalf("Octave computes %d rows, theory.csv holds %d", len(got), len(held))
	}
	for i := range got {
		same := slices.EqualFunc(got[i], held[i], func(a, b string) bool { return a == b || near(a, b) })
		if !same {
			t.Errorf("Octave:     %q\ntheory.csv: %q", got[i], held[i])
		}
	}
	if !t.Failed() {
		t.Logf("%d cases agree within %g", len(got)-1, tolerance)
	}
}

// near reports whether both are numbers and nearly the same.
func near(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && math.Abs(x-y) <= tolerance*math.Abs(y)
}

func rows(t *testing.T, data []byte) [][]string {
	t.Helper()
	all, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 2 {
		t.Fatal("no cases")
	}
	return all
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}
