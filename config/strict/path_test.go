package strict

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestPathRoundTrip: the path in a message can be given to Set.
func TestPathRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.StringN(1, 10, -1), rapid.StringOfN(rapid.RuneFrom([]rune(`a.[]"0\ `)), 1, 6, -1))
		keys := rapid.SliceOfN(name, 1, 5).Draw(t, "keys")
		path := ""
		for i, k := range keys {
			path = joinIndex(Join(path, k), i)
		}
		steps, err := splitPath(path)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		var got []string
		for i, s := range steps {
			if i%2 == 0 {
				got = append(got, s.key)
			} else if !s.only || s.index != i/2 {
				t.Fatalf("%s: step %d is %+v", path, i, s)
			}
		}
		if !slices.Equal(got, keys) {
			t.Fatalf("%s: got %q, want %q", path, got, keys)
		}
	})
}

// TestDistance compares with the recursive definition.
func TestDistance(t *testing.T) {
	var slow func(a, b []rune) int
	slow = func(a, b []rune) int {
		if len(a) == 0 || len(b) == 0 {
			return len(a) + len(b)
		}
		m, n := len(a)-1, len(b)-1
		d := slow(a[:m], b[:n])
		if a[m] != b[n] {
			d++
		}
		d = min(d, slow(a[:m], b)+1, slow(a, b[:n])+1)
		if m > 0 && n > 0 && a[m] == b[n-1] && a[m-1] == b[n] {
			d = min(d, slow(a[:m-1], b[:n-1])+1)
		}
		return d
	}
	word := rapid.SliceOfN(rapid.RuneFrom([]rune("abc")), 0, 5)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		if got, want := distance(a, b), slow(a, b); got != want {
			t.Fatalf("distance(%q, %q) = %d, want %d", string(a), string(b), got, want)
		}
	})
}
