package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/lbctl/lbctl/config"
	"github.com/lbctl/lbctl/experiment"
	"github.com/lbctl/lbctl/lb/instant"
	"github.com/lbctl/lbctl/measure"
)

// profile describes how a made-up variant behaves: a share of its requests
// meets the slow backend. Latencies are a mixture of two lognormals.
type profile struct {
	name, policy string
	median       float64 // ms
	slowShare    float64 // 0 to 1, of attempts on the slow backend
	timeouts     float64 // per cent
}

var profiles = []profile{
	{"round_robin", "round_robin", 11, 0.1, 1.9},
	{"random", "random", 12.5, 0.1, 2.2},
	{"least_connections", "least_connections", 10.6, 0.016, 0},
	{"p2c", "p2c", 10.9, 0.019, 0},
	{"peak_ewma", "peak_ewma", 10.2, 0.004, 0},
	{"prequal", "prequal", 10.1, 0.0042, 0},
	{"maglev", "maglev", 12, 0.103, 2.4},
	{"ring_hash", "ring_hash", 13.1, 0.12, 3.3},
	{"join_idle_queue", "join_idle_queue", 10.4, 0.022, 0},
	{"c3", "c3", 10.3, 0.0061, 0},
	{"weighted_random", "weighted_random", 12.4, 0.09, 1.7},
	{"least_time", "least_time", 10.3, 0.0051, 0},
}

const (
	fixtureSlow     = 300.0 // ms, median on the slow backend
	fixtureDeadline = 1000.0
)

// above is the share of requests that take longer than ms.
func (p profile) above(ms float64) float64 {
	tail := func(median, sigma float64) float64 {
		return 0.5 * math.Erfc(math.Log(ms/median)/(sigma*math.Sqrt2))
	}
	return (1-p.slowShare)*tail(p.median, 0.45) + p.slowShare*tail(fixtureSlow, 0.5) + p.timeouts/100
}

// quantile inverts above by bisection; what exceeds the deadline is cut off there.
func (p profile) quantile(share float64) (ms float64, censored bool) {
	lo, hi := 0.1, fixtureDeadline
	if p.above(hi) > share {
		return hi, true
	}
	for range 60 {
		if mid := math.Sqrt(lo * hi); p.above(mid) > share {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo, false
}

// around is an estimate with an interval of ± pct per cent.
func around(mean, pct float64, n int) experiment.Estimate {
	if n < 2 {
		return experiment.Estimate{Mean: mean, Lo: math.NaN(), Hi: math.NaN(), N: n}
	}
	half := math.Abs(mean) * pct / 100
	return experiment.Estimate{Mean: mean, Lo: mean - half, Hi: mean + half, N: n}
}

var unknown = experiment.Estimate{Mean: math.NaN(), Lo: math.NaN(), Hi: math.NaN()}

// jitter is noise in [−1, 1] that depends on its arguments only.
func jitter(name string, i int) float64 {
	h := uint64(i+1) * 0x9e3779b97f4a7c15
	for _, c := range name {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 32
	return float64(h>>11)/float64(1<<52) - 1
}

// settings are those of a pool that names the policy and says nothing else.
func settings(policy string) []config.Setting {
	pool := config.Default()
	pool, err := pool.WithPolicy(policy)
	if err != nil {
		panic(err)
	}
	return pool.Settings()
}

func (p profile) variant(seeds int) experiment.Variant {
	v := experiment.Variant{Name: p.name, Policy: p.policy, Requests: 28_500 * uint64(seeds)}
	v.Parameters = settings(p.policy)
	v.Metrics = map[measure.Metric]experiment.Estimate{
		measure.MeanMS:         around(p.median*1.1*(1-p.slowShare)+p.slowShare*fixtureSlow*1.13, 2, seeds),
		measure.MaxMS:          around(790+100*p.slowShare, 6, seeds),
		measure.OfferedRPS:     around(1003, 0.4, seeds),
		measure.GoodputRPS:     around(1003*(1-p.timeouts/100), 0.4, seeds),
		measure.ErrorsPct:      around(p.timeouts, 7, seeds),
		measure.TimeoutsPct:    around(p.timeouts, 7, seeds),
		measure.RetriesPct:     around(0, 0, seeds),
		measure.UtilizationPct: around(61, 0.6, seeds),
		measure.Fairness:       around(0.97-p.slowShare, 0.5, seeds),
		measure.Imbalance:      around(1.06+6*p.slowShare, 1.5, seeds),
		measure.PeakQueue:      around(math.Round(6+900*p.slowShare), 9, seeds),
		measure.PeakInFlight:   around(math.Round(40+1100*p.slowShare), 8, seeds),
	}
	for m, share := range map[measure.Metric]float64{
		measure.P50MS: 0.5, measure.P90MS: 0.1, measure.P99MS: 0.01, measure.P999MS: 0.001,
	} {
		q, censored := p.quantile(share)
		e := around(q, 1+60*p.slowShare+0.002/share, seeds)
		if e.Censored = censored; censored {
			e.Lo, e.Hi = q, q
		}
		v.Metrics[m] = e
	}
	v.Endings = map[string]experiment.Estimate{"ok": around(100-p.timeouts, 0.1, seeds)}
	if p.timeouts > 0 {
		v.Endings["timed_out"] = around(p.timeouts, 7, seeds)
	}
	v.WarmupS = around(1.5, 12, seeds)
	v.Groups = []experiment.Part{
		p.part("fast", "fast", 100*(1-p.slowShare), 62, seeds), p.part("slow", "slow", 100*p.slowShare, 30+680*p.slowShare, seeds),
	}
	for b := range 9 {
		name := fmt.Sprintf("fast[%d]", b)
		share := 100 * (1 - p.slowShare) / 9 * (1 + 0.03*jitter(p.name, b))
		v.Backends = append(v.Backends, p.part(name, "fast", share, 5.6*share, seeds))
	}
	v.Backends = append(v.Backends, p.part("slow", "slow", 100*p.slowShare, min(99, 30+680*p.slowShare), seeds))
	for i := range 120 {
		v.TimeLine = append(v.TimeLine, p.moment(i))
	}
	for above := 1.0; above >= 1e-5; above *= 0.93 {
		ms, _ := p.quantile(above)
		v.Tail = append(v.Tail, experiment.TailPoint{MS: ms, Above: above})
	}
	return v
}

func (p profile) part(name, group string, share, utilization float64, seeds int) experiment.Part {
	return experiment.Part{Name: name, Group: group, Metrics: map[measure.Metric]experiment.Estimate{
		measure.SharePct:       around(share, 1.2, seeds),
		measure.UtilizationPct: around(min(utilization, 99.5), 1.4, seeds),
		measure.ErrorsPct:      around(p.timeouts, 9, seeds),
		measure.PeakQueue:      around(7, 20, seeds),
		measure.PeakInFlight:   around(9, 15, seeds),
	}}
}

// moment is slice i of 120 over 30 s, of which 10 s to 20 s are slow.
func (p profile) moment(i int) experiment.Moment {
	from := float64(i) / 4
	m := experiment.Moment{FromS: from, ToS: from + 0.25, OfferedRPS: 1000 * (1 + 0.05*jitter("offered", i)), P50MS: p.median * (1 + 0.04*jitter(p.name, i))}
	share, timeouts := 0.1, 0.0
	normal := p.median * 2.8
	m.P99MS = normal * (1 + 0.1*jitter(p.name, i+1000))
	if from >= 10 && from < 20 {
		reaction := math.Exp(-(from - 10) / 0.6)
		share = 0.1*reaction + p.slowShare*(1-reaction)
		slow, _ := p.quantile(0.005)
		m.P99MS = (normal*0.2 + slow) * (1 + 0.12*jitter(p.name, i+2000))
		timeouts = max(0, 2.7*p.timeouts*(1+0.2*jitter(p.name, i+3000)))
	}
	m.ErrorsPct = timeouts
	m.GoodputRPS = m.OfferedRPS * (1 - timeouts/100)
	m.GroupShares = []float64{100 * (1 - share), 100 * share}
	return m
}

// compared fills in the comparisons with the baseline and the marks of the best.
func compared(sc *experiment.Scenario) {
	base := find(sc, sc.Baseline)
	for i := range sc.Variants {
		v := &sc.Variants[i]
		if v.Name == sc.Baseline {
			continue
		}
		v.Versus = map[measure.Metric]experiment.Difference{}
		for m, e := range v.Metrics {
			v.Versus[m] = difference(e, base.Metrics[m], m)
		}
	}
	for _, m := range []measure.Metric{measure.MeanMS, measure.P50MS, measure.P90MS, measure.P99MS, measure.P999MS, measure.GoodputRPS, measure.ErrorsPct} {
		markBest(sc, m)
	}
	stand(sc)
}

// stand gives the variants their places.
func stand(sc *experiment.Scenario) {
	order := make([]int, len(sc.Variants))
	for i := range order {
		order[i] = i
	}
	weight := func(i int) float64 {
		p99 := sc.Variants[i].Metrics[measure.P99MS].Mean
		if math.IsNaN(p99) {
			return math.MaxFloat64
		}
		if moreErrors(sc, &sc.Variants[i]) {
			return 1e9 + p99
		}
		return p99
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weight(a), weight(b)) })
	for place, i := range order {
		sc.Variants[i].Place = float64(place + 1)
	}
}

func difference(e, base experiment.Estimate, m measure.Metric) experiment.Difference {
	d := experiment.Difference{Estimate: around(e.Mean-base.Mean, 9, e.N), RelativePct: 100 * (e.Mean/base.Mean - 1), P: 0.0004}
	switch {
	case e.N < 2 || math.IsNaN(e.Mean) || math.IsNaN(base.Mean):
		d.Verdict, d.P = experiment.Undecidable, math.NaN()
	case e.Lo <= base.Hi && base.Lo <= e.Hi:
		d.Verdict, d.P = experiment.NoDifference, 0.41
	case (e.Mean > base.Mean) == m.HigherIsBetter():
		d.Verdict = experiment.Better
	default:
		d.Verdict = experiment.Worse
	}
	return d
}

func markBest(sc *experiment.Scenario, m measure.Metric) {
	value := func(v experiment.Variant) float64 {
		if m.HigherIsBetter() {
			return -v.Metrics[m].Mean
		}
		return v.Metrics[m].Mean
	}
	best := math.Inf(1)
	for _, v := range sc.Variants {
		if !math.IsNaN(value(v)) {
			best = min(best, value(v))
		}
	}
	for i := range sc.Variants {
		if value(sc.Variants[i])-best <= 0.02*math.Abs(best) {
			sc.Variants[i].Best = append(sc.Variants[i].Best, m)
		}
	}
}

const fixtureYAML = `name: one-slow-backend
about: |
  One of ten backends turns 10× slower for a third of the time.
duration: 30s
seeds: 20
arrivals: {poisson: {rate_rps: 1000}}
classes:
  - {name: default, share_pct: 100, demand: {exponential: {mean: 6ms}}}
clients: {count: 1000, deadline: 1s}
backends:
  - {name: fast, count: 9, slots: 1}
  - {name: slow, slots: 1}
faults:
  - {at: 10s, for: 10s, backend: slow, slow: {factor: 10}}
expect:
  - p99_ms < 120
`

func oneSlow(name string, seeds int, profiles []profile) experiment.Scenario {
	sc := experiment.Scenario{
		Name: name, About: "One of ten backends turns 10× slower for a third of the time.", Source: fixtureYAML,
		Duration: 30 * time.Second, DurationS: 30, Balancers: 1, Baseline: "round_robin", SeedsAsked: seeds,
		Finding: "peak_ewma and prequal have the lowest p99 (29.9 ms and 30.1 ms), 20× below round_robin (591 ms); no significant difference between the two.",
		Changes: []experiment.Change{{FromS: 10, ToS: 20, Label: "slow: slow ×10"}},
		Groups:  []string{"fast", "slow"},
		Expectations: []experiment.Expectation{
			{Line: "p99_ms < 120", Variant: "p2c", Value: around(41.2, 3.4, seeds), Met: true, Certain: true},
		},
	}
	for i := range seeds {
		sc.Seeds = append(sc.Seeds, uint64(i+1))
	}
	for _, p := range profiles {
		sc.Variants = append(sc.Variants, p.variant(seeds))
	}
	compared(&sc)
	v := &sc.Variants[0]
	v.Events = []measure.Event{
		{At: instant.At(10 * time.Second), Balancer: -1, Backend: "slow", What: "slow ×10"},
		{At: instant.At(12 * time.Second), Balancer: 0, Backend: "slow", What: "healthy → unhealthy", Why: "3 probes timed out"},
		{At: instant.At(23 * time.Second), Balancer: 0, Backend: "slow", What: "unhealthy → recovering", Why: "2 probes succeeded"},
	}
	return sc
}

// single is the plain case: one scenario, twelve variants, twenty seeds.
func single() *experiment.Result {
	sc := oneSlow("one-slow-backend", 20, profiles)
	return &experiment.Result{
		Scenarios: []experiment.Scenario{sc}, Finding: sc.Finding,
		Command: "lbctl compare one-slow-backend --seeds 20",
	}
}

// edges is one scenario with everything that is awkward: names that are long or hostile, nothing measured,
// censored values, overlapping faults, failed and uncertain expectations, many backends, gaps in the time line.
func edges() *experiment.Result {
	sc := oneSlow("edges <b>&amp;\"quoted\"", 20, profiles[:4])
	sc.Finding = `No policy is good here: <script>alert("finding")</script> has the lowest p99 (≥ 1000 ms).`
	sc.Warnings = []string{
		"3 of 20 replications of <script>alert(1)</script> never reached a steady state: the figures depend on how long the run was, so take them as a description of these 30 s and not of the long run.",
	}
	sc.Changes = []experiment.Change{
		{FromS: 0, ToS: 30, Label: "antagonists: load 30%"},
		{FromS: 5, ToS: 25, Label: "slow[0]: slow ×10"},
		{FromS: 6, ToS: 7, Label: "fast[3]: crash with a rather long label that has no room"},
		{FromS: 6.5, ToS: 9, Label: "fast[4]: crash"},
		{FromS: 6.5, ToS: 9, Label: "fast[5]: crash"},
		{FromS: 12, ToS: 12, Label: "arrivals: step to 1500 rps"},
		{FromS: 28, ToS: 30, Label: "fast[*]: refuse"},
	}
	sc.Expectations = append(sc.Expectations,
		experiment.Expectation{Line: "errors_pct < 0.1", Variant: `<script>alert(1)</script>`, Value: around(1.9, 7, 20), Met: false, Certain: true},
		experiment.Expectation{Line: "backend slow share_pct < 2", Variant: "p2c", Value: around(1.99, 3, 20), Met: true},
	)
	hostile := &sc.Variants[2]
	hostile.Name = `<script>alert(1)</script>`
	long := &sc.Variants[3]
	long.Name = "p2c-with-five-choices-and-a-very-long-name-that-nobody-should-give-to-a-variant"
	for i := 40; i < 80; i++ {
		hostile.TimeLine[i].P50MS, hostile.TimeLine[i].P99MS = math.NaN(), math.NaN()
	}
	silent := experiment.Variant{Name: "black_hole", Policy: "static", Metrics: map[measure.Metric]experiment.Estimate{}, WarmupS: unknown}
	for m := range sc.Variants[0].Metrics {
		silent.Metrics[m] = unknown
	}
	silent.Metrics[measure.ErrorsPct] = experiment.Estimate{Mean: 100, Lo: 100, Hi: 100, N: 20}
	for i := range 120 {
		m := experiment.Moment{FromS: float64(i) / 4, ToS: float64(i)/4 + 0.25, OfferedRPS: 1000, ErrorsPct: 100, P50MS: math.NaN(), P99MS: math.NaN(), GroupShares: []float64{0, 0}}
		silent.TimeLine = append(silent.TimeLine, m)
	}
	for _, group := range sc.Groups {
		silent.Groups = append(silent.Groups, experiment.Part{Name: group, Group: group, Metrics: map[measure.Metric]experiment.Estimate{measure.SharePct: unknown, measure.UtilizationPct: around(0, 0, 20)}})
	}
	sc.Variants = append(sc.Variants, silent)
	for i := range sc.Variants {
		sc.Variants[i].Best, sc.Variants[i].Versus = nil, nil
	}
	compared(&sc)
	for i := range sc.Variants {
		sc.Variants[i].Backends = nil
		for b := range 300 {
			group, utilization := "fast", 55+20*jitter(sc.Variants[i].Name, b)
			if b >= 280 {
				group, utilization = "slow", 93+6*jitter(sc.Variants[i].Name, b)
			}
			sc.Variants[i].Backends = append(sc.Variants[i].Backends, profiles[0].part(fmt.Sprintf("%s[%d]", group, b), group, 0.33, utilization, 20))
		}
	}
	return &experiment.Result{Scenarios: []experiment.Scenario{sc}, Finding: sc.Finding, Command: `lbctl compare 'edges <b>'`, Interrupted: true}
}

// oneSeed has no intervals, hence no verdicts.
func oneSeed() *experiment.Result {
	sc := oneSlow("one-seed", 1, profiles[:3])
	for i := range sc.Variants {
		sc.Variants[i].Best = nil
	}
	sc.Changes, sc.Expectations = nil, nil
	sc.Warnings = []string{"fewer than 20 replications: read the intervals with care"}
	sc.Finding = "One replication shows no more than an example: least_connections had the lowest p99, 276 ms."
	return &experiment.Result{Scenarios: []experiment.Scenario{sc}, Finding: sc.Finding, Command: "lbctl compare one-seed --seeds 1"}
}

var scenarioNames = []string{"uniform", "one-slow-backend", "gray-failure", "prequal-rules/70%", "prequal-rules/90%", "fast-failing-sinkhole", "flash-crowd"}

// several has n scenarios of all twelve variants, one of which takes no part in the first.
func several(n int) *experiment.Result {
	r := &experiment.Result{
		Finding: "peak_ewma is best over all: its p99 is at most 1.3× the best of any scenario, and it is among the best in 5 of 7.",
		Command: "lbctl compare uniform one-slow-backend gray-failure",
	}
	for s, name := range scenarioNames[:n] {
		changed := slices.Clone(profiles)
		for i := range changed {
			factor := float64(s) / 2 * (1 + 0.5*jitter(changed[i].name, s))
			changed[i].slowShare *= factor
			changed[i].timeouts *= factor
		}
		if s == 0 {
			changed = changed[:len(changed)-1]
		}
		sc := oneSlow(name, 20, changed)
		sc.Finding = "peak_ewma has the lowest p99."
		r.Scenarios = append(r.Scenarios, sc)
	}
	r.Ranking = ranked(r.Scenarios)
	return r
}

// ranked averages the places and the ratios to the best of those that took part everywhere.
func ranked(scenarios []experiment.Scenario) []experiment.Rank {
	var out []experiment.Rank
	for _, p := range profiles[:len(profiles)-1] {
		r := experiment.Rank{Variant: p.name, GeoRatio: 1}
		n := float64(len(scenarios))
		for i := range scenarios {
			v := find(&scenarios[i], p.name)
			times := v.Metrics[measure.P99MS].Mean / lowestP99(&scenarios[i])
			r.MeanRank += v.Place / n
			r.GeoRatio *= math.Pow(times, 1/n)
			r.ErrorsPct += v.Metrics[measure.ErrorsPct].Mean / n
			if times > r.WorstRatio {
				r.WorstRatio, r.WorstIn = times, scenarios[i].Name
			}
		}
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b experiment.Rank) int { return cmp.Compare(a.MeanRank, b.MeanRank) })
	return out
}
