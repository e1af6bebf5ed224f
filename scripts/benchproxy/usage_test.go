package main

import (
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	// A name with everything in it that misleads.
	const text = "4711 (a) R 1 (b) S 1 4700 4700 0 -1 4194304 1 2 3 4 250 75 9 9 20 0 3 0 12345 1000000 2048 18446744073709551615 1 1\n"
	s, err := parseStat([]byte(text))
	if want := (procStat{group: 4700, cpu: 3250 * time.Millisecond, rssPages: 2048}); err != nil || s != want {
		t.Errorf("%+v, %v; want %+v", s, err, want)
	}
	for _, bad := range []string{"", "4711", "4711 (a)", "4711 (a) S 1 2 3", "4711 (a) S 1 x 4700 0 -1 0 1 2 3 4 250 75 9 9 20 0 3 0 1 1 1 1"} {
		if _, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestParseCore(t *testing.T) {
	const text = "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 1 2 3 4 5 6 7 8 9 10\ncpu1 10 0 20 100 5 0 0 2 0 0\nintr 1\n"
	got, err := parseCore(text, 1)
	if want := (coreTime{busy: 320 * time.Millisecond, idle: 1050 * time.Millisecond, stolen: 20 * time.Millisecond}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if _, err := parseCore(text, 2); err == nil || err.Error() != "this machine has no core 2" {
		t.Errorf("error %v", err)
	}
}
