package policy

import (
	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// WeightedRandom draws a backend with probability weight/Σ weights, regardless
// of load, in constant time from an alias table (Vose, "A linear algorithm for
// generating random numbers with a given distribution", IEEE TSE 17(9), 1991).
// Slow start lowers the weight and with it the probability.
type WeightedRandom struct{}

// New returns a fresh policy.
func (WeightedRandom) New() lb.Policy { return weightedRandom{} }

type weightedRandom struct{}

func (weightedRandom) Name() string { return "weighted_random" }

func (weightedRandom) Build(s *lb.Snapshot) lb.Picker {
	return &weightedRandomPicker{table: newAliasTable(s.Members())}
}

type weightedRandomPicker struct{ table aliasTable }

func (p *weightedRandomPicker) Pick(_ lb.Time, _ lb.Request, r *rng.Rand, tr *lb.Trace) int {
	i := p.table.draw(r)
	if tr != nil {
		tr.Consider(i, "")
		tr.Rule = "draw in proportion to weight"
	}
	return i
}

// aliasTable draws member indices in proportion to weight with two random
// numbers. Every cell is equally likely; it holds its own member with
// probability keep, and lends the rest to the alias.
type aliasTable []aliasCell

type aliasCell struct {
	keep  float64
	alias int32
}

func newAliasTable(members []lb.Member) aliasTable {
	n := len(members)
	table := make(aliasTable, n)
	share := make([]float64, n) // of a cell: 1 is exactly a cell's worth
	perCell := float64(n) / totalWeight(members)
	var small, large []int32
	for i, m := range members {
		// What rounding leaves in the lists at the end is a cell's worth, give or take n·2⁻⁵³.
		table[i] = aliasCell{keep: 1, alias: int32(i)}
		share[i] = m.Weight * perCell
		small, large = sortIn(small, large, int32(i), share[i])
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small, large = small[:len(small)-1], large[:len(large)-1]
		table[s] = aliasCell{keep: share[s], alias: l}
		share[l] = share[l] + share[s] - 1
		small, large = sortIn(small, large, l, share[l])
	}
	return table
}

func sortIn(small, large []int32, i int32, share float64) (s, l []int32) {
	if share < 1 {
		return append(small, i), large
	}
	return small, append(large, i)
}

func (t aliasTable) draw(r *rng.Rand) int {
	i := r.Intn(len(t))
	if r.Float64() < t[i].keep {
		return i
	}
	return int(t[i].alias)
}
