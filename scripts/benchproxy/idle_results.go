package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

const kibibyte = 1 << 10

// idleSample is a proxy's resident memory in bytes.
type idleSample struct {
	before int64 // with no client
	idle   int64 // with all clients, each after one request
	again  int64 // after another request by each
}

// perClient returns the memory that each idle client costs, in KiB.
func (s idleSample) perClient(n int) float64 { return float64(s.idle-s.before) / kibibyte / float64(n) }

// idleResults holds the samples by proxy, in the order of the rounds.
type idleResults map[string][]idleSample

func (r idleResults) of(proxy string, figure func(idleSample) float64) estimate {
	var values []float64
	for _, s := range r[proxy] {
		values = append(values, figure(s))
	}
	return estimated(values)
}

// print writes the table for people and, below it, lines for scripts.
func (r idleResults) print(out io.Writer, s settings) {
	fmt.Fprintln(out)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "proxy\tclients\tKiB/client\tinterval\tRSS MiB before\twith idle clients\tafter another request each\t\n")
	for _, p := range s.proxies {
		each := r.perClient(p, s)
		fmt.Fprintf(t, "%s\t%d\t%.2f\t%.2f-%.2f\t%.1f\t%.1f\t%.1f\t\n", p, s.connections, each.median, each.low, each.high,
			r.of(p, func(s idleSample) float64 { return float64(s.before) / mebibyte }).median,
			r.of(p, func(s idleSample) float64 { return float64(s.idle) / mebibyte }).median,
			r.of(p, func(s idleSample) float64 { return float64(s.again) / mebibyte }).median)
	}
	t.Flush()
	fmt.Fprintln(out)
	fmt.Fprintln(out, aboutIntervals(s.rounds))
	fmt.Fprintln(out)
	for _, p := range s.proxies {
		fmt.Fprintf(out, "idle %s %d KiB/client %s\n", p, s.connections, r.perClient(p, s))
	}
}

func (r idleResults) perClient(proxy string, s settings) estimate {
	return r.of(proxy, func(one idleSample) float64 { return one.perClient(s.connections) })
}
