package scenarios

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// probabilities reads off a chooser's table how likely each index is.
func (c *chooser) probabilities() []float64 {
	p := make([]float64, c.n)
	for i := range p {
		if c.slots == nil {
			p[i] = 1 / float64(c.n)
			continue
		}
		s := c.slots[i]
		p[i] += s.keep / float64(c.n)
		p[s.alias] += (1 - s.keep) / float64(c.n)
	}
	return p
}

func TestChooserHasTheGivenWeights(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.Float64Range(0, 100), 1, 50).Draw(t, "weights")
		weights[0]++ // not all of them 0
		total := 0.0
		for _, w := range weights {
			total += w
		}
		c := newChooser(weights)
		for i, p := range c.probabilities() {
			if math.Abs(p-weights[i]/total) > 1e-12 {
				t.Fatalf("index %d of %v has probability %v, want %v", i, weights, p, weights[i]/total)
			}
		}
	})
}

func TestChooseFollowsTheTable(t *testing.T) {
	c := newChooser([]float64{5, 1, 4})
	const parts = 1 << 16
	var counts [3]int
	for i := range uint64(parts) {
		counts[c.choose(i<<48+1<<47)]++
	}
	for i, want := range []float64{0.5, 0.1, 0.4} {
		if got := float64(counts[i]) / parts; math.Abs(got-want) > 1e-4 {
			t.Errorf("index %d: got a share of %v, want %v", i, got, want)
		}
	}
}

func TestZipf(t *testing.T) {
	c := newZipf(1000, 1.2)
	p := c.probabilities()
	for _, i := range []int{1, 9, 999} {
		if want := math.Pow(float64(i+1), -1.2); math.Abs(p[i]/p[0]-want) > 1e-9 {
			t.Errorf("client %d: %v as likely as the first, want %v", i, p[i]/p[0], want)
		}
	}
	if even := newZipf(10, 0); even.slots != nil {
		t.Error("without skew there should be no table")
	}
}
