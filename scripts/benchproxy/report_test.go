package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestReport shows two rows, five rounds, of which HAProxy missed one, and NGINX all of one row.
func TestReport(t *testing.T) {
	s, err := settingsOf(map[string]string{"ROWS": "h1-c64-128B*"})
	if err != nil {
		t.Fatal(err)
	}
	var res results
	for round := range 5 {
		// The machine gets slower from round to round; the ratios do not change by that.
		slow := 1 + 0.1*float64(round)
		add := func(row row, proxy string, µs float64) {
			one := sample{load: load{100_000, 2 * time.Second}, busy: 0.95, strangers: 0.01 * float64(round+2), rssBytes: 10 << 20, counted: proxy == "lbctl", mallocs: 100}
			one.cpu = time.Duration(µs * slow * 100_000 * float64(time.Microsecond))
			res.add(round, cell{row, proxy}, one)
		}
		add(s.rows[0], "lbctl", 8)
		add(s.rows[1], "lbctl", 9+0.1*float64(round))
		if round != 3 {
			add(s.rows[0], "haproxy", 10)
		}
		add(s.rows[1], "haproxy", 12)
		add(s.rows[0], "nginx", 16)
	}
	var out strings.Builder
	res.print(&out, s)
	const want = `
              row    proxy  CPU µs/request     interval  requests/s  proxy busy  others  RSS MiB  allocs/request
      h1-c64-128B    lbctl            9.60   8.00-11.20       50000         95%      4%     10.0           0.001
      h1-c64-128B  haproxy           11.50  10.00-14.00       50000         95%      4%     10.0               -
      h1-c64-128B    nginx           19.20  16.00-22.40       50000         95%      4%     10.0               -
  h1-c64-128B-log    lbctl           11.04   9.00-13.16       50000         95%      4%     10.0           0.001
  h1-c64-128B-log  haproxy           14.40  12.00-16.80       50000         95%      4%     10.0               -
  h1-c64-128B-log    nginx          failed            -           -           -       -        -               -

Medians of 5 rounds. Intervals go from the least to the greatest value: that holds the true median with 93.8%.
NOT A QUIET MACHINE: others had up to 6% of the proxy's core while it was measured.

ratio lbctl/haproxy h1-c64-128B 0.80 (0.80-0.80)
ratio lbctl/nginx h1-c64-128B 0.50 (0.50-0.50)
ratio lbctl/haproxy h1-c64-128B-log 0.77 (0.75-0.78)
ratio lbctl-log/lbctl h1-c64-128B 1.15 (1.12-1.18)
`
	if out.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", out.String(), want)
	}
}

// TestOrder: every cell once a round, the cells of one load together, and each of them first in turn.
func TestOrder(t *testing.T) {
	rows := allRows()
	first := map[cell]int{}
	const rounds = 6 // rows with and without a log, by three proxies
	for round := range rounds {
		cells := order(rows, proxyNames, round)
		seen := map[cell]bool{}
		for i, c := range cells {
			seen[c] = true
			if group := cells[i-i%rounds]; c.row.unlogged() != group.row.unlogged() {
				t.Fatalf("round %d: %v is among those of %v", round, c, group)
			}
			if i%rounds == 0 {
				first[c]++
			}
		}
		if len(cells) != len(rows)*len(proxyNames) || len(seen) != len(cells) {
			t.Fatalf("round %d: %d cells, %d of them different", round, len(cells), len(seen))
		}
	}
	if len(first) != len(rows)*len(proxyNames) {
		t.Errorf("only %d cells were ever first of their group", len(first))
	}
}

func TestAboutIntervals(t *testing.T) {
	got := ""
	for _, n := range []int{1, 2, 10, 65} {
		got += fmt.Sprintln(aboutIntervals(n))
	}
	const want = `One round: there are no intervals.
Medians of 2 rounds. Intervals go from the least to the greatest value: that holds the true median with 50.0%.
Medians of 10 rounds. Intervals go from the 2nd to the 9th value by size: that holds the true median with 97.9%.
Medians of 65 rounds. Intervals go from the 26th to the 40th value by size: that holds the true median with 91.8%.
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
