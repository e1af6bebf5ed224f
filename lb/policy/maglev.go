package policy

import (
	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// Maglev is the consistent hashing of Google's load balancer (Eisenbud et al.,
// "Maglev: a fast and reliable software network load balancer", NSDI 2016, §3.4):
// a table with a prime number of entries, which backends fill in turn, each
// along a permutation of its own that follows from its name. A request goes to
// the entry of the hash of its Key: one lookup, shares as even as the turns, and few keys moved
// when membership changes (a little more than the unavoidable 1/n).
//
// Turns are taken in the order of smooth weighted round robin, so weights, and
// with them slow start, count as shares of the table. Load is not looked at. Keep the
// table at 100 entries a backend or more: shares are then within 1% of even. With fewer
// entries than turns in the rotation the lightest backends may get none.
type Maglev struct {
	TableSize int `yaml:"table_size" min:"251" max:"1048573" doc:"entries of the table, rounded up to a prime"`
}

// New returns a fresh policy.
func (s Maglev) New() lb.Policy { return &maglev{size: nextPrime(s.TableSize)} }

type maglev struct{ size uint32 }

func (*maglev) Name() string { return "maglev" }

func (p *maglev) Build(s *lb.Snapshot) lb.Picker {
	return &maglevPicker{table: fillMaglev(s.Members(), p.size)}
}

type maglevPicker struct{ table []uint16 }

func (p *maglevPicker) Pick(_ lb.Time, req lb.Request, _ *rng.Rand, tr *lb.Trace) int {
	i := int(p.table[spread(req.Key)%uint64(len(p.table))])
	if tr != nil {
		tr.Consider(i, "")
		tr.Rule = "entry of the key's hash"
	}
	return i
}

// fillMaglev is the paper's population loop, with turns by weight. It looks at
// about size·ln(size) entries.
func fillMaglev(members []lb.Member, size uint32) []uint16 {
	const empty = 1<<16 - 1 // no member has this index, see smoothCycle
	table := make([]uint16, size)
	for k := range table {
		table[k] = empty
	}
	walks := make([]maglevWalk, len(members))
	for i, m := range members {
		walks[i] = newMaglevWalk(m.Hash(), size)
	}
	turns := smoothCycle(wholeTurns(members))
	for filled := range size {
		i := turns[int(filled)%len(turns)]
		at := walks[i].next(size)
		for table[at] != empty {
			at = walks[i].next(size)
		}
		table[at] = i
	}
	return table
}

// maglevWalk is a place in a backend's permutation of the table: offset, offset+skip,
// offset+2·skip … modulo the prime size, which visits every entry once.
type maglevWalk struct{ at, skip uint32 }

func newMaglevWalk(hash uint64, size uint32) maglevWalk {
	return maglevWalk{
		at:   uint32(rng.Mix(hash, 0) % uint64(size)),
		skip: uint32(rng.Mix(hash, 1)%uint64(size-1)) + 1,
	}
}

func (w *maglevWalk) next(size uint32) uint32 {
	at := w.at
	if w.at += w.skip; w.at >= size {
		w.at -= size
	}
	return at
}

// nextPrime returns the least prime that is n or more, for n ≥ 2.
func nextPrime(n int) uint32 {
	for !isPrime(n) {
		n++
	}
	return uint32(n)
}

func isPrime(n int) bool {
	for d := 2; d*d <= n; d++ {
		if n%d == 0 {
			return false
		}
	}
	return true
}
