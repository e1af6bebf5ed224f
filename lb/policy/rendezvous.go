package policy

import (
	"math"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// Rendezvous is highest-random-weight hashing (Thaler and Ravishankar, "Using
// name-based mappings to increase hit rates", IEEE/ACM ToN 6(1), 1998): every
// backend gets a score from the hash of its name and the request's Key, and the highest
// wins. When a backend goes, exactly its own keys move, and spread over all others; there is no table.
//
// With weights the score is −weight/ln(u), u the hash as a number in (0, 1)
// (Schindelhauer and Schomaker, "Weighted distributed hash tables", SPAA 2005):
// a backend then wins in exact proportion to its weight, and a change of one weight, slow start
// included, moves keys only to or from that backend. A pick costs n hashes, and n logarithms when
// weights differ.
type Rendezvous struct{}

// New returns a fresh policy.
func (Rendezvous) New() lb.Policy { return rendezvous{} }

type rendezvous struct{}

func (rendezvous) Name() string { return "rendezvous" }

func (rendezvous) Build(s *lb.Snapshot) lb.Picker {
	return &rendezvousPicker{members: s.Members(), weighted: s.Weighted()}
}

type rendezvousPicker struct {
	members  []lb.Member
	weighted bool
}

func (p *rendezvousPicker) Pick(_ lb.Time, req lb.Request, _ *rng.Rand, tr *lb.Trace) int {
	best, bestScore := 0, -1.0
	for i, m := range p.members {
		score := openUnit(rng.Mix(m.Hash(), req.Key))
		if p.weighted { // equal weights change no order
			score = -m.Weight / math.Log(score)
		}
		if tr != nil {
			tr.Score(i, score, "")
		}
		if score > bestScore {
			best, bestScore = i, score
		}
	}
	if tr != nil {
		tr.Rule = "highest hash of backend and key"
	}
	return best
}

// openUnit maps 64 bits into (0, 1), both ends excluded: 52 of them, and half a step more.
func openUnit(bits uint64) float64 { return (float64(bits>>12) + 0.5) * 0x1p-52 }
