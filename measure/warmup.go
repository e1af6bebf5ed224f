package measure

import (
	"math"

	"github.com/lbctl/lbctl/lb/instant"
)

// mserBatch is the batch size that gives MSER-5 its name.
const mserBatch = 5

// MaxBatches bounds the batch means that a series keeps: beyond it
// neighbours are merged and batches are twice as long from then on. Always even.
const MaxBatches = 4096

// Series is a sequence of observations as batch means in bounded memory, for finding
// the end of the warm-up.
type Series struct {
	batches []batch
	size    int // observations a batch
	open    batch
	n       int // observations in open
}

type batch struct {
	start instant.Time // of the first observation
	mean  float64
}

// Observe adds an observation. start is when its request started.
func (s *Series) Observe(start instant.Time, x float64) {
	if s.size == 0 {
		s.size = mserBatch
		s.batches = make([]batch, 0, MaxBatches)
	}
	if s.n == 0 {
		s.open.start = start
	}
	s.open.mean += x
	if s.n++; s.n < s.size {
		return
	}
	s.open.mean /= float64(s.size)
	s.batches = append(s.batches, s.open)
	s.open, s.n = batch{}, 0
	if len(s.batches) == MaxBatches {
		s.merge()
	}
}

func (s *Series) merge() {
	half := s.batches[:0]
	for i := 0; i < len(s.batches); i += 2 {
		a, b := s.batches[i], s.batches[i+1]
		half = append(half, batch{start: a.start, mean: (a.mean + b.mean) / 2})
	}
	s.batches = half
	s.size *= 2
}

// MSER finds the end of the warm-up by the marginal standard error rule with
// batches of five (White, "An effective truncation heuristic for bias reduction in
// simulation output", Simulation 69(6), 1997): drop the first d batches for the
// d that minimizes the variance of the rest over its squared count. Batches that start
// at or after until do not count. ok is false when the minimum lies in the last
// half, which means that the run is too short to have settled. Fewer than 10
// batches say nothing: (0, true).
func (s *Series) MSER(until instant.Time) (truncate instant.Time, ok bool) {
	b := s.batches
	for len(b) > 0 && b[len(b)-1].start >= until {
		b = b[:len(b)-1]
	}
	if len(b) < 10 {
		return 0, true
	}
	best, bestD := math.Inf(1), 0
	var sum, squares float64
	// From the back, so that each d costs O(1); the last five batches alone say too little to be a minimum.
	shift := b[len(b)-1].mean
	for d := len(b) - 1; d >= 0; d-- {
		x := b[d].mean - shift
		sum += x
		squares += x * x
		n := float64(len(b) - d)
		if n < 5 {
			continue
		}
		if z := (squares - sum*sum/n) / (n * n); z <= best {
			best, bestD = z, d
		}
	}
	if bestD == 0 {
		return 0, true
	}
	return b[bestD].start, bestD <= len(b)/2
}
