package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

const mebibyte = 1 << 20

// print writes the table for people and, below it, a line for each ratio for scripts.
func (r *results) print(out io.Writer, s settings) {
	fmt.Fprintln(out)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "row\tproxy\tCPU µs/request\tinterval\trequests/s\tproxy busy\tothers\tRSS MiB\tallocs/request\t")
	for _, row := range s.rows {
		for _, p := range s.proxies {
			r.printCell(t, cell{row, p})
		}
	}
	t.Flush()
	fmt.Fprintln(out)
	fmt.Fprintln(out, aboutIntervals(s.rounds))
	if most := r.mostStrangers(); most > strangerShare {
		fmt.Fprintf(out, "NOT A QUIET MACHINE: others had up to %.0f%% of the proxy's core while it was measured.\n", 100*most)
	}
	if s.quick {
		fmt.Fprintln(out, "QUICK: this shows that everything works; it is no measurement.")
	}
	fmt.Fprintln(out)
	for _, line := range r.ratios(s) {
		fmt.Fprintln(out, line)
	}
}

func (r *results) printCell(out io.Writer, c cell) {
	cpu := r.of(c, sample.microseconds)
	if cpu.n == 0 {
		fmt.Fprintf(out, "%s\t%s\tfailed\t-\t-\t-\t-\t-\t-\t\n", c.row, c.proxy)
		return
	}
	rate := r.of(c, func(s sample) float64 { return float64(s.requests) / s.took.Seconds() })
	busy := r.of(c, func(s sample) float64 { return s.busy })
	strangers := r.of(c, func(s sample) float64 { return s.strangers })
	rss := r.of(c, func(s sample) float64 { return float64(s.rssBytes) / mebibyte })
	allocs := "-"
	if r.counted(c) {
		allocs = fmt.Sprintf("%.3f", r.of(c, func(s sample) float64 { return s.mallocs / float64(s.requests) }).median)
	}
	fmt.Fprintf(out, "%s\t%s\t%.2f\t%.2f-%.2f\t%.0f\t%.0f%%\t%.0f%%\t%.1f\t%s\t\n",
		c.row, c.proxy, cpu.median, cpu.low, cpu.high, rate.median, 100*busy.median, 100*strangers.median, rss.median, allocs)
}

func (r *results) mostStrangers() float64 {
	most := 0.0
	for _, rounds := range r.samples {
		for _, s := range rounds {
			most = max(most, s.strangers)
		}
	}
	return most
}

func (r *results) counted(c cell) bool {
	for _, s := range r.samples[c] {
		return s.counted // the same in all rounds
	}
	return false
}

// aboutIntervals says what the figures of so many rounds are.
func aboutIntervals(rounds int) string {
	if rounds == 1 {
		return "One round: there are no intervals."
	}
	rank := intervalRank(rounds)
	ends := "from the least to the greatest value"
	if rank > 1 {
		ends = fmt.Sprintf("from the %s to the %s value by size", ordinal(rank), ordinal(rounds-rank+1))
	}
	return fmt.Sprintf("Medians of %d rounds. Intervals go %s: that holds the true median with %.1f%%.",
		rounds, ends, 100*coverage(rounds, rank))
}

func ordinal(n int) string {
	suffix := "th"
	switch {
	case n%100 >= 11 && n%100 <= 13:
	case n%10 == 1:
		suffix = "st"
	case n%10 == 2:
		suffix = "nd"
	case n%10 == 3:
		suffix = "rd"
	}
	return fmt.Sprint(n, suffix)
}

// ratios returns a line for each ratio that was measured: lbctl to each other proxy, and lbctl with its
// access log to lbctl without.
func (r *results) ratios(s settings) []string {
	var lines []string
	add := func(name string, row row, e estimate) {
		if e.n > 0 {
			lines = append(lines, fmt.Sprintf("ratio %s %s %s", name, row, e))
		}
	}
	for _, row := range s.rows {
		for _, other := range s.proxies {
			if other != proxyNames[0] {
				add("lbctl/"+other, row, r.ratio(cell{row, "lbctl"}, cell{row, other}))
			}
		}
	}
	for _, row := range s.rows {
		if row.logged {
			add("lbctl-log/lbctl", row.unlogged(), r.ratio(cell{row, "lbctl"}, cell{row.unlogged(), "lbctl"}))
		}
	}
	return lines
}

// String returns 0.87 (0.84-0.91), as scripts read it.
func (e estimate) String() string { return fmt.Sprintf("%.2f (%.2f-%.2f)", e.median, e.low, e.high) }
