package experiment

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/lbctl/lbctl/lb/stats"
	"github.com/lbctl/lbctl/measure"
)

func TestVariantPoolsReplications(t *testing.T) {
	const n = 6
	s := mustRun(Options{Cases: []Case{fakeCase("one", n, "sleeper")}}).Scenarios[0]
	v := s.Variants[0]
	pooled := new(stats.Histogram)
	var values moments
	for seed := range n {
		run := fakeRun("sleeper", uint64(seed+1))
		pooled.Add(run.Latency)
		values.add(run.Values[measure.P50MS])
	}
	if v.Latency.Count() != n*fakeRequests || v.Latency.Quantile(0.3) != pooled.Quantile(0.3) || v.Latency.Sum() != pooled.Sum() {
		t.Errorf("pooled histogram: %d requests, sum %v; want %d, %v", v.Latency.Count(), v.Latency.Sum(), n*fakeRequests, pooled.Sum())
	}
	want := values.estimate()
	want.Censored = true // the median lies among the time-outs
	if got := v.Metrics[measure.P50MS]; got != want {
		t.Errorf("p50 %+v, want the mean over the replications %+v", got, want)
	}
	if v.Requests != n*fakeRequests || len(v.Tail) == 0 {
		t.Errorf("%d requests, %d points of the tail", v.Requests, len(v.Tail))
	}
	if e := v.Metrics[measure.Fairness]; e.N != 0 || !math.IsNaN(e.Mean) {
		t.Errorf("fairness %+v, want nothing measured", e)
	}
	ok, out := v.Endings["ok"], v.Endings["timed_out"]
	near(t, "endings", ok.Mean+out.Mean, 100, 1e-9)
	if len(v.Endings) != 2 || out.N != n {
		t.Errorf("endings %v, want ok and timed_out", v.Endings)
	}
	if v.WarmupS.Mean != 1 || len(v.Events) != 1 || v.Events[0].At != 1 {
		t.Errorf("warm-up %v, events %v; want 1 s and those of the first seed", v.WarmupS, v.Events)
	}
}

func TestVariantParts(t *testing.T) {
	s := mustRun(Options{Cases: []Case{fakeCase("one", 4, "fast", "slow")}}).Scenarios[0]
	if !slices.Equal(s.Groups, []string{"a", "b"}) {
		t.Errorf("groups %q", s.Groups)
	}
	v := s.Variants[0]
	if len(v.Backends) != 3 || v.Backends[1].Name != "a[1]" || v.Backends[1].Group != "a" || len(v.Groups) != 2 {
		t.Fatalf("backends %+v, groups %+v", v.Backends, v.Groups)
	}
	var shares moments
	for seed := range 4 {
		shares.add(fakeRun("fast", uint64(seed+1)).Backends[0].Values[measure.SharePct])
	}
	if got := v.Backends[0].Metrics[measure.SharePct]; got != shares.estimate() {
		t.Errorf("share %+v, want %+v", got, shares.estimate())
	}
}

func TestVariantTimeLine(t *testing.T) {
	v := mustRun(Options{Cases: []Case{fakeCase("one", 4, "fast")}}).Scenarios[0].Variants[0]
	if len(v.TimeLine) != 4 {
		t.Fatalf("%d moments", len(v.TimeLine))
	}
	luck := 0.0
	for seed := range 4 {
		luck += fakeRun("fast", uint64(seed+1)).TimeLine[0].P50MS / 4
	}
	m := v.TimeLine[1]
	near(t, "from", m.FromS, 3, 0)
	near(t, "to", m.ToS, 6, 0)
	near(t, "offered", m.OfferedRPS, 30, 1e-12)
	near(t, "goodput", m.GoodputRPS, 27, 1e-12)
	near(t, "errors", m.ErrorsPct, 10, 1e-12)
	near(t, "p50", m.P50MS, 10+luck, 1e-9)
	near(t, "p99", m.P99MS, 100+luck, 1e-9)
	near(t, "share", m.GroupShares[0], 50+luck, 1e-9)
	still := v.TimeLine[3]
	near(t, "offered when nothing happens", still.OfferedRPS, 0, 0)
	for _, x := range []float64{still.ErrorsPct, still.P50MS, still.P99MS, still.GroupShares[0]} {
		near(t, "a figure of nothing", x, math.NaN(), 0)
	}
}

func TestVariantWithoutAGroupOfTheOthers(t *testing.T) {
	line := &momentTally{to: 1}
	line.addShares([]float64{70, 30})
	v := &variantTally{groups: []partTally{{name: "b"}, {name: "c"}}}
	got := line.moment(v.groupColumns([]string{"a", "b", "c"}), 1).GroupShares
	near(t, "share of a", got[0], math.NaN(), 0)
	near(t, "share of b", got[1], 70, 0)
	near(t, "share of c", got[2], 30, 0)
}

func TestBestAndVersus(t *testing.T) {
	s := mustRun(Options{Cases: []Case{fakeCase("one", 20, "fast", "twin", "slow", "flaky")}, Baseline: "slow"}).Scenarios[0]
	best := func(m measure.Metric) (names []string) {
		for _, v := range s.Variants {
			if slices.Contains(v.Best, m) {
				names = append(names, v.Name)
			}
		}
		return names
	}
	if got := best(measure.P99MS); !slices.Equal(got, []string{"flaky"}) {
		t.Errorf("best p99: %q", got)
	}
	if got := best(measure.ErrorsPct); !slices.Equal(got, []string{"fast", "twin", "slow"}) {
		t.Errorf("fewest errors: %q", got)
	}
	if got := best(measure.UtilizationPct); got != nil {
		t.Errorf("best utilization: %q; there is no such thing", got)
	}
	if s.Variants[2].Versus != nil {
		t.Error("the baseline is compared with itself")
	}
	d := s.Variants[0].Versus[measure.P99MS]
	if d.Verdict != Better || d.Hi >= 0 || d.RelativePct > -80 || len(s.Variants[0].Versus) != len(measure.Metrics()) {
		t.Errorf("fast against slow: %+v", d)
	}
	for i, want := range []float64{1.5, 1.5, 3, 4} {
		if s.Variants[i].Place != want {
			t.Errorf("place of %s: %v, want %v", s.Variants[i].Name, s.Variants[i].Place, want)
		}
	}
}

func TestOneReplicationMarksNobody(t *testing.T) {
	s := mustRun(Options{Cases: []Case{fakeCase("one", 1, "fast", "slow")}}).Scenarios[0]
	for _, v := range s.Variants {
		if v.Best != nil {
			t.Errorf("%s is best at %v after one replication", v.Name, v.Best)
		}
	}
	if got := s.Variants[1].Versus[measure.P99MS].Verdict; got != Undecidable {
		t.Errorf("verdict %q", got)
	}
}

func TestWarnings(t *testing.T) {
	for _, c := range []struct {
		seeds    int
		variants []string
		want     []string
	}{
		{20, []string{"fast"}, nil},
		{19, []string{"fast"}, []string{"fewer than 20 replications: read the intervals with care"}},
		{1, []string{"fast"}, []string{"one replication: no intervals and no comparisons"}},
		{20, []string{"fast", "restless"}, []string{"restless: no steady state in 20 of 20 replications; its figures describe a system that had not settled"}},
	} {
		got := mustRun(Options{Cases: []Case{fakeCase("one", c.seeds, c.variants...)}}).Scenarios[0].Warnings
		if !slices.Equal(got, c.want) {
			t.Errorf("%d seeds of %q: %q, want %q", c.seeds, c.variants, got, c.want)
		}
	}
}

func TestJSON(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		v    any
		want string
	}{
		{Estimate{Mean: 1.5, Lo: 1, Hi: 2, N: 20}, `{"mean":1.5,"lo":1,"hi":2,"n":20}`},
		{Estimate{Mean: nan, Lo: math.Inf(-1), Hi: math.Inf(1), Censored: true}, `{"mean":null,"lo":null,"hi":null,"n":0,"censored":true}`},
		{&Difference{Estimate: Estimate{Mean: -1, Lo: -2, Hi: 0, N: 3}, RelativePct: -50, P: 0.01, Verdict: Better},
			`{"mean":-1,"lo":-2,"hi":0,"n":3,"relative_pct":-50,"p_adjusted":0.01,"verdict":"better"}`},
		{Difference{Estimate: Estimate{Mean: nan, Lo: nan, Hi: nan}, RelativePct: nan, P: nan, Verdict: Undecidable},
			`{"mean":null,"lo":null,"hi":null,"n":0,"relative_pct":null,"p_adjusted":null,"verdict":"not comparable"}`},
		{
			Moment{
				ToS: 1, P50MS: nan, P99MS: 2, GroupShares: []float64{100, nan},
				Half: Halves{P50MS: nan, P99MS: 0.5, GroupShares: []float64{0, nan}},
			},
			`{"from_s":0,"to_s":1,"offered_rps":0,"goodput_rps":0,"goodput_rps_half":0,"errors_pct":0,"errors_pct_half":0,` +
				`"p50_ms":null,"p50_ms_half":null,"p99_ms":2,"p99_ms_half":0.5,"group_shares_pct":[100,null],"group_shares_pct_half":[0,null]}`,
		},
		{TailPoint{MS: 3, Above: 0.25}, `{"ms":3,"above":0.25}`},
		{Rank{Variant: "a", MeanRank: 1, GeoRatio: math.Inf(1), WorstRatio: 2, WorstIn: "s"},
			`{"variant":"a","mean_rank":1,"geo_ratio":null,"worst_ratio":2,"worst_in":"s","errors_pct":0}`},
	} {
		got, err := json.Marshal(c.v)
		if err != nil || string(got) != c.want {
			t.Errorf("%s, error %v; want %s", got, err, c.want)
		}
	}
}

func TestJSONOfAResultHasEveryFigure(t *testing.T) {
	r := mustRun(Options{Cases: []Case{fakeCase("one", 3, "fast", "dead"), fakeCase("two", 3, "dead", "fast")}})
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		`"p99_ms":{"mean":`, `"endings_pct":{"failed":{`, `"versus_baseline":{"errors_pct":{`, `"tail":[{"ms":`, `"seeds":[1,2,3]`,
		`"seeds_asked":3`, `"place":1`, `"ranking":[{"variant":"fast"`, `"time_line":[{"from_s":0,`, `"worst_ratio":null`,
	} {
		if !strings.Contains(string(b), key) {
			t.Errorf("no %s in the JSON", key)
		}
	}
}
