package experiment

import (
	"slices"

	"github.com/lbctl/lbctl/lb/stats"
	"github.com/lbctl/lbctl/measure"
)

// tally is what is kept of the runs of one plan: a number per seed where seeds
// are paired, sums elsewhere. Its memory does not grow with requests.
type tally struct {
	seeds    []uint64 // complete ones, in order
	groups   []string // of all variants, in order of appearance
	variants []*variantTally
}

type variantTally struct {
	columns   map[measure.Metric]*column
	endings   [measure.NumEndings]moments // per cent of the requests
	occurred  [measure.NumEndings]bool
	warmup    moments // seconds
	warmupBad int     // runs without a steady state
	groups    []partTally
	backends  []partTally
	line      []momentTally
	latency   *stats.Histogram
	requests  uint64
	events    []measure.Event // of the first run
}

type partTally struct {
	name, group string
	metrics     map[measure.Metric]*moments
}

// momentTally sums up one slice of the time line over the runs.
type momentTally struct {
	from, to              float64 // seconds
	offered, good, errors uint64
	goodput, errorsPct    moments // of the runs
	p50, p99              moments
	shares                []moments // by group of the variant
}

func newTally(p *plan) *tally {
	t := new(tally)
	for range p.variants {
		v := &variantTally{columns: map[measure.Metric]*column{}, latency: new(stats.Histogram)}
		for _, m := range measure.Metrics() {
			v.columns[m] = new(column)
		}
		t.variants = append(t.variants, v)
	}
	return t
}

// add takes in one run of each variant, all with the same seed.
func (t *tally) add(seed uint64, runs []*measure.Run) {
	t.seeds = append(t.seeds, seed)
	for i, run := range runs {
		t.variants[i].add(run, len(t.seeds) == 1)
		for _, g := range run.Groups {
			if !slices.Contains(t.groups, g.Name) {
				t.groups = append(t.groups, g.Name)
			}
		}
	}
}

func (v *variantTally) add(run *measure.Run, first bool) {
	if first {
		v.events = run.Events
	}
	for m, c := range v.columns {
		c.add(run.Values[m], run.Censored[m])
	}
	for e, n := range run.Endings {
		v.endings[e].add(100 * float64(n) / float64(run.Requests)) // NaN without requests
		v.occurred[e] = v.occurred[e] || n > 0
	}
	v.warmup.add(run.Warmup.Seconds())
	if run.WarmupBad {
		v.warmupBad++
	}
	v.groups = addParts(v.groups, run.Groups)
	v.backends = addParts(v.backends, run.Backends)
	v.addLine(run.TimeLine)
	v.latency.Add(run.Latency)
	v.requests += run.Requests
}

func addParts(parts []partTally, runs []measure.BackendRun) []partTally {
	if parts == nil {
		for _, r := range runs {
			p := partTally{name: r.Name, group: r.Group, metrics: map[measure.Metric]*moments{}}
			for _, m := range measure.BackendMetrics() {
				p.metrics[m] = new(moments)
			}
			parts = append(parts, p)
		}
	}
	for i, r := range runs {
		for m, s := range parts[i].metrics {
			s.add(r.Values[m])
		}
	}
	return parts
}

func (v *variantTally) addLine(line []measure.Window) {
	if v.line == nil {
		v.line = make([]momentTally, len(line))
	}
	for i, w := range line {
		m := &v.line[i]
		m.from, m.to = w.From.Seconds(), w.To.Seconds()
		m.offered += w.Offered
		m.good += w.Good
		m.errors += w.Errors
		m.goodput.add(float64(w.Good) / (m.to - m.from))
		m.errorsPct.add(100 * float64(w.Errors) / float64(w.Offered)) // NaN: nothing was asked
		m.p50.add(w.P50MS)
		m.p99.add(w.P99MS)
		m.addShares(w.GroupShares)
	}
}

// addShares leaves out a slice without any attempt, in which nobody had a share.
func (m *momentTally) addShares(shares []float64) {
	if m.shares == nil {
		m.shares = make([]moments, len(shares))
	}
	sum := 0.0
	for _, s := range shares {
		sum += s
	}
	if sum == 0 {
		return
	}
	for g, s := range shares {
		m.shares[g].add(s)
	}
}
