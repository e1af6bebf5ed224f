package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/lbctl/lbctl/fakebackends"
	"github.com/lbctl/lbctl/lb/stats"
	"github.com/lbctl/lbctl/measure"
)

// summarize prints what the backends did within a time, after what has happened of late.
func (f *fakes) summarize(within time.Duration) error {
	all := f.fleet.Stats()
	for len(f.events) > 0 {
		f.tell(<-f.events)
	}
	w := tabwriter.NewWriter(f.s.err, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "backend\trequests\tok\tfailed\treset\trejected\tcanceled\tinside\tbusy\tpeak queue\tlate p50\tlate p99\t")
	var total fakebackends.Stats
	total.Late = new(stats.Histogram)
	for _, s := range all {
		writeFake(w, s, within)
		total.Arrivals += s.Arrivals
		for e := range s.Endings {
			total.Endings[e] += s.Endings[e]
		}
		total.Canceled += s.Canceled
		total.InFlight += s.InFlight
		total.Slots += s.Slots
		total.Busy += s.Busy
		total.PeakQueue = max(total.PeakQueue, s.PeakQueue)
		total.Late.Add(s.Late)
	}
	total.Name = "all"
	writeFake(w, total, within)
	return w.Flush()
}

func writeFake(w *tabwriter.Writer, s fakebackends.Stats, within time.Duration) {
	late := func(p float64) string {
		if s.Late.Count() == 0 {
			return "-"
		}
		return fmt.Sprintf("%.2f ms", s.Late.Quantile(p)/1e6)
	}
	busy := 100 * s.Busy.Seconds() / (within.Seconds() * float64(s.Slots))
	fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.1f%%\t%d\t%s\t%s\t\n", s.Name, s.Arrivals, s.Endings[measure.OK],
		s.Endings[measure.Failed], s.Endings[measure.Reset], s.Endings[measure.Rejected], s.Canceled, s.InFlight,
		busy, s.PeakQueue, late(0.5), late(0.99))
}
