package policy

import (
	"math"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// Probing is how a policy that chooses by load probes asks for them and how
// long it uses them (Wydrowski et al., NSDI'24, sections 4 and 5). Defaults are the paper's.
type Probing struct {
	ProbeRate  float64       `yaml:"probe_rate" min:"0" max:"16" doc:"load probes per query; may be fractional"`
	PoolSize   int           `yaml:"pool_size" min:"2" max:"32" doc:"probes kept (m); no more than half as many as there are backends are used, but at least 2"`
	MaxAge     time.Duration `yaml:"max_age" min:"1ms" max:"1h" doc:"a probe older than this is dropped"`
	Delta      float64       `yaml:"delta" min:"0" max:"100" doc:"net growth of the pool per query (δ) that sets how often a probe is reused"`
	RemoveRate float64       `yaml:"remove_rate" min:"0" max:"16" doc:"probes removed per query, in turn the oldest and the worst; may be fractional"`
}

// DefaultProbing returns the paper's parameters.
func DefaultProbing() Probing {
	return Probing{ProbeRate: 3, PoolSize: 16, MaxAge: time.Second, Delta: 1, RemoveRate: 1}
}

// probing is the part of the state of a probing policy that outlives snapshots.
type probing struct {
	Probing
	pool    probePool
	queries atomic.Uint64 // for which probes were asked
	served  atomic.Uint64 // by the pool
	removed atomic.Uint64
}

func newProbing(spec Probing) *probing {
	p := &probing{Probing: spec}
	p.pool.init(spec.PoolSize, spec.MaxAge)
	return p
}

// over adapts it to one snapshot. Embedded in a picker it is an lb.Prober.
func (p *probing) over(s *lb.Snapshot) prober {
	n := float64(len(s.Members()))
	limit := max(2, min(p.PoolSize, len(s.Members())/2))
	return prober{probing: p, snapshot: s, lots: newLots(s), limit: limit, reuse: p.reuse(min(0.5, float64(limit)/n))}
}

// reuse returns how often a probe is used on average before it is dropped,
//
//	b = max(1, (1+δ) / ((1−m/n)·probe_rate − remove_rate))
//
// so that the pool is replenished as fast as it is used up: a probe of a backend
// that is in the pool already, as m in n are, adds nothing to it. When the pool
// cannot be sustained at all, reuse is unbounded up to maxReuse; age and removal
// then empty it. pooled is m/n; it is taken as ½ where n < 4, since the pool holds 2 there.
func (p *Probing) reuse(pooled float64) float64 {
	gain := (1-pooled)*p.ProbeRate - p.RemoveRate
	if gain <= 0 {
		return maxReuse
	}
	return min(maxReuse, max(1, (1+p.Delta)/gain))
}

type prober struct {
	*probing
	snapshot *lb.Snapshot
	lots     lots
	limit    int     // probes kept (m)
	reuse    float64 // uses per probe (b)
}

// LoadProbes implements lb.Prober: distinct members, drawn by weight. A
// fractional rate is kept exactly, by spreading the probes evenly over the
// queries.
func (p *prober) LoadProbes(_ lb.Time, r *rng.Rand, dst []int) []int {
	n := wholeSteps(p.ProbeRate, p.queries.Add(1)-1)
	from := len(dst)
	for range min(n, p.lots.n) {
		if i := p.drawOther(r, dst[from:]); i >= 0 {
			dst = append(dst, i)
		}
	}
	return dst
}

// drawOther draws a member that is not in taken. With very unequal weights it may
// give up, which costs a probe.
func (p *prober) drawOther(r *rng.Rand, taken []int) int {
	if p.lots.table == nil {
		return drawDistinct(r, p.lots.n, taken)
	}
	const tries = 16
	for range tries {
		if i := p.lots.draw(r); !slices.Contains(taken, i) {
			return i
		}
	}
	return -1
}

// wholeSteps returns how many of rate steps per call fall on call n (from 0):
// ⌊rate·(n+1)⌋ − ⌊rate·n⌋.
func wholeSteps(rate float64, n uint64) int {
	return int(math.Floor(rate*float64(n+1)) - math.Floor(rate*float64(n)))
}

// serve uses the best of the ranked probes, removes what is due to be removed, and returns the chosen
// member. probes holds at least one.
func (p *prober) serve(probes []probe, r *rng.Rand) int {
	best := bestOf(probes)
	best.use(p.lastUse(best.state.used()+1, r))
	for range wholeSteps(p.RemoveRate, p.served.Add(1)-1) {
		victim := oldestOf(probes)
		if p.removed.Add(1)%2 == 0 {
			victim = worstOf(probes)
		}
		if victim == nil {
			break
		}
		victim.remove()
	}
	return best.member
}

// lastUse says whether a probe's k-th use is its last. The number of uses is b
// rounded at random, up with probability its fraction; that is drawn when it
// first matters.
func (p *prober) lastUse(k int, r *rng.Rand) bool {
	whole := int(p.reuse)
	if k != whole {
		return k > whole
	}
	up := p.reuse - float64(whole)
	return up == 0 || r.Float64() >= up
}

// random is the choice when there are too few probes to compare.
func (p *prober) random(r *rng.Rand, probes int, tr *lb.Trace) int {
	i := p.lots.draw(r)
	if tr != nil {
		tr.Consider(i, "drawn by weight")
		tr.Rule = "fewer than 2 probes (" + strconv.Itoa(probes) + "): random draw"
	}
	return i
}
