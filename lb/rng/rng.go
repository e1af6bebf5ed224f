// Package rng is the core's randomness: small generators that the caller owns
// and passes in, and named streams so that every component draws its own luck.
//
// Floor 0. Nothing here is global, seeded from a clock, or safe to share
// between goroutines; a driver keeps one Rand per goroutine.
package rng

import (
	"math/bits"
)

// Rand is xoshiro256++ (Blackman and Vigna, "Scrambled linear pseudorandom
// number generators", ACM TOMS 47(4), 2021): 256 bits of state, period
// 2^256−1, passes BigCrush. Not for secrets. The zero value is not usable: use
// New or Stream. One goroutine at a time.
type Rand struct{ s0, s1, s2, s3 uint64 }

// New returns a generator whose state is expanded from seed with SplitMix64, as
// the authors of xoshiro recommend. Equal seeds give equal sequences.
func New(seed uint64) Rand {
	var r Rand
	r.s0, seed = splitMix(seed)
	r.s1, seed = splitMix(seed)
	r.s2, seed = splitMix(seed)
	r.s3, _ = splitMix(seed)
	return r
}

// Stream returns the generator of one component and purpose, such as
// "arrivals" or "backend/7/faults". Streams of different names are
// independent: adding a component shifts nobody else's luck.
func Stream(seed uint64, name string) Rand { return New(Mix(seed, Hash(name))) }

// Uint64 returns 64 uniform bits.
func (r *Rand) Uint64() uint64 {
	out := bits.RotateLeft64(r.s0+r.s3, 23) + r.s0
	t := r.s1 << 17
	r.s2 ^= r.s0
	r.s3 ^= r.s1
	r.s1 ^= r.s2
	r.s0 ^= r.s3
	r.s2 ^= t
	r.s3 = bits.RotateLeft64(r.s3, 45)
	return out
}

// Intn returns a uniform integer in [0, n), without modulo bias (Lemire, "Fast
// random integer generation in an interval", ACM TOMACS 29(1), 2019). n must be
// positive.
func (r *Rand) Intn(n int) int {
	hi, lo := bits.Mul64(r.Uint64(), uint64(n))
	if lo < uint64(n) {
		return r.intnSlow(n, hi, lo)
	}
	return int(hi)
}

func (r *Rand) intnSlow(n int, hi, lo uint64) int {
	for reject := -uint64(n) % uint64(n); lo < reject; {
		hi, lo = bits.Mul64(r.Uint64(), uint64(n))
	}
	return int(hi)
}

// Float64 returns a uniform number in [0, 1) with 53 random bits.
func (r *Rand) Float64() float64 { return Unit(r.Uint64()) }

// Exp returns an exponential variate of mean 1.
func (r *Rand) Exp() float64 { return ExpOf(r.Uint64()) }

// Unit maps 64 random bits to a uniform number in [0, 1).
func Unit(u uint64) float64 { return float64(u>>11) * 0x1p-53 }

// Mix hashes a seed and a number into 64 well-spread bits. It is the
// counter-based generator behind everything that is drawn by request number
// instead of in sequence: request 4711 has the same luck whoever asks, and in
// whatever order (the finalizer of SplitMix64, twice).
func Mix(seed, n uint64) uint64 {
	return finalize(finalize(seed+0x9e3779b97f4a7c15) ^ finalize(n+0xbf58476d1ce4e5b9))
}

// At returns the n-th output of SplitMix64 from seed: one random number by its
// index, cheaper than Mix. The seed must be random itself, as Mix makes one from a purpose: streams of seeds
// that lie near each other overlap.
func At(seed, n uint64) uint64 { return finalize(seed + (n+1)*0x9e3779b97f4a7c15) }

// Hash returns a 64-bit hash of s (FNV-1a, then a finalizer for the
// avalanche that FNV lacks). Stable across versions: hashing policies and
// stream names depend on it.
func Hash(s string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 0x100000001b3
	}
	return finalize(h)
}

func splitMix(state uint64) (out, next uint64) {
	next = state + 0x9e3779b97f4a7c15
	return finalize(next), next
}

// finalize is the mixing function of SplitMix64 (Steele, Lea and Flood,
// "Fast splittable pseudorandom number generators", OOPSLA 2014), a bijection.
func finalize(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
