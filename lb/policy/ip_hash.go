package policy

import (
	"sort"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// IPHash sends each client (Request.Client) to one backend, whatever the load:
// the unit interval is cut into one piece per backend, as long as its share of
// the weight and in the order of the members, and the client's hash falls into
// one of them. It is nginx's ip_hash without the modulo.
//
// When a backend comes or goes, every cut shifts: among n equal backends about
// half of the clients move (a modulo would move all but 1/n of them; ring_hash,
// maglev and rendezvous move only about 1/n). A change of weight, slow start
// included, shifts the cuts likewise. A pick costs log₂ n steps.
type IPHash struct{}

// New returns a fresh policy.
func (IPHash) New() lb.Policy { return ipHash{} }

type ipHash struct{}

func (ipHash) Name() string { return "ip_hash" }

func (ipHash) Build(s *lb.Snapshot) lb.Picker {
	members := s.Members()
	p := &ipHashPicker{ends: make([]float64, len(members))}
	total, sum := totalWeight(members), 0.0
	for i, m := range members {
		sum += m.Weight
		p.ends[i] = sum / total
	}
	return p
}

type ipHashPicker struct{ ends []float64 } // where each member's piece ends; the last is 1

func (p *ipHashPicker) Pick(_ lb.Time, req lb.Request, _ *rng.Rand, tr *lb.Trace) int {
	at := rng.Unit(spread(req.Client))
	i := sort.Search(len(p.ends)-1, func(i int) bool { return at < p.ends[i] })
	if tr != nil {
		tr.Consider(i, "")
		tr.Rule = "the client's hash"
	}
	return i
}

// spread makes uniform bits of a request's Client or Key, which are hashes of
// unknown quality.
func spread(hash uint64) uint64 { return rng.Mix(spreadSeed, hash) }

// spreadSeed is arbitrary, but fixed: balancers must agree on where a key belongs.
const spreadSeed = 0x6c6263746c // "lbctl"
