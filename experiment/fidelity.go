package experiment

import (
	"fmt"
	"math"
	"slices"

	"github.com/lbctl/lbctl/measure"
)

// The bands within which a simulation is called faithful: of latency quantiles in per cent of the live figure, of
// shares in points.
const (
	FidelityLatencyPct  = 10.0
	FidelitySharePoints = 2.0
)

// Fidelity sets live runs against simulations of the same cases with the same seeds. It is part of the live result.
type Fidelity struct {
	Scenarios  []FidelityScenario `json:"scenarios"` // as in the live result
	Simulated  *Result            `json:"simulated"`
	Conditions string             `json:"conditions"` // of the live runs, as their driver words them
	Finding    string             `json:"finding"`
}

// FidelityScenario is how far the simulation of one scenario is off.
type FidelityScenario struct {
	Name    string         `json:"name"`
	Rows    []FidelityRow  `json:"rows"` // by variant, then metric; shares last, of groups and then of backends
	Ranking OrderAgreement `json:"ranking"`
	Finding string         `json:"finding"`
}

// FidelityRow is one figure in both worlds.
type FidelityRow struct {
	Variant   string         `json:"variant"`
	Scope     Scope          `json:"scope"`
	Name      string         `json:"name,omitempty"` // of the group or backend
	Metric    measure.Metric `json:"metric"`
	Live      Estimate       `json:"live"`
	Simulated Estimate       `json:"simulated"`
	Error     Estimate       `json:"error"`          // simulated − live, seed by seed; in per cent of live, or in points
	Points    bool           `json:"error_points"`   // the error is in points: the figure is itself in per cent
	Band      float64        `json:"band,omitempty"` // largest error that is called faithful; 0: there is none
	Within    bool           `json:"within"`         // the band, if there is one
}

// Scope says what a figure is of.
type Scope string

// The scopes.
const (
	ScopePool    Scope = "pool"
	ScopeGroup   Scope = "group"
	ScopeBackend Scope = "backend"
)

// OrderAgreement counts the pairs of variants by whether live runs and simulation put them in the same order (by
// errors, then p99). Who shares a place in either world is tied there: nothing contradicts the other.
type OrderAgreement struct {
	Pairs   int      `json:"pairs"`
	Same    int      `json:"same"`
	Tied    int      `json:"tied"`
	Opposed []string `json:"opposed,omitempty"` // "a before b": so live, and the other way round simulated
}

// fidelityMetrics are the figures of a pool that are set against each other.
var fidelityMetrics = []measure.Metric{
	measure.P50MS, measure.P90MS, measure.P99MS, measure.GoodputRPS, measure.ErrorsPct,
}

// SideBySide returns the live result with the simulated one beside it. Both must be of the same
// scenarios, variants and seeds. Conditions says in a sentence how well the live runs could be carried out.
func SideBySide(live, simulated *Result, conditions string) (*Result, error) {
	f := &Fidelity{Simulated: simulated, Conditions: conditions}
	if len(live.Scenarios) != len(simulated.Scenarios) {
		return nil, fmt.Errorf("experiment: %d scenarios live, %d simulated", len(live.Scenarios), len(simulated.Scenarios))
	}
	for i := range live.Scenarios {
		sc, err := setAgainst(&live.Scenarios[i], &simulated.Scenarios[i])
		if err != nil {
			return nil, err
		}
		f.Scenarios = append(f.Scenarios, sc)
	}
	f.Finding = f.finding()
	out := *live
	out.Fidelity = f
	return &out, nil
}

func setAgainst(live, simulated *Scenario) (FidelityScenario, error) {
	out := FidelityScenario{Name: live.Name}
	if live.Name != simulated.Name || len(live.Variants) != len(simulated.Variants) || !slices.Equal(live.Seeds, simulated.Seeds) {
		return out, fmt.Errorf("experiment: scenario %s was not simulated as it was run", live.Name)
	}
	for i := range live.Variants {
		a, b := &live.Variants[i], &simulated.Variants[i]
		if a.Name != b.Name {
			return out, fmt.Errorf("experiment: scenario %s: variant %s was not simulated", live.Name, a.Name)
		}
		for _, m := range fidelityMetrics {
			out.Rows = append(out.Rows, poolRow(a, b, m))
		}
		out.Rows = append(out.Rows, shareRows(a, ScopeGroup, a.Groups, b.Groups)...)
		out.Rows = append(out.Rows, shareRows(a, ScopeBackend, a.Backends, b.Backends)...)
	}
	out.Ranking = agreement(live.Variants, simulated.Variants)
	out.Finding = out.finding()
	return out, nil
}

// poolRow compares a metric of the whole pool, seed by seed.
func poolRow(live, simulated *Variant, m measure.Metric) FidelityRow {
	r := FidelityRow{Variant: live.Name, Scope: ScopePool, Metric: m, Live: live.Metrics[m], Simulated: simulated.Metrics[m]}
	diff := compare(simulated.columns[m], live.columns[m]).diff
	if r.Points = m == measure.ErrorsPct; r.Points {
		r.Error = diff
		return r
	}
	r.Error = Estimate{
		Mean: relative(diff.Mean, r.Live.Mean), Lo: relative(diff.Lo, r.Live.Mean), Hi: relative(diff.Hi, r.Live.Mean),
		N: diff.N, Censored: diff.Censored,
	}
	if r.Live.Censored && r.Simulated.Censored {
		// Both are the deadline's: that they are equal says nothing of the simulation.
		r.Error.Mean, r.Error.Lo, r.Error.Hi = math.NaN(), math.NaN(), math.NaN()
		return r
	}
	if m.IsLatency() {
		r.Band = FidelityLatencyPct
		r.Within = math.Abs(r.Error.Mean) <= r.Band
	}
	return r
}

// shareRows compares the shares of groups or backends. Of these no figure by seed is kept, and so the errors have no
// interval.
func shareRows(v *Variant, scope Scope, live, simulated []Part) []FidelityRow {
	var out []FidelityRow
	for i, p := range live {
		a, b := p.Metrics[measure.SharePct], simulated[i].Metrics[measure.SharePct]
		diff := b.Mean - a.Mean
		out = append(out, FidelityRow{
			Variant: v.Name, Scope: scope, Name: p.Name, Metric: measure.SharePct, Live: a, Simulated: b,
			Error:  Estimate{Mean: diff, Lo: math.NaN(), Hi: math.NaN(), N: min(a.N, b.N)},
			Points: true, Band: FidelitySharePoints, Within: math.Abs(diff) <= FidelitySharePoints,
		})
	}
	return out
}

// agreement compares the orders of the variants in both worlds pair by pair, as Kendall's τ does.
func agreement(live, simulated []Variant) OrderAgreement {
	var out OrderAgreement
	for i := range live {
		for j := range i {
			out.Pairs++
			a, b := live[j].Place-live[i].Place, simulated[j].Place-simulated[i].Place
			switch {
			case a == 0 || b == 0:
				out.Tied++
			case (a < 0) == (b < 0):
				out.Same++
			case a < 0:
				out.Opposed = append(out.Opposed, live[j].Name+" before "+live[i].Name)
			default:
				out.Opposed = append(out.Opposed, live[i].Name+" before "+live[j].Name)
			}
		}
	}
	return out
}
