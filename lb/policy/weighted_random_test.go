package policy

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// The model of an alias table: what each member keeps of its own cell and
// borrows from others adds up to its share.
func TestAliasTableModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		members := membersOf(anyWeights(50).Draw(rt, "weights"))
		mass := make([]float64, len(members))
		for i, cell := range newAliasTable(members) {
			if !(cell.keep >= 0 && cell.keep <= 1) {
				rt.Fatalf("a cell keeps %g", cell.keep)
			}
			mass[i] += cell.keep
			mass[cell.alias] += 1 - cell.keep
		}
		n := float64(len(members))
		for i, m := range members {
			share := m.Weight / totalWeight(members)
			if off := math.Abs(mass[i]/n - share); off > n*0x1p-50 {
				rt.Fatalf("member %d: share %g, drawn with %g", i, share, mass[i]/n)
			}
		}
	})
}

// The seed is fixed, so this either always passes or never does.
func TestWeightedRandomDrawsInProportion(t *testing.T) {
	weights := []float64{1, 2, 3, 4, 0.5, 0.25}
	table, r := newAliasTable(membersOf(weights)), rng.New(7)
	const n = 100_000
	counts := make([]float64, len(weights))
	for range n {
		counts[table.draw(&r)]++
	}
	chi2, total := 0.0, totalWeight(membersOf(weights))
	for i, w := range weights {
		expected := n * w / total
		chi2 += (counts[i] - expected) * (counts[i] - expected) / expected
	}
	if chi2 > 20.5 { // 0.1% of the chi-square distribution with 5 degrees of freedom lies above
		t.Errorf("chi-square %g: %v", chi2, counts)
	}
}

func TestAliasTableOfTheLargestPool(t *testing.T) {
	members := make([]lb.Member, lb.MaxBackends)
	for i := range members {
		members[i].Weight = lb.MinWeight
	}
	members[0].Weight = lb.MaxWeight
	table, r := newAliasTable(members), rng.New(1)
	for range 10_000 {
		if i := table.draw(&r); i != 0 {
			t.Fatalf("drew member %d, whose share is 1e-18", i)
		}
	}
}
