package main

import (
	"strings"
	"testing"
	"time"
)

const wrkSaid = `Running 4s test @ http://127.0.0.1:8080/128B
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   821.03us  108.18us   4.52ms   87.35%
    Req/Sec    78.25k     2.26k   81.33k    80.49%
  319176 requests in 4.10s, 103.19MB read
Requests/sec:  77845.05
Transfer/sec:     25.17MB
`

func TestParseWrk(t *testing.T) {
	got, err := parseWrk(wrkSaid)
	if want := (load{319176, 4100 * time.Millisecond}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	for trouble, want := range map[string]string{
		"  Socket errors: connect 0, read 3, write 0, timeout 0\n": "requests failed: Socket errors: connect 0, read 3, write 0, timeout 0",
		"  Non-2xx or 3xx responses: 12\n":                         "requests failed: Non-2xx or 3xx responses: 12",
	} {
		said := strings.Replace(wrkSaid, "Requests/sec", trouble+"Requests/sec", 1)
		if _, err := parseWrk(said); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	for _, bad := range []string{"", "unable to connect", strings.Replace(wrkSaid, "319176", "0", 1)} {
		if _, err := parseWrk(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}
