package measure

import (
	"math"
	"time"

	"github.com/lbctl/lbctl/lb/instant"
	"github.com/lbctl/lbctl/lb/stats"
)

// Finish closes the books at now, when all requests have ended, and returns the
// run. The recorder must not be used afterwards.
func (r *Recorder) Finish(now instant.Time) *Run {
	run := &Run{Until: r.cfg.Until, Latency: new(stats.Histogram), Events: r.events, Little: r.little(now)}
	first := r.firstWindow(run)
	counted := r.windows[first:]
	run.Warmup = time.Duration(r.edge(first))
	var answered stats.Histogram
	for _, w := range counted {
		answered.Add(&w.latency)
		run.Latency.Add(&w.waits)
		run.Requests += w.offered
		run.Retries += w.retries
		for e, n := range w.endings {
			run.Endings[e] += n
		}
	}
	run.Latency.Add(&answered)
	sums, attempts := r.totals(counted)
	measured := run.Until - run.Warmup
	for b, info := range r.cfg.Backends {
		run.Backends = append(run.Backends, r.part(sums, attempts, measured, info.Name, b, b+1))
	}
	for from := 0; from < len(r.group); {
		to := from + 1
		for to < len(r.group) && r.group[to] == r.group[from] {
			to++
		}
		run.Groups = append(run.Groups, r.part(sums, attempts, measured, r.groups[r.group[from]], from, to))
		from = to
	}
	r.values(run, counted, &answered)
	run.TimeLine = r.timeLine()
	return run
}

// edgeSlack keeps a warm-up that ends on a window's edge from being rounded up to the next by
// a floating-point hair.
const edgeSlack = 1e-6

// firstWindow decides where measuring starts, rounded up to a whole window.
func (r *Recorder) firstWindow(run *Run) int {
	cut := instant.At(r.cfg.Warmup)
	if r.cfg.Warmup == Auto {
		var ok bool
		cut, ok = r.series.MSER(instant.At(r.cfg.Stationary))
		run.WarmupBad = !ok
	}
	first := int(math.Ceil(float64(cut)*r.perWindow - edgeSlack))
	return min(first, Windows-1)
}

func (r *Recorder) little(now instant.Time) Little {
	r.change(now, 0)
	seconds := now.Seconds()
	return Little{
		InSystem: r.area.float() / 1e9 / seconds,
		Rate:     float64(r.started) / seconds,
		MeanTime: r.sojourns.float() / 1e9 / float64(max(1, r.started)),
		Holds:    r.area == r.sojourns && r.inSystem == 0,
	}
}

// totals sums up each backend's cells over the windows.
func (r *Recorder) totals(windows []*window) (sums []cell, attempts uint64) {
	sums = make([]cell, len(r.cfg.Backends))
	for _, w := range windows {
		for b, c := range w.cells {
			t := &sums[b]
			t.busy += c.busy
			t.attempts += c.attempts
			t.failures += c.failures
			t.peakQueue = max(t.peakQueue, c.peakQueue)
			t.peakInFlight = max(t.peakInFlight, c.peakInFlight)
			attempts += uint64(c.attempts)
		}
	}
	return sums, attempts
}

// part puts backends from to to−1 together under one name.
func (r *Recorder) part(sums []cell, all uint64, measured time.Duration, name string, from, to int) BackendRun {
	var t cell
	slots := 0.0
	for b := from; b < to; b++ {
		t.busy += sums[b].busy
		t.attempts += sums[b].attempts
		t.failures += sums[b].failures
		t.peakQueue = max(t.peakQueue, sums[b].peakQueue)
		t.peakInFlight = max(t.peakInFlight, sums[b].peakInFlight)
		slots += r.cfg.Backends[b].Slots
	}
	return BackendRun{Name: name, Group: r.cfg.Backends[from].Group, Values: map[Metric]float64{
		SharePct:       percent(uint64(t.attempts), all),
		UtilizationPct: 100 * float64(t.busy) / (slots * float64(measured)),
		ErrorsPct:      percent(uint64(t.failures), uint64(t.attempts)),
		PeakQueue:      float64(t.peakQueue),
		PeakInFlight:   float64(t.peakInFlight),
	}}
}

func (r *Recorder) values(run *Run, counted []*window, answered *stats.Histogram) {
	seconds := (run.Until - run.Warmup).Seconds()
	var good uint64
	for _, w := range counted {
		good += w.good
	}
	v := map[Metric]float64{
		MeanMS:      run.Latency.Mean() / 1e6,
		MaxMS:       float64(run.Latency.Max()) / 1e6,
		OfferedRPS:  float64(run.Requests) / seconds,
		GoodputRPS:  float64(good) / seconds,
		ErrorsPct:   percent(run.Requests-run.Endings[OK], run.Requests),
		TimeoutsPct: percent(run.Endings[TimedOut], run.Requests),
		RetriesPct:  percent(run.Retries, run.Requests),
	}
	run.Censored = map[Metric]bool{MaxMS: run.Latency.Count() > answered.Count()}
	for _, q := range quantiles {
		v[q.metric] = run.Latency.Quantile(q.p) / 1e6
		run.Censored[q.metric] = censored(run.Latency, answered, q.p)
	}
	if run.Latency.Count() == 0 {
		v[MaxMS] = math.NaN()
	}
	v[UtilizationPct], v[Fairness], v[Imbalance] = r.evenness(run)
	var inSystem int
	var queue float64
	for _, w := range counted {
		inSystem = max(inSystem, w.peakInSystem)
	}
	for _, b := range run.Backends {
		queue = max(queue, b.Values[PeakQueue])
	}
	v[PeakInFlight], v[PeakQueue] = float64(inSystem), queue
	run.Values = v
}

// censored says that the p-quantile of all latencies is only a lower bound: it would be another if those
// who got no answer in time, and count with how long they waited, had waited on for ever.
func censored(all, answered *stats.Histogram, p float64) bool {
	if all.Count() == answered.Count() {
		return false
	}
	rank := stats.Rank(p, all.Count())
	return rank > answered.Count() || answered.AtRank(rank) != all.AtRank(rank)
}

// evenness returns the pool's utilization in per cent, Jain's index of the backends'
// utilizations ((Σu)²/(n·Σu²), "A quantitative measure of fairness", DEC-TR-301, 1984), and the largest
// over the mean.
func (r *Recorder) evenness(run *Run) (pool, jain, imbalance float64) {
	var sum, squares, most, busy, slots float64
	for i, b := range run.Backends {
		u := b.Values[UtilizationPct]
		sum += u
		squares += u * u
		most = max(most, u)
		busy += u * r.cfg.Backends[i].Slots
		slots += r.cfg.Backends[i].Slots
	}
	n := float64(len(run.Backends))
	return busy / slots, sum * sum / (n * squares), most / (sum / n)
}

// allLatency puts those who got an answer and those who only waited together.
func (w *window) allLatency() *stats.Histogram {
	if w.waits.Count() == 0 {
		return &w.latency
	}
	all := new(stats.Histogram)
	all.Add(&w.latency)
	all.Add(&w.waits)
	return all
}

func (r *Recorder) timeLine() []Window {
	out := make([]Window, Windows)
	for i, w := range r.windows {
		latency := w.allLatency()
		out[i] = Window{
			From: r.edge(i), To: r.edge(i + 1), Offered: w.offered, OK: w.endings[OK], Good: w.good,
			P50MS: latency.Quantile(0.5) / 1e6, P99MS: latency.Quantile(0.99) / 1e6,
			GroupShares: make([]float64, len(r.groups)),
		}
		for _, n := range w.endings[OK+1:] {
			out[i].Errors += n
		}
		var all uint64
		for _, c := range w.cells {
			all += uint64(c.attempts)
		}
		for b, c := range w.cells {
			out[i].GroupShares[r.group[b]] += percent(uint64(c.attempts), all)
		}
	}
	return out
}

func percent(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}
