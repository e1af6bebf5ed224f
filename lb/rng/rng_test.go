package rng

import (
	"math"
	"math/bits"
	"testing"
)

// The first outputs of the authors' C code from the state {1, 2, 3, 4}.
func TestXoshiroVectors(t *testing.T) {
	r := Rand{1, 2, 3, 4}
	for i, want := range []uint64{
		41943041, 58720359, 3588806011781223, 3591011842654386, 9228616714210784205,
		9973669472204895162, 14011001112246962877, 12406186145184390807, 15849039046786891736, 10450023813501588000,
	} {
		if got := r.Uint64(); got != want {
			t.Errorf("output %d is %d, want %d", i, got, want)
		}
	}
}

// The first outputs of SplitMix64 from the seed 1234567.
func TestSplitMixVectors(t *testing.T) {
	state, got := uint64(1234567), uint64(0)
	for i, want := range []uint64{
		6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821,
	} {
		if got, state = splitMix(state); got != want {
			t.Errorf("output %d is %d, want %d", i, got, want)
		}
	}
}

// Hash and Mix decide where keys belong and which luck a request has: they must
// not change from version to version.
func TestHashesAreStable(t *testing.T) {
	for _, tt := range []struct {
		name      string
		got, want uint64
	}{
		{`Hash("")`, Hash(""), 0xf52a15e9a9b5e89b},
		{`Hash("a")`, Hash("a"), 0x2c0bdbf481420f8},
		{`Mix(0, 0)`, Mix(0, 0), 0x6765369ae2364402},
		{`Mix(1, 2)`, Mix(1, 2), 0xfd2da62b4044daec},
	} {
		if tt.got != tt.want {
			t.Errorf("%s = %#x, want %#x", tt.name, tt.got, tt.want)
		}
	}
}

// limit999 returns the value that a chi-square statistic with k degrees of freedom
// exceeds in 0.1% of cases (Wilson and Hilferty's approximation).
func limit999(k float64) float64 {
	const z = 3.0902
	c := 1 - 2/(9*k) + z*math.Sqrt(2/(9*k))
	return k * c * c * c
}

// uniform tests counts of equally likely cells. Seeds are fixed: a test that passes
// once always does.
func uniform(t *testing.T, what string, counts []int) {
	t.Helper()
	n, chi2 := 0, 0.0
	for _, c := range counts {
		n += c
	}
	expected := float64(n) / float64(len(counts))
	for _, c := range counts {
		chi2 += (float64(c) - expected) * (float64(c) - expected) / expected
	}
	if chi2 > limit999(float64(len(counts)-1)) {
		t.Errorf("%s: chi-square %.1f with %d cells", what, chi2, len(counts))
	}
}

func TestIntnIsUniform(t *testing.T) {
	r := New(1)
	for _, n := range []int{2, 3, 10, 97, 1000} {
		counts := make([]int, n)
		for range 200 * n {
			counts[r.Intn(n)]++
		}
		uniform(t, "Intn", counts)
	}
}

// Where n is no small part of 2⁶⁴ a multiplication alone would be visibly biased: two thirds of
// the range, in thirds, must come out even.
func TestIntnRejects(t *testing.T) {
	const n = 3 << 61 // 3/8 of 2⁶⁴
	r := New(2)
	counts := make([]int, 3)
	for range 30_000 {
		counts[r.Intn(n)/(1<<61)]++
	}
	uniform(t, "Intn(3·2⁶¹)", counts)
}

func TestFloat64(t *testing.T) {
	if lo, hi := Unit(0), Unit(math.MaxUint64); lo != 0 || hi >= 1 || hi < 1-0x1p-52 {
		t.Errorf("Unit covers [%v, %v], want [0, 1−2⁻⁵³]", lo, hi)
	}
	r := New(4)
	counts := make([]int, 100)
	for range 100_000 {
		counts[int(100*r.Float64())]++
	}
	uniform(t, "Float64", counts)
}

func TestExp(t *testing.T) {
	r := New(5)
	const n = 200_000
	sum, counts := 0.0, make([]int, 50)
	for range n {
		x := r.Exp()
		sum += x
		counts[int(50*(1-math.Exp(-x)))%50]++ // equally likely by the inverse of the distribution
	}
	if mean := sum / n; math.Abs(mean-1) > 4/math.Sqrt(n) {
		t.Errorf("mean %v, want 1", mean)
	}
	uniform(t, "Exp", counts)
}

// Streams of different names, and neighbouring numbers under Mix, have nothing to do with each
// other: pairs fall evenly into a grid, and half of the bits differ.
func TestStreamsAreIndependent(t *testing.T) {
	for _, pair := range [][2]Rand{
		{Stream(1, "arrivals"), Stream(1, "arrivalt")},
		{Stream(1, "backend/1"), Stream(2, "backend/1")},
		{New(1), New(2)},
	} {
		a, b := pair[0], pair[1]
		counts := make([]int, 16*16)
		differ := 0
		for range 50_000 {
			x, y := a.Uint64(), b.Uint64()
			counts[x>>60<<4|y>>60]++
			differ += bits.OnesCount64(x ^ y)
		}
		uniform(t, "pairs of two streams", counts)
		if mean := float64(differ) / 50_000; math.Abs(mean-32) > 4*4/math.Sqrt(50_000) { // σ = √16 a pair
			t.Errorf("%.3f bits differ on average, want 32", mean)
		}
	}
}

func TestMixSpreadsNeighbours(t *testing.T) {
	for _, tt := range []struct {
		name string
		mix  func(n uint64) uint64
	}{
		{"by number", func(n uint64) uint64 { return Mix(7, n) }},
		{"by seed", func(n uint64) uint64 { return Mix(n, 7) }},
	} {
		low, high := make([]int, 256), make([]int, 256)
		for n := range uint64(50_000) {
			x := tt.mix(n)
			low[x&255]++
			high[x>>56]++
		}
		uniform(t, tt.name+", low bits", low)
		uniform(t, tt.name+", high bits", high)
	}
}

func BenchmarkUint64(b *testing.B) {
	r := New(1)
	for b.Loop() {
		r.Uint64()
	}
}
