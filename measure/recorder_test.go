package measure

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb/instant"
)

// sec is a time in seconds.
func sec(s float64) instant.Time { return instant.Time(math.Round(s * 1e9)) }

func two() []BackendInfo {
	return []BackendInfo{{Name: "a", Group: "a", Slots: 1}, {Name: "b", Group: "b", Slots: 1}}
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.IsNaN(want) != math.IsNaN(got) || math.Abs(got-want) > within {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

// bucket is the relative error that histograms allow themselves.
const bucket = 1.0 / 128

func TestRecorderCountsEachEnding(t *testing.T) {
	r := NewRecorder(Config{Until: time.Second, Backends: two()})
	at := 0.0
	for e := range NumEndings {
		for range int(e) + 1 { // one OK, two failed, …
			r.Start(sec(at))
			r.End(sec(at+0.001), sec(at), e, 0)
			at += 0.01
		}
	}
	run := r.Finish(sec(1))
	for e := range NumEndings {
		if got := run.Endings[e]; got != uint64(e)+1 {
			t.Errorf("%v: %d, want %d", e, got, e+1)
		}
	}
	total := float64(NumEndings*(NumEndings+1)) / 2
	near(t, "errors", run.Values[ErrorsPct], 100*(total-1)/total, 1e-9)
	near(t, "time-outs", run.Values[TimeoutsPct], 100*float64(TimedOut+1)/total, 1e-9)
	near(t, "offered", run.Values[OfferedRPS], total, 1e-9)
	near(t, "goodput", run.Values[GoodputRPS], 1, 1e-9)
	if got, want := run.Latency.Count(), uint64(1+TimedOut+1+Unfinished+1); got != want {
		t.Errorf("%d latencies, want %d: those that succeeded, timed out or were unfinished", got, want)
	}
}

func TestRecorderLatencyCensored(t *testing.T) {
	// 100 requests a tenth of a second apart; the last 5 time out after 2 s.
	r := NewRecorder(Config{Until: 10 * time.Second, Backends: two()})
	for i := range 100 {
		start := sec(float64(i) / 10)
		r.Start(start)
		if i < 95 {
			r.End(start.Add(time.Duration(i+1)*time.Millisecond), start, OK, 0)
		}
	}
	for i := 95; i < 100; i++ {
		start := sec(float64(i) / 10)
		r.End(start.Add(2*time.Second), start, TimedOut, 3)
	}
	run := r.Finish(sec(12))
	want := map[Metric]float64{P50MS: 50, P90MS: 90, P99MS: 2000, P999MS: 2000, MaxMS: 2000}
	for m, v := range want {
		near(t, string(m), run.Values[m], v, v*bucket)
		if got := run.Censored[m]; got != (v == 2000) {
			t.Errorf("%s: censored %v", m, got)
		}
	}
	near(t, "mean", run.Values[MeanMS], (95*96/2+5*2000)/100.0, 1e-9)
	near(t, "retries", run.Values[RetriesPct], 15, 1e-9)
}

func TestRecorderCensoredFromTheFirstTimeout(t *testing.T) {
	r := NewRecorder(Config{Until: time.Second, Backends: two()})
	for i := range 10 {
		start := sec(float64(i) / 10)
		r.Start(start)
		if i < 9 {
			r.End(start+1, start, OK, 0)
		} else {
			r.End(start.Add(50*time.Millisecond), start, TimedOut, 0)
		}
	}
	run := r.Finish(sec(1))
	if run.Censored[P90MS] || !run.Censored[P99MS] {
		t.Errorf("p90 censored %v, p99 %v; the ninth of ten was answered, the tenth was not", run.Censored[P90MS], run.Censored[P99MS])
	}
}

// Nine of ten requests hang without a deadline until the run is cut off: the tenth does not speak for them.
func TestRecorderCountsTheUnfinished(t *testing.T) {
	r := NewRecorder(Config{Until: time.Second, Backends: two()})
	for i := range 10 {
		r.Start(sec(float64(i) / 10))
	}
	r.End(sec(1), sec(0), OK, 0)
	for i := 1; i < 10; i++ {
		r.End(sec(11), sec(float64(i)/10), Unfinished, 0)
	}
	run := r.Finish(sec(11))
	near(t, "p50", run.Values[P50MS], 10400, 10400*bucket)
	for _, m := range []Metric{P50MS, P90MS, P99MS, MaxMS} {
		if !run.Censored[m] {
			t.Errorf("%s is not censored", m)
		}
	}
}

// A class with a short deadline times out below what another class takes: quantiles above it are bounds too.
func TestRecorderCensoredByShortDeadlines(t *testing.T) {
	r := NewRecorder(Config{Until: time.Second, Backends: two()})
	for i := range 10 {
		start := sec(float64(i) / 10)
		r.Start(start)
		switch {
		case i < 4:
			r.End(start.Add(time.Millisecond), start, TimedOut, 0)
		default:
			r.End(start.Add(time.Duration(i)*10*time.Millisecond), start, OK, 0)
		}
	}
	run := r.Finish(sec(2))
	near(t, "p50", run.Values[P50MS], 40, 40*bucket)
	if !run.Censored[P50MS] || !run.Censored[P99MS] {
		t.Errorf("p50 censored %v, p99 %v; four requests may have taken longer than any", run.Censored[P50MS], run.Censored[P99MS])
	}
}

func TestRecorderWithoutRequests(t *testing.T) {
	run := NewRecorder(Config{Until: time.Second, Backends: two()}).Finish(sec(1))
	for _, m := range Metrics() {
		if m.IsLatency() {
			near(t, string(m), run.Values[m], math.NaN(), 0)
			if run.Censored[m] {
				t.Errorf("%s is censored without requests", m)
			}
		}
	}
	near(t, "fairness of nothing", run.Values[Fairness], math.NaN(), 0)
	if !run.Little.Holds {
		t.Error("Little's law does not hold in an empty run")
	}
}

func TestMetricsAreAllThere(t *testing.T) {
	r := NewRecorder(Config{Until: time.Second, Backends: two()})
	run := r.Finish(sec(1))
	for _, m := range Metrics() {
		if _, ok := run.Values[m]; !ok {
			t.Errorf("no value of %s", m)
		}
	}
	for _, m := range BackendMetrics() {
		if _, ok := run.Backends[0].Values[m]; !ok {
			t.Errorf("no value of %s for a backend", m)
		}
	}
}

func TestRecorderLittlesLawIsExact(t *testing.T) {
	// Sojourns of odd nanoseconds that overlap and overtake: the books must agree to the last one.
	type event struct {
		at, start instant.Time // of an end
		starts    bool
	}
	var events []event
	now := instant.Time(0)
	for i := range 20_000 {
		now += instant.Time(1 + i*7919%2_000_003)
		end := now + instant.Time(1+i*104_729%50_000_017)
		events = append(events, event{at: now, starts: true}, event{at: end, start: now})
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	r := NewRecorder(Config{Until: time.Minute, Backends: two()})
	for _, e := range events {
		if e.starts {
			r.Start(e.at)
		} else {
			r.End(e.at, e.start, OK, 0)
		}
	}
	l := r.Finish(events[len(events)-1].at).Little
	if !l.Holds {
		t.Errorf("Little's law does not hold: %+v", l)
	}
	near(t, "λW", l.Rate*l.MeanTime, l.InSystem, 1e-12*l.InSystem)
}

func TestRecorderLittlesLawCatchesALostRequest(t *testing.T) {
	books := map[string]func(r *Recorder){
		"a request never ended": func(r *Recorder) { r.Start(sec(0.5)) },
		"nor one made at last":  func(r *Recorder) { r.Start(sec(1)) }, // both books say 0
		"a wrong start":         func(r *Recorder) { r.Start(sec(0.5)); r.End(sec(0.6), sec(0.5)+1, OK, 0) },
		"an end too many": func(r *Recorder) {
			r.Start(sec(0.5))
			r.End(sec(0.6), sec(0.5), OK, 0)
			r.End(sec(0.6), sec(0.6), OK, 0)
		},
	}
	for name, do := range books {
		r := NewRecorder(Config{Until: time.Second, Backends: two()})
		do(r)
		if r.Finish(sec(1)).Little.Holds {
			t.Errorf("%s: Little's law holds", name)
		}
	}
}

func TestRecorderLittleInWideNumbers(t *testing.T) {
	// A million requests in the system for a day: the products leave 64 bits.
	r := NewRecorder(Config{Until: 24 * time.Hour, Backends: two()})
	const n = 1_000_000
	for i := range n {
		r.Start(instant.Time(i))
	}
	end := instant.At(24 * time.Hour)
	for i := range n {
		r.End(end, instant.Time(i), OK, 0)
	}
	l := r.Finish(end).Little
	if !l.Holds || math.Abs(l.InSystem-n) > 1 {
		t.Errorf("%+v, want L of %d", l, n)
	}
}

func TestRecorderWindowsAndFixedWarmup(t *testing.T) {
	// One request in each of 120 windows of a second; the latency tells the window.
	until := Windows * time.Second
	r := NewRecorder(Config{Until: until, Warmup: 30 * time.Second, Backends: two()})
	for i := range Windows {
		start := sec(float64(i) + 0.5)
		r.Start(start)
		r.Attempt(start, i%2)
		how := OK
		if i == 100 {
			how = Failed
		}
		r.End(start.Add(time.Duration(i+1)*time.Millisecond), start, how, 0)
	}
	run := r.Finish(instant.At(until))
	if run.Warmup != 30*time.Second || run.Requests != 90 || run.WarmupBad {
		t.Errorf("warm-up %v, %d requests, bad %v; want 30s, 90, false", run.Warmup, run.Requests, run.WarmupBad)
	}
	near(t, "offered", run.Values[OfferedRPS], 1, 1e-12)
	near(t, "least latency counted", run.Latency.Quantile(0)/1e6, 31, 31*bucket)
	if len(run.TimeLine) != Windows {
		t.Fatalf("%d windows", len(run.TimeLine))
	}
	for i, w := range run.TimeLine {
		near(t, "from", w.From.Seconds(), float64(i), 2e-9)
		near(t, "to", w.To.Seconds(), float64(i+1), 2e-9)
		if w.Offered != 1 || w.OK+w.Errors != 1 {
			t.Errorf("window %d: %+v", i, w)
		}
		if i == 100 {
			near(t, "p99 of nothing answered", w.P99MS, math.NaN(), 0)
			continue
		}
		near(t, fmt.Sprintf("p99 of window %d", i), w.P99MS, float64(i+1), float64(i+1)*bucket)
		near(t, "share", w.GroupShares[i%2], 100, 1e-12)
	}
}

func TestRecorderWarmupRoundsUpToAWindow(t *testing.T) {
	for warmup, want := range map[time.Duration]time.Duration{
		0:                       0,
		time.Second:             time.Second,
		1500 * time.Millisecond: 2 * time.Second,
		time.Hour:               (Windows - 1) * time.Second, // something is left to measure
	} {
		run := NewRecorder(Config{Until: Windows * time.Second, Warmup: warmup, Backends: two()}).Finish(sec(Windows))
		if run.Warmup != want {
			t.Errorf("warm-up of %v: %v cut off, want %v", warmup, run.Warmup, want)
		}
	}
}

func TestRecorderWarmupAuto(t *testing.T) {
	const n, transient = 12_000, 1000
	for _, stationary := range []int{n, n / 2} {
		r := NewRecorder(Config{Until: n * time.Millisecond, Warmup: Auto, Stationary: time.Duration(stationary) * time.Millisecond, Backends: two()})
		for i := range n {
			d := 0.1 + 0.01*wobble(i) // ms
			switch {
			case i < transient:
				d = 0.8
			case i >= stationary:
				d = 0.95
			}
			r.Start(ms(i))
			r.End(ms(i)+instant.Time(d*1e6), ms(i), OK, 0)
		}
		run := r.Finish(ms(n))
		if run.WarmupBad || run.Warmup < time.Second || run.Warmup > 1300*time.Millisecond {
			t.Errorf("stationary until %d ms: warm-up %v, bad %v; want just over 1s", stationary, run.Warmup, run.WarmupBad)
		}
		if run.Values[P50MS] > 0.2 && stationary == n {
			t.Errorf("p50 %v ms: the transient is still in it", run.Values[P50MS])
		}
	}
}

func TestRecorderWarmupBad(t *testing.T) {
	const n = 12_000
	r := NewRecorder(Config{Until: n * time.Millisecond, Warmup: Auto, Stationary: n * time.Millisecond, Backends: two()})
	for i := range n { // the queue grows all the time
		r.Start(ms(i))
		r.End(ms(i)+instant.Time(1+i*80), ms(i), OK, 0)
	}
	if run := r.Finish(ms(n)); !run.WarmupBad {
		t.Errorf("a run that never settles passes with a warm-up of %v", run.Warmup)
	}
}

func TestRecorderBooksTheDrainUnderTheStart(t *testing.T) {
	r := NewRecorder(Config{Until: time.Second, Backends: two()})
	r.Start(sec(0.999))
	r.Enter(sec(0.999), 0, 1, 0)
	r.Attempt(sec(0.999), 0)
	r.Served(sec(5), 0, 4*time.Second) // after the end: no utilization above 100%
	r.Failure(sec(5), 0)
	r.Attempt(sec(5), 1)
	r.Enter(sec(5), 1, 9, 9)
	r.End(sec(5), sec(0.999), OK, 1)
	run := r.Finish(sec(5))
	if run.Requests != 1 || run.Endings[OK] != 1 {
		t.Errorf("%d requests, %d OK; want 1, 1", run.Requests, run.Endings[OK])
	}
	near(t, "utilization", run.Backends[0].Values[UtilizationPct], 0, 0)
	near(t, "errors", run.Backends[0].Values[ErrorsPct], 0, 0)
	near(t, "share", run.Backends[0].Values[SharePct], 100, 0)
	near(t, "peak", run.Values[PeakQueue], 0, 0)
	if !run.Little.Holds {
		t.Error("Little's law must hold over the drain as well")
	}
}

func TestRecorderGroups(t *testing.T) {
	r := NewRecorder(Config{Until: 10 * time.Second, Backends: []BackendInfo{
		{"fast[0]", "fast", 1}, {"fast[1]", "fast", 3}, {"slow", "slow", 1},
	}})
	use := func(b, attempts, failures, inflight, queued int, busy time.Duration) {
		for range attempts {
			r.Attempt(sec(1), b)
		}
		for range failures {
			r.Failure(sec(1), b)
		}
		r.Enter(sec(1), b, inflight, queued)
		r.Enter(sec(1), b, 1, 0) // a peak stays
		r.Served(sec(1), b, busy)
	}
	use(0, 10, 1, 4, 3, 8*time.Second)
	use(1, 30, 0, 9, 6, 12*time.Second)
	use(2, 10, 5, 2, 1, 5*time.Second)
	run := r.Finish(sec(10))
	if len(run.Groups) != 2 || run.Groups[0].Name != "fast" || run.Groups[1].Name != "slow" {
		t.Fatalf("groups %+v", run.Groups)
	}
	for _, c := range []struct {
		part BackendRun
		want map[Metric]float64
	}{
		{run.Backends[0], map[Metric]float64{SharePct: 20, UtilizationPct: 80, ErrorsPct: 10, PeakQueue: 3, PeakInFlight: 4}},
		{run.Backends[1], map[Metric]float64{SharePct: 60, UtilizationPct: 40, ErrorsPct: 0, PeakQueue: 6, PeakInFlight: 9}},
		{run.Groups[0], map[Metric]float64{SharePct: 80, UtilizationPct: 50, ErrorsPct: 2.5, PeakQueue: 6, PeakInFlight: 9}},
		{run.Groups[1], map[Metric]float64{SharePct: 20, UtilizationPct: 50, ErrorsPct: 50, PeakQueue: 1, PeakInFlight: 2}},
	} {
		for m, want := range c.want {
			near(t, c.part.Name+" "+string(m), c.part.Values[m], want, 1e-9)
		}
	}
	near(t, "pool utilization", run.Values[UtilizationPct], 50, 1e-9)
	near(t, "imbalance", run.Values[Imbalance], 80/((80+40+50)/3.0), 1e-9)
	near(t, "Jain", run.Values[Fairness], 170.0*170/(3*(80*80+40*40+50*50)), 1e-9)
	near(t, "peak queue", run.Values[PeakQueue], 6, 0)
}

func TestRecorderPeakInFlight(t *testing.T) {
	r := NewRecorder(Config{Until: 120 * time.Second, Warmup: 60 * time.Second, Backends: two()})
	burst := func(at float64, n int) {
		for range n {
			r.Start(sec(at))
		}
		for range n {
			r.End(sec(at+0.25), sec(at), OK, 0)
		}
	}
	burst(10, 50) // warm-up: does not count
	burst(70, 20)
	burst(71, 5)
	if got := r.Finish(sec(120)).Values[PeakInFlight]; got != 20 {
		t.Errorf("peak %v, want 20", got)
	}
}

func TestRecorderBoundsEvents(t *testing.T) {
	r := NewRecorder(Config{Until: time.Second, Backends: two()})
	for i := range MaxEvents + 10 {
		r.Event(Event{At: instant.Time(i)})
	}
	run := r.Finish(sec(1))
	if len(run.Events) != MaxEvents || run.Events[MaxEvents-1].At != MaxEvents-1 {
		t.Errorf("%d events kept, want the first %d", len(run.Events), MaxEvents)
	}
}
