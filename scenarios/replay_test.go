package scenarios

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/lbctl/lbctl/config/strict"
)

// replayOf loads a scenario that replays the given log.
func replayOf(t *testing.T, log, options string, more ...string) *Scenario {
	t.Helper()
	text := "duration: 100s\narrivals: {replay: {file: log, " + options + "}}\nbackends: [{name: b}]\n" + strings.Join(more, "\n")
	all, err := Load("dir/test.yaml", []byte(text), LoadOptions{ReadFile: func(path string) ([]byte, error) {
		if path != "dir/log" {
			return nil, fs.ErrNotExist
		}
		return []byte(log), nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

func seconds(s *Scenario) string {
	var out []string
	for _, at := range times(s.Model(1).Arrivals()) {
		out = append(out, fmt.Sprintf("%.4g", at.Seconds()))
	}
	return strings.Join(out, " ")
}

const combinedLog = `192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /a?x=1 HTTP/1.1" 200 17 "-" "curl"
192.0.2.2 - - [17/May/2015:10:05:03 +0000] "GET /b HTTP/1.1" 200 17 "-" "curl"

192.0.2.1 - bob [17/May/2015:12:05:05 +0200] "GET /a HTTP/1.1" 200 17 "-" "curl"
192.0.2.3 - - [17/May/2015:10:05:03 +0000] "\x16\x03" 400 0 "-" "-"
2001:db8::1 - - [17/May/2015:10:05:04 +0000] "-" 408 0 "-" "-"
`

// A combined log tells whole seconds: requests of one second are spread over it, in the order of the log.
func TestReplayCombined(t *testing.T) {
	s := replayOf(t, combinedLog, "format: combined")
	if got, want := seconds(s), "0 0.3333 0.6667 1 2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	m := s.Model(1)
	client := func(n uint64) uint64 { return m.Request(n).Client }
	if client(0) != hashName("192.0.2.1") || client(1) != hashName("192.0.2.2") || client(0) != client(4) || client(3) != hashName("2001:db8::1") {
		t.Error("clients are mixed up")
	}
	if r := m.Request(0); r.Key != r.Client {
		t.Error("affinity should go by the client")
	}
	byPath := replayOf(t, combinedLog, "format: combined, key: path").Model(1)
	key := func(n uint64) uint64 { return byPath.Request(n).Key }
	if key(0) != hashName("/a") || key(0) != key(4) || key(1) == key(0) || key(2) != hashName(`\x16\x03`) {
		t.Error("keys should be paths without their queries")
	}
	if byPath.Request(0).Demand != m.Request(0).Demand {
		t.Error("what is not recorded should be drawn as ever")
	}
}

func TestReplayCSV(t *testing.T) {
	const log = "time_s,client,class,demand_ms\n11.5,ann,large,2.5\n10,bob\n20,,small\n10.25,,,0.001\n"
	s := replayOf(t, log, "format: csv", "classes: [{name: small, share_pct: 50, demand: 1ms}, {name: large, share_pct: 50, demand: 7ms}]")
	if got, want := seconds(s), "0 0.25 1.5 10"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	m := s.Model(1)
	if r := m.Request(0); r.Client != hashName("bob") || r.Demand != []time.Duration{ms, 7 * ms}[r.Class] {
		t.Errorf("request 0: %+v", r)
	}
	if r := m.Request(1); r.Demand != time.Microsecond {
		t.Errorf("request 1: %+v", r)
	}
	if r := m.Request(2); r.Client != hashName("ann") || r.Class != 1 || r.Demand != 2500*time.Microsecond {
		t.Errorf("request 2: %+v", r)
	}
	if r := m.Request(3); r.Class != 0 || r.Demand != ms {
		t.Errorf("request 3: %+v", r)
	}
}

func TestReplaySpeedAndLoop(t *testing.T) {
	const log = "0\n10\n30\n"
	for options, want := range map[string]string{
		"format: csv":                           "0 10 30",
		"format: csv, speedup: 10":              "0 1 3",
		"format: csv, speedup: 0.5":             "0 20 60",
		"format: csv, loop: true":               "0 10 30 45 55 75 90", // a gap of 15 s, the mean, before each round
		"format: csv, loop: true, speedup: 0.2": "0 50",                // the rest comes after the end
	} {
		if got := seconds(replayOf(t, log, options)); got != want {
			t.Errorf("%s: got %s, want %s", options, got, want)
		}
	}
	m := replayOf(t, log, "format: csv, loop: true").Model(1)
	if m.Request(1).Demand == m.Request(4).Demand {
		t.Error("what is drawn should not repeat with the log")
	}
}

func TestReplayLimits(t *testing.T) {
	read := func(format, log string) string {
		_, err := readLog("log", []byte(log), &replaySpec{Format: format}, nil)
		if err == nil {
			return ""
		}
		return err.Error()
	}
	if got := read("combined", strings.Repeat("x", MaxReplayLine+1)); !strings.Contains(got, "log:1:1: a line of more than") {
		t.Errorf("a long line: %s", got)
	}
	if got := strings.Count(read("csv", strings.Repeat("x\n", 1000)), "\n"); got != maxLogErrors-1 {
		t.Errorf("a thousand bad lines gave %d errors, want %d", got+1, maxLogErrors)
	}
	if got := read("csv", "1e300\n"); !strings.Contains(got, "expected a time in seconds") {
		t.Errorf("an impossible time: %s", got)
	}
	r := &logReader{file: "log", rows: make([]row, MaxReplayRows)}
	if r.add(7, row{}, nil) || len(r.errs) != 1 {
		t.Errorf("one row too many: %v", r.errs)
	}
}

func TestNoFiles(t *testing.T) {
	_, err := Load("x.yaml", []byte("duration: 1s\narrivals: {replay: {file: log, format: csv}}\nbackends: [{name: b}]"), LoadOptions{})
	errs, ok := err.(strict.Errors)
	if !ok || len(errs) != 1 || errs[0].Path != "arrivals.replay.file" {
		t.Errorf("got %v", err)
	}
}
