package sim

import (
	"testing"

	"pgregory.net/rapid"
)

// TestSlab holds the slab against a map: no two records in use share a number, contents stay, and
// there are never more records than were in use at once.
func TestSlab(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s slab[int]
		used := map[uint32]int{}
		var order []uint32
		most, serial := 0, 0
		t.Repeat(map[string]func(*rapid.T){
			"get": func(t *rapid.T) {
				i := s.get()
				if _, taken := used[i]; taken {
					t.Fatalf("%d is in use already", i)
				}
				serial++
				*s.at(i) = serial
				used[i] = serial
				order = append(order, i)
				most = max(most, len(used))
			},
			"put": func(t *rapid.T) {
				if len(order) == 0 {
					return
				}
				k := rapid.IntRange(0, len(order)-1).Draw(t, "which")
				i := order[k]
				order = append(order[:k], order[k+1:]...)
				delete(used, i)
				s.put(i)
			},
			"": func(t *rapid.T) {
				for i, want := range used {
					if got := *s.at(i); got != want {
						t.Fatalf("record %d holds %d, want %d", i, got, want)
					}
				}
				if len(s.records) != most {
					t.Fatalf("%d records for at most %d in use at once", len(s.records), most)
				}
			},
		})
	})
}
