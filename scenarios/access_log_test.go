package scenarios

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/lbctl/lbctl/lb/rng"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestAccessLogIsGenerated keeps access-log.csv equal to what generateAccessLog makes: it is nobody's traffic.
func TestAccessLogIsGenerated(t *testing.T) {
	want := generateAccessLog()
	if *update {
		if err := os.WriteFile("access-log.csv", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("access-log.csv")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("access-log.csv is not what generateAccessLog makes; run go test -update")
	}
}

// generateAccessLog makes ten minutes of a small web site: visitors who load a page with
// its assets at once, read, and load the next; and two robots that keep a steady pace.
func generateAccessLog() []byte {
	const minutes = 10
	type line struct {
		ms     int
		client string
	}
	var lines []line
	r := rng.Stream(1, "access-log")
	add := func(at float64, client string) {
		if at < minutes*60 {
			lines = append(lines, line{int(at * 1000), client})
		}
	}
	visitor := 0
	for at := 0.0; at < minutes*60; at += r.Exp() * 2.5 {
		visitor++
		name := fmt.Sprintf("v%d", visitor)
		read := at
		for range 1 + r.Intn(5) {
			for asset := range 1 + r.Intn(8) {
				add(read+0.05*float64(asset)*r.Float64(), name)
			}
			read += 2 + r.Exp()*15
		}
	}
	for robot, pace := range []float64{0.7, 1.9} {
		for at := r.Float64(); at < minutes*60; at += pace {
			add(at, fmt.Sprintf("robot%d", robot))
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.ms - b.ms })
	out := []byte("time_s,client\n")
	for _, l := range lines {
		out = fmt.Appendf(out, "%d.%03d,%s\n", l.ms/1000, l.ms%1000, l.client)
	}
	return out
}
