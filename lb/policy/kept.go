package policy

import (
	"math"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// kept is what a policy remembers of each backend for as long as the pool
// holds it, whatever the snapshots; indexed by BackendID. Only Build touches it. Pickers
// hold the pointers.
type kept[T any] []*T

// members returns the memory of each member of s in member order. A new
// backend starts with a zero T; those that left the pool are forgotten.
func (k *kept[T]) members(s *lb.Snapshot) []*T {
	for id := range *k {
		if !s.Known(lb.BackendID(id)) {
			(*k)[id] = nil
		}
	}
	out := make([]*T, len(s.Members()))
	for i, m := range s.Members() {
		for int(m.ID()) >= len(*k) {
			*k = append(*k, nil)
		}
		if (*k)[m.ID()] == nil {
			(*k)[m.ID()] = new(T)
		}
		out[i] = (*k)[m.ID()]
	}
	return out
}

// least keeps the candidate with the lowest score. Equals are drawn from
// uniformly by reservoir sampling, so that the balancers of an idle fleet do
// not all send to the same backend. Start with noneYet.
type least struct {
	index  int
	score  float64
	equals int
}

func noneYet() least { return least{index: -1, score: math.Inf(1)} }

// offer is small so that it is inlined: most candidates lose.
func (l *least) offer(i int, score float64, r *rng.Rand) {
	if score <= l.score {
		l.take(i, score, r)
	}
}

func (l *least) take(i int, score float64, r *rng.Rand) {
	if l.index < 0 || score < l.score {
		*l = least{i, score, 1}
		return
	}
	if l.equals++; r.Intn(l.equals) == 0 {
		l.index = i
	}
}

func (l *least) explain(tr *lb.Trace, rule string) {
	tr.Rule = rule
	if l.equals > 1 {
		tr.TieBreak = "drawn among the equals"
	}
}

// lots draws members in proportion to weight, and in the cheap way when all
// weights are the same.
type lots struct {
	n     int
	table aliasTable // nil: equal weights
}

func newLots(s *lb.Snapshot) lots {
	l := lots{n: len(s.Members())}
	if s.Weighted() {
		l.table = newAliasTable(s.Members())
	}
	return l
}

func (l *lots) draw(r *rng.Rand) int {
	if l.table == nil {
		return r.Intn(l.n)
	}
	return l.table.draw(r)
}

// field is the set of members that a pick compares: all of them, or a uniform
// sample without replacement.
type field struct {
	all     []int
	choices int
}

// newField makes a field of choices members; 0, or more than there are, means all.
func newField(s *lb.Snapshot, choices int) field {
	f := field{all: make([]int, len(s.Members())), choices: choices}
	for i := range f.all {
		f.all[i] = i
	}
	if choices <= 0 || choices > len(f.all) {
		f.choices = len(f.all)
	}
	return f
}

// draw returns the candidates of one pick. buf is the caller's, on its stack.
func (f *field) draw(r *rng.Rand, buf *[maxChoices]int) []int {
	if f.choices == len(f.all) {
		return f.all
	}
	for k := range f.choices {
		buf[k] = drawDistinct(r, len(f.all), buf[:k])
	}
	return buf[:f.choices]
}
