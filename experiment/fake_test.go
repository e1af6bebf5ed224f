package experiment

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"github.com/lbctl/lbctl/config"
	"github.com/lbctl/lbctl/lb/instant"
	"github.com/lbctl/lbctl/lb/stats"
	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

// behaviour is how a fake variant does: its latency is exponential, so p99 = mean·ln 100.
type behaviour struct {
	meanMS    float64
	errorsPct float64
	deadline  float64 // ms; 0: none
	warmupBad bool
}

// fakes are the variants of the tests by name. twin does exactly what fast does, and near is a little slower.
var fakes = map[string]behaviour{
	"fast":     {meanMS: 10},
	"twin":     {meanMS: 10},
	"near":     {meanMS: 10.05},
	"slow":     {meanMS: 70},
	"flaky":    {meanMS: 5, errorsPct: 20},
	"faulty":   {meanMS: 20, errorsPct: 20}, // fails the same requests
	"sleeper":  {meanMS: 500, deadline: 100},
	"dozer":    {meanMS: 501, deadline: 100},
	"restless": {meanMS: 10, warmupBad: true},
	"dead":     {errorsPct: 100},
}

const fakeRequests = 400

// fakeRun is a run of the named variant. Requests of one seed meet the same luck under every
// variant; jitter is the variant's own, so that a paired test has something to do.
func fakeRun(name string, seed uint64) *measure.Run {
	b, ok := fakes[name]
	if !ok {
		panic("no fake " + name)
	}
	common := rand.New(rand.NewPCG(seed, 1))
	own := rand.New(rand.NewPCG(seed, uint64(b.meanMS*1e6)))
	run := &measure.Run{
		Warmup: time.Second, WarmupBad: b.warmupBad, Until: 12 * time.Second, Requests: fakeRequests,
		Values: map[measure.Metric]float64{}, Censored: map[measure.Metric]bool{}, Latency: new(stats.Histogram),
		Little: measure.Little{InSystem: 1, Rate: 1, MeanTime: 1, Holds: true},
		Events: []measure.Event{{At: instant.Time(seed), What: name}},
	}
	load := 0.8 + 0.4*common.Float64() // what makes seeds differ
	for range fakeRequests {
		u, failed := common.ExpFloat64(), common.Float64()*100 < b.errorsPct
		ms := b.meanMS * load * u * (1 + 0.05*own.Float64())
		switch {
		case failed:
			run.Endings[measure.Failed]++
			continue
		case b.deadline > 0 && ms > b.deadline:
			run.Endings[measure.TimedOut]++
			ms = b.deadline
		default:
			run.Endings[measure.OK]++
		}
		run.Latency.Record(time.Duration(ms * 1e6))
	}
	fakeValues(run)
	fakeParts(run, common.Float64())
	return run
}

func fakeValues(run *measure.Run) {
	v, n := run.Values, float64(run.Requests)
	for m, p := range map[measure.Metric]float64{measure.P50MS: .5, measure.P90MS: .9, measure.P99MS: .99, measure.P999MS: .999, measure.MaxMS: 1} {
		v[m] = run.Latency.Quantile(p) / 1e6
		run.Censored[m] = run.Endings[measure.TimedOut] > 0 && p > float64(run.Endings[measure.OK])/float64(run.Latency.Count())
	}
	v[measure.MeanMS] = run.Latency.Mean() / 1e6
	v[measure.OfferedRPS] = n / 11
	v[measure.GoodputRPS] = float64(run.Endings[measure.OK]) / 11
	v[measure.ErrorsPct] = 100 - 100*float64(run.Endings[measure.OK])/n
	v[measure.TimeoutsPct] = 100 * float64(run.Endings[measure.TimedOut]) / n
	v[measure.Fairness] = math.NaN() // as if nothing had been used
}

func fakeParts(run *measure.Run, luck float64) {
	part := func(name, group string, share float64) measure.BackendRun {
		return measure.BackendRun{Name: name, Group: group, Values: map[measure.Metric]float64{
			measure.SharePct: share, measure.UtilizationPct: 40 + 10*luck, measure.ErrorsPct: 0, measure.PeakQueue: 3, measure.PeakInFlight: 4,
		}}
	}
	run.Backends = []measure.BackendRun{part("a[0]", "a", 25+luck), part("a[1]", "a", 25-luck), part("b", "b", 50)}
	run.Groups = []measure.BackendRun{part("a", "a", 50), part("b", "b", 50)}
	for i := range 4 {
		w := measure.Window{
			From: instant.At(time.Duration(3*i) * time.Second), To: instant.At(time.Duration(3*i+3) * time.Second),
			Offered: 90, OK: 81, Good: 81, Errors: 9, P50MS: float64(10*i) + luck, P99MS: float64(100*i) + luck, GroupShares: []float64{50 + luck, 50 - luck},
		}
		if i == 3 { // nothing happened
			w = measure.Window{From: w.From, To: w.To, P50MS: math.NaN(), P99MS: math.NaN(), GroupShares: []float64{0, 0}}
		}
		run.TimeLine = append(run.TimeLine, w)
	}
}

// fakeDriver is a RunFunc over the fakes.
func fakeDriver(_ context.Context, v scenarios.Variant, seed uint64) (*measure.Run, error) {
	return fakeRun(v.Policy, seed), nil
}

// fakeCase is a scenario over the named fakes with seeds 1 to n.
func fakeCase(name string, n int, variants ...string) Case {
	s := &scenarios.Scenario{
		Name: name, About: "A test.", Duration: 12 * time.Second, Balancers: 1,
		Pool: config.Default(),
	}
	c := Case{Scenario: s}
	for _, v := range variants {
		c.Variants = append(c.Variants, scenarios.Variant{Name: v, Policy: v, Scenario: s})
	}
	for seed := range n {
		c.Seeds = append(c.Seeds, uint64(seed+1))
	}
	return c
}

func mustRun(o Options) *Result {
	r, err := Run(context.Background(), o, fakeDriver)
	if err != nil {
		panic(err)
	}
	return r
}
