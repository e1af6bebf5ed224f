package scenarios

import (
	"math"
	"math/bits"

	"github.com/lbctl/lbctl/lb/rng"
)

// A chooser draws an index from fixed probabilities with one number and one
// comparison: Walker's alias method, tables by Vose ("A linear algorithm for generating random
// numbers with a given distribution", IEEE TSE 17(9), 1991).
type chooser struct {
	n     int
	slots []aliasSlot // nil: all n are equally likely
}

type aliasSlot struct {
	keep  float64 // probability of the slot's own index
	alias int32
}

// newChooser returns the chooser for weights that are not negative and not all 0.
func newChooser(weights []float64) chooser {
	total := 0.0
	for _, w := range weights {
		total += w
	}
	n := len(weights)
	c := chooser{n: n, slots: make([]aliasSlot, n)}
	share := make([]float64, n)
	var small, large []int32
	for i, w := range weights {
		share[i] = w / total * float64(n)
		if share[i] < 1 {
			small = append(small, int32(i))
		} else {
			large = append(large, int32(i))
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		c.slots[s] = aliasSlot{keep: share[s], alias: l}
		if share[l] -= 1 - share[s]; share[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	for _, i := range append(small, large...) { // 1 up to rounding
		c.slots[i] = aliasSlot{keep: 1, alias: i}
	}
	return c
}

// newZipf returns a chooser among n where index i has a weight of 1/(i+1)^s.
func newZipf(n int, s float64) chooser {
	if s == 0 {
		return chooser{n: n}
	}
	weights := make([]float64, n)
	for i := range weights {
		weights[i] = math.Pow(float64(i+1), -s)
	}
	return newChooser(weights)
}

// choose returns the index that 64 random bits stand for.
func (c *chooser) choose(u uint64) int {
	if c.n == 1 {
		return 0
	}
	hi, lo := bits.Mul64(u, uint64(c.n))
	if c.slots == nil {
		return int(hi)
	}
	// lo is the position of u within the part of [0, 2⁶⁴) that stands for slot hi: uniform, whatever hi is.
	if s := c.slots[hi]; rng.Unit(lo) >= s.keep {
		return int(s.alias)
	}
	return int(hi)
}
