package experiment

import (
	"time"

	"github.com/lbctl/lbctl/config"
	"github.com/lbctl/lbctl/lb/stats"
	"github.com/lbctl/lbctl/measure"
)

// Confidence is the coverage of every interval, and one minus the family-wise
// error rate of the comparisons of a scenario.
const Confidence = 0.95

// Result is what an experiment over one or more scenarios showed. Equal inputs give equal
// results to the byte: it holds no date and no wall-clock time.
type Result struct {
	Scenarios   []Scenario `json:"scenarios"`
	Ranking     []Rank     `json:"ranking,omitempty"`  // over several scenarios; nil for one
	Finding     string     `json:"finding"`            // the headline, a sentence
	Command     string     `json:"command"`            // repeats the experiment
	Interrupted bool       `json:"interrupted"`        // stopped early: fewer replications than asked for
	NotRun      []string   `json:"not_run,omitempty"`  // scenarios without a complete replication, left out for that
	Fidelity    *Fidelity  `json:"fidelity,omitempty"` // of live runs: the simulation beside them
}

// Scenario is what the variants did in one scenario.
type Scenario struct {
	Name         string        `json:"name"`
	About        string        `json:"about"`
	Source       string        `json:"-"` // the scenario as YAML, overrides applied
	Duration     time.Duration `json:"-"`
	DurationS    float64       `json:"duration_s"`
	Balancers    int           `json:"balancers"`
	Seeds        []uint64      `json:"seeds"` // one a replication that every variant completed
	SeedsAsked   int           `json:"seeds_asked"`
	Baseline     string        `json:"baseline"` // variant that the others are compared with
	Finding      string        `json:"finding"`
	Variants     []Variant     `json:"variants"`
	Changes      []Change      `json:"changes,omitempty"` // faults and other scheduled changes, for shading time lines
	Groups       []string      `json:"groups"`            // backend groups, in order
	Expectations []Expectation `json:"expectations,omitempty"`
	Warnings     []string      `json:"warnings,omitempty"` // e.g. replications without a steady state
}

// Change is a span of a scenario in which something was different.
type Change struct {
	FromS float64 `json:"from_s"`
	ToS   float64 `json:"to_s"`
	Label string  `json:"label"` // "slow[0]: slow ×10"
}

// Variant is one configuration's figures over the replications.
type Variant struct {
	Name       string                        `json:"name"`
	Policy     string                        `json:"policy"`
	Parameters []config.Setting              `json:"parameters"` // of its pool, given or by default; of algorithms only the one in use
	Metrics    map[measure.Metric]Estimate   `json:"metrics"`
	Endings    map[string]Estimate           `json:"endings_pct"`               // per cent of requests, by how they ended; kinds that occurred
	Versus     map[measure.Metric]Difference `json:"versus_baseline,omitempty"` // nil for the baseline itself
	Groups     []Part                        `json:"groups"`
	Backends   []Part                        `json:"backends"`
	TimeLine   []Moment                      `json:"time_line"`
	Tail       []TailPoint                   `json:"tail"` // of all replications pooled
	WarmupS    Estimate                      `json:"warmup_s"`
	Requests   uint64                        `json:"requests"`       // counted, over all replications
	Best       []measure.Metric              `json:"best,omitempty"` // metrics in which no variant is significantly better; none after a single replication
	Place      float64                       `json:"place"`          // by errors, then p99; 1 is the best, equals share the mean of their places
	Events     []measure.Event               `json:"-"`              // of the first replication

	Latency *stats.Histogram `json:"-"` // of all replications pooled

	columns map[measure.Metric]*column // a value for each seed
}

// Estimate is a mean over replications with its confidence interval (Student's t). With
// a single replication there is no interval: Lo and Hi are NaN (null in JSON).
type Estimate struct {
	Mean, Lo, Hi float64
	N            int  // replications that had a value
	Censored     bool // in some replication it lies among the time-outs: the true value is at least this
}

// Difference is a paired comparison with the baseline, seed by seed.
type Difference struct {
	Estimate            // variant − baseline, in the metric's unit
	RelativePct float64 // of the baseline's mean
	P           float64 // two-sided paired t test, adjusted by Holm over the scenario's variants
	Verdict     Verdict
}

// Verdict is a comparison in a word.
type Verdict string

// The verdicts. Better, Worse and Different are significant at 1 − Confidence after Holm's correction.
const (
	Better       Verdict = "better"
	Worse        Verdict = "worse"
	Different    Verdict = "different" // significantly, in a metric that has no good direction
	NoDifference Verdict = "no significant difference"
	Undecidable  Verdict = "not comparable" // too few replications, or nothing measured
)

// Part is a backend or a group.
type Part struct {
	Name    string                      `json:"name"`
	Group   string                      `json:"group"`
	Metrics map[measure.Metric]Estimate `json:"metrics"`
}

// Moment is one slice of the time line, averaged over the replications.
type Moment struct {
	FromS, ToS  float64
	OfferedRPS  float64
	GoodputRPS  float64
	ErrorsPct   float64
	P50MS       float64 // NaN (null): nothing was answered
	P99MS       float64
	GroupShares []float64 // per cent, by group
	Half        Halves
}

// Halves are half of the confidence intervals of a Moment's figures, which lie in the
// middle. NaN (null) where fewer than two replications have a value.
type Halves struct {
	GoodputRPS  float64
	ErrorsPct   float64
	P50MS       float64
	P99MS       float64
	GroupShares []float64
}

// TailPoint says that the share Above of the requests that succeeded or timed out took longer than MS
// milliseconds.
type TailPoint struct{ MS, Above float64 }

// Rank is a variant's place over several scenarios, of those that took part in all.
type Rank struct {
	Variant    string  `json:"variant"`
	MeanRank   float64 `json:"mean_rank"`   // Place among those ranked, averaged over the scenarios
	GeoRatio   float64 `json:"geo_ratio"`   // geometric mean of its p99 over the least p99 of each scenario; +Inf (null): somewhere nothing was answered
	WorstRatio float64 `json:"worst_ratio"` // largest of those ratios
	WorstIn    string  `json:"worst_in"`    // and the scenario where it was
	ErrorsPct  float64 `json:"errors_pct"`  // mean over the scenarios
}

// Expectation is the verdict on one expect: line of a scenario.
type Expectation struct {
	Line    string   `json:"line"`
	Variant string   `json:"variant"`
	Value   Estimate `json:"value"`
	Met     bool     `json:"met"`
	Certain bool     `json:"certain"` // the whole interval is on the same side
}
