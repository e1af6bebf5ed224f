package experiment

import (
	"encoding/json"
	"math"
)

// number is a float whose JSON is null where JSON has no word for it: NaN and ±Inf.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	f := float64(n)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(f)
}

func numbers(values []float64) []number {
	out := make([]number, len(values))
	for i, v := range values {
		out[i] = number(v)
	}
	return out
}

type estimateJSON struct {
	Mean     number `json:"mean"`
	Lo       number `json:"lo"`
	Hi       number `json:"hi"`
	N        int    `json:"n"`
	Censored bool   `json:"censored,omitempty"`
}

func (e Estimate) json() estimateJSON {
	return estimateJSON{number(e.Mean), number(e.Lo), number(e.Hi), e.N, e.Censored}
}

// MarshalJSON writes mean, lo, hi and n, and censored where it holds; what does not exist is null.
func (e Estimate) MarshalJSON() ([]byte, error) { return json.Marshal(e.json()) }

// MarshalJSON writes the estimate's keys and relative_pct, p_adjusted and verdict.
func (d Difference) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		estimateJSON
		RelativePct number  `json:"relative_pct"`
		P           number  `json:"p_adjusted"`
		Verdict     Verdict `json:"verdict"`
	}{d.Estimate.json(), number(d.RelativePct), number(d.P), d.Verdict})
}

// MarshalJSON writes the moment with units in its keys, and half of each interval beside its figure;
// what was not measured is null.
func (m Moment) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		FromS           number   `json:"from_s"`
		ToS             number   `json:"to_s"`
		OfferedRPS      number   `json:"offered_rps"`
		GoodputRPS      number   `json:"goodput_rps"`
		GoodputHalf     number   `json:"goodput_rps_half"`
		ErrorsPct       number   `json:"errors_pct"`
		ErrorsHalf      number   `json:"errors_pct_half"`
		P50MS           number   `json:"p50_ms"`
		P50Half         number   `json:"p50_ms_half"`
		P99MS           number   `json:"p99_ms"`
		P99Half         number   `json:"p99_ms_half"`
		GroupShares     []number `json:"group_shares_pct"`
		GroupShareHalfs []number `json:"group_shares_pct_half"`
	}{
		number(m.FromS), number(m.ToS), number(m.OfferedRPS), number(m.GoodputRPS), number(m.Half.GoodputRPS),
		number(m.ErrorsPct), number(m.Half.ErrorsPct), number(m.P50MS), number(m.Half.P50MS),
		number(m.P99MS), number(m.Half.P99MS), numbers(m.GroupShares), numbers(m.Half.GroupShares),
	})
}

// MarshalJSON writes ms and above.
func (t TailPoint) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		MS    number `json:"ms"`
		Above number `json:"above"`
	}{number(t.MS), number(t.Above)})
}

// MarshalJSON writes the rank; a ratio that has no bound, where a variant answered nothing, is null.
func (r Rank) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Variant    string `json:"variant"`
		MeanRank   number `json:"mean_rank"`
		GeoRatio   number `json:"geo_ratio"`
		WorstRatio number `json:"worst_ratio"`
		WorstIn    string `json:"worst_in"`
		ErrorsPct  number `json:"errors_pct"`
	}{r.Variant, number(r.MeanRank), number(r.GeoRatio), number(r.WorstRatio), r.WorstIn, number(r.ErrorsPct)})
}
