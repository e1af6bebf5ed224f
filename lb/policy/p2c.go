package policy

import (
	"slices"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// P2C samples backends at random and takes the one with the least in-flight
// per weight: JSQ(d), the "power of two choices" for d = 2 (Mitzenmacher, "The power of two
// choices in randomized load balancing", IEEE TPDS 12(10), 2001). Backends are
// sampled without replacement, uniformly; the score (in-flight+1)/weight
// is the least-request rule of Envoy with active_request_bias 1.
type P2C struct {
	Choices int `yaml:"choices" min:"1" max:"16" doc:"backends to sample (d)"`
}

// New returns a fresh policy.
func (s P2C) New() lb.Policy { return &p2c{choices: s.Choices} }

type p2c struct{ choices int }

func (*p2c) Name() string { return "p2c" }

func (p *p2c) Build(s *lb.Snapshot) lb.Picker {
	return &p2cPicker{members: s.Members(), choices: min(p.choices, len(s.Members()))}
}

// maxChoices bounds P2C.Choices, so that a sample fits on the stack.
const maxChoices = 16

type p2cPicker struct {
	members []lb.Member
	choices int
}

func (p *p2cPicker) Pick(_ lb.Time, _ lb.Request, r *rng.Rand, tr *lb.Trace) int {
	var sample [maxChoices]int
	best, bestScore := -1, 0.0
	for k := range p.choices {
		i := drawDistinct(r, len(p.members), sample[:k])
		sample[k] = i
		score := perWeight(p.members[i])
		if tr != nil {
			tr.Score(i, score, "sampled")
		}
		// Equals: the first sampled stays, which is a fair draw since the order of the sample is random.
		if best < 0 || score < bestScore {
			best, bestScore = i, score
		} else if tr != nil && score == bestScore {
			tr.TieBreak = "first sampled"
		}
	}
	if tr != nil {
		tr.Rule = "least in-flight of the sample"
	}
	return best
}

// perWeight is the load of a member as least-request rules see it: what it would carry with
// one more attempt, per unit of weight.
func perWeight(m lb.Member) float64 { return float64(m.InFlight()+1) / m.Weight }

// drawDistinct returns a uniform index below n that is not in taken, by
// rejection: taken holds at most maxChoices−1 of them.
func drawDistinct(r *rng.Rand, n int, taken []int) int {
	for {
		if i := r.Intn(n); !slices.Contains(taken, i) {
			return i
		}
	}
}
