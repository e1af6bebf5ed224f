package rng

import (
	"math"
	"testing"
)

func TestExpOfIsTheInverse(t *testing.T) {
	r := New(1)
	for range 1_000_000 {
		u := r.Uint64()
		want := 64*math.Ln2 - math.Log(float64(^u))
		if got := ExpOf(u); math.Abs(got-want) > 1e-12 {
			t.Fatalf("ExpOf(%#x) = %v, want %v", u, got, want)
		}
	}
}

func TestExpOfAtTheEdges(t *testing.T) {
	for _, c := range []struct {
		u    uint64
		want float64
	}{{0, 0}, {1 << 63, math.Ln2}, {^uint64(0) - 1, 64 * math.Ln2}, {^uint64(0), 65 * math.Ln2}} {
		if got := ExpOf(c.u); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("ExpOf(%#x) = %v, want %v", c.u, got, c.want)
		}
	}
}
