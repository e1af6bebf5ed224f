package bench

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/measure"
)

func recorder() *measure.Recorder {
	return measure.NewRecorder(measure.Config{
		Until: 10 * time.Second, Stationary: 10 * time.Second,
		Backends: []measure.BackendInfo{{Name: "a", Group: "g", Slots: 1}, {Name: "b", Group: "g", Slots: 1}},
	})
}

// TestJournalTellsInOrder: whatever the order in which things come to be known, the recorder's books agree.
func TestJournalTellsInOrder(t *testing.T) {
	var j journal
	var all []entry
	const requests = 1000
	for n := range requests {
		start := lb.Time(n) * lb.Time(10*time.Millisecond)
		end := start.Add(time.Duration(1+n%7) * time.Millisecond)
		how := measure.OK
		if n%10 == 0 {
			how = measure.Failed
			all = append(all, entry{at: end, note: noteFailure, backend: 1})
		}
		b := int32(min(1, n%4))
		all = append(all,
			entry{at: start, note: noteStart}, entry{at: start, note: noteAttempt, backend: b},
			entry{at: start, note: noteEnter, backend: b, inflight: 1}, entry{at: end, note: noteServed, backend: b, busy: end.Sub(start)},
			entry{at: end, note: noteEnd, start: start, ending: how, retries: uint8(n % 2)})
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	var wg sync.WaitGroup
	for part := range 4 {
		wg.Go(func() {
			for i := part; i < len(all); i += 4 {
				j.add(all[i])
			}
		})
	}
	wg.Wait()
	c := clock{time.Now()}
	j.event(c.begin.Add(5), measure.Event{What: "second"})
	j.event(c.begin.Add(-3), measure.Event{What: "first"})
	r := recorder()
	last := j.tell(r, c)
	if want := lb.Time(999*10+6) * lb.Time(time.Millisecond); last != want {
		t.Errorf("the last thing happened at %v, want %v", last, want)
	}
	run := r.Finish(last)
	if !run.Little.Holds {
		t.Error("Little's law does not hold")
	}
	if run.Requests != requests || run.Endings[measure.OK] != 900 || run.Endings[measure.Failed] != 100 || run.Retries != 500 {
		t.Errorf("requests %d, endings %v, retries %d", run.Requests, run.Endings, run.Retries)
	}
	if got := run.Backends[1].Values[measure.SharePct]; got != 75 {
		t.Errorf("share of b: %g%%, want 75", got)
	}
	if len(run.Events) != 2 || run.Events[0].What != "first" || run.Events[0].At != 0 || run.Events[1].At != 5 {
		t.Errorf("events %v", run.Events)
	}
}

// TestJournalOfTheMomentBefore: what happens before the schedule begins counts at its beginning.
func TestJournalOfTheMomentBefore(t *testing.T) {
	var j journal
	j.add(entry{at: -5, note: noteEnter, backend: 0, inflight: 3, queued: 2})
	r := recorder()
	last := j.tell(r, clock{time.Now()})
	if run := r.Finish(last + 1); last != 0 || run.Backends[0].Values[measure.PeakQueue] != 2 {
		t.Errorf("last %v, peak queue %g", last, run.Backends[0].Values[measure.PeakQueue])
	}
}
