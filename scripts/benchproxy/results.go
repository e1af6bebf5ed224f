package main

import "time"

// strangerShare of the proxy's core for anything but the proxy is worth a note.
const strangerShare = 0.05

// cell is one thing to measure: a row with a proxy.
type cell struct {
	row   row
	proxy string
}

// order returns the cells in the order of a round. Cells whose ratios are printed stay together, so that
// they meet the same state of the machine; among them, the first of one round is the last of the next.
func order(rows []row, proxies []string, round int) []cell {
	var all []cell
	for i := 0; i < len(rows); {
		var together []cell
		first := rows[i]
		for ; i < len(rows) && rows[i].unlogged() == first.unlogged(); i++ {
			for _, p := range proxies {
				together = append(together, cell{rows[i], p})
			}
		}
		for k := range together {
			all = append(all, together[(k+round)%len(together)])
		}
	}
	return all
}

// sample is one measurement.
type sample struct {
	load
	cpu       time.Duration // of all the proxy's processes and threads
	busy      float64       // share of the time in which the proxy had its core
	strangers float64       // share of the time in which others had it
	stolen    float64       // share of the time in which the hypervisor had it
	rssBytes  int64         // after the load, its connections still to be noticed as closed
	counted   bool          // mallocs is known
	mallocs   float64
}

// microseconds returns the CPU time per request.
func (s sample) microseconds() float64 {
	return float64(s.cpu) / float64(time.Microsecond) / float64(s.requests)
}

// results holds the samples by cell and round. A measurement that failed is not in it.
type results struct {
	samples map[cell]map[int]sample
	failed  []error
}

func (r *results) add(round int, c cell, s sample) {
	if r.samples == nil {
		r.samples = map[cell]map[int]sample{}
	}
	if r.samples[c] == nil {
		r.samples[c] = map[int]sample{}
	}
	r.samples[c][round] = s
}

// of estimates one figure of a cell over the rounds.
func (r *results) of(c cell, figure func(sample) float64) estimate {
	var values []float64
	for _, s := range r.samples[c] {
		values = append(values, figure(s))
	}
	return estimated(values)
}

// ratio estimates a's CPU time per request to b's, from the ratios within each round: what slows the
// machine down for a while slows both.
func (r *results) ratio(a, b cell) estimate {
	var values []float64
	for round, s := range r.samples[a] {
		if other, ok := r.samples[b][round]; ok {
			values = append(values, s.microseconds()/other.microseconds())
		}
	}
	return estimated(values)
}
