package policy

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// The model: the paper's pseudo-code (§3.4), with permutations written out and turns
// by the naive smooth sequence.
func TestMaglevModel(t *testing.T) {
	const size = 251
	rapid.Check(t, func(rt *rapid.T) {
		whole := rapid.SliceOfN(rapid.IntRange(1, 5), 1, 8).Draw(rt, "weights")
		weights := make([]float64, len(whole))
		for i, w := range whole {
			weights[i] = float64(w)
		}
		s := poolOf(rt, weights)

		permutations, next := make([][]uint64, len(whole)), make([]int, len(whole))
		for i, m := range s.Members() {
			offset, skip := rng.Mix(m.Hash(), 0)%size, rng.Mix(m.Hash(), 1)%(size-1)+1
			for j := range uint64(size) {
				permutations[i] = append(permutations[i], (offset+j*skip)%size)
			}
		}
		table, taken := make([]uint16, size), make([]bool, size)
		for _, i := range naiveSmooth(whole, size) {
			for taken[permutations[i][next[i]]] {
				next[i]++
			}
			entry := permutations[i][next[i]]
			table[entry], taken[entry] = i, true
		}
		if got := fillMaglev(s.Members(), size); !slices.Equal(got, table) {
			rt.Fatalf("table %v, want %v", got, table)
		}
	})
}

// Turns decide the shares of the table: with a cycle of n turns each is exact to one
// entry for each turn it has in a cycle.
func TestMaglevSharesOfTheTable(t *testing.T) {
	members := poolOf(t, []float64{5, 3, 1, 1}).Members()
	counts := make([]int, len(members))
	for _, i := range fillMaglev(members, 65537) {
		counts[i]++
	}
	for i, m := range members {
		if want := m.Weight / 10 * 65537; math.Abs(float64(counts[i])-want) > m.Weight {
			t.Errorf("member %d has %d entries, want about %g", i, counts[i], want)
		}
	}
}

// All keys of the backend that goes must move; of the others only a few may: 2% here, with
// a table of more than 1000 entries a backend.
func TestMaglevMovesFewOtherKeys(t *testing.T) {
	const backends, keys = 50, 20_000
	weights := make([]float64, backends)
	for i := range weights {
		weights[i] = 1
	}
	spec := Maglev{TableSize: 65537}
	before, after := homes(poolOf(t, weights), spec.New(), keys), homes(without(t, weights, 17), spec.New(), keys)
	all, needless := moves(before, after, lb.BackendID(17))
	if all-needless == 0 || needless > keys*2/100 {
		t.Errorf("%d of %d keys moved, %d of them without need", all, keys, needless)
	}
}

func TestMaglevTakesAnyPool(t *testing.T) {
	for name, weights := range map[string][]float64{
		"one backend":             {1},
		"far apart":               {lb.MinWeight, lb.MaxWeight},
		"more backends than room": make([]float64, 300),
	} {
		for i := range weights {
			weights[i] = max(weights[i], lb.MinWeight)
		}
		for _, i := range fillMaglev(poolOf(t, weights).Members(), 251) {
			if int(i) >= len(weights) {
				t.Fatalf("%s: entry %d is nobody", name, i)
			}
		}
	}
}

func TestNextPrime(t *testing.T) {
	for n, want := range map[int]uint32{251: 251, 252: 257, 65536: 65537, 65537: 65537, 1048573: 1048573} {
		if got := nextPrime(n); got != want {
			t.Errorf("nextPrime(%d) = %d, want %d", n, got, want)
		}
	}
}
