package policy_test

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/policy"
)

// prequalModel is the algorithm of the paper over a plain list.
type prequalModel struct {
	spec    *policy.Prequal
	once    bool // a probe is used once; otherwise any number of times
	probes  []modelProbe
	read    int // reports taken in
	served  int
	removed int
}

type modelProbe struct {
	id      lb.BackendID
	at      lb.Time
	rif     int
	latency float64
}

// take takes in the reports that came since the last time.
func (m *prequalModel) take(b *scribe) {
	for ; m.read < len(b.reports); m.read++ {
		w := b.reports[m.read]
		m.drop(func(p modelProbe) bool { return w.at.Sub(p.at) > m.spec.MaxAge })
		if size := len(m.probes); m.drop(func(p modelProbe) bool { return p.id == w.id }) == 0 &&
			size >= max(2, min(m.spec.PoolSize, w.members/2)) {
			m.drop(m.is(m.oldest(m.probes)))
		}
		m.probes = append(m.probes, modelProbe{w.id, w.at, int(w.rep.InFlight), float64(w.rep.Latency)})
	}
	m.drop(func(p modelProbe) bool { return b.now.Sub(p.at) > m.spec.MaxAge })
}

func (m *prequalModel) drop(which func(modelProbe) bool) (dropped int) {
	n := len(m.probes)
	m.probes = slices.DeleteFunc(m.probes, which)
	return n - len(m.probes)
}

func (*prequalModel) is(p modelProbe) func(modelProbe) bool {
	return func(q modelProbe) bool { return q.id == p.id }
}

func (*prequalModel) oldest(probes []modelProbe) modelProbe {
	return slices.MinFunc(probes, func(a, b modelProbe) int { return cmp.Compare(a.at, b.at) })
}

// theta is the quantile of the last 128 reported RIFs.
func (m *prequalModel) theta(b *scribe) float64 {
	var rifs []int
	for _, w := range b.reports[max(0, len(b.reports)-128):] {
		rifs = append(rifs, int(w.rep.InFlight))
	}
	slices.Sort(rifs)
	switch q := m.spec.QRIF; {
	case q == 0:
		return -1
	case q == 1:
		return math.Inf(1)
	default:
		return float64(rifs[int(math.Ceil(q*float64(len(rifs))))-1])
	}
}

// order sorts the probes of the members as the hot-cold rule prefers them.
func (m *prequalModel) order(b *scribe, members []view) []modelProbe {
	var out []modelProbe
	sum, n := 0.0, 0.0
	for _, p := range m.probes {
		if !slices.ContainsFunc(members, func(v view) bool { return v.id == p.id }) {
			continue
		}
		out = append(out, p)
		if p.latency > 0 {
			sum, n = sum+p.latency, n+1
		}
	}
	theta := m.theta(b)
	slices.SortFunc(out, func(x, y modelProbe) int {
		hotX, hotY := float64(x.rif) > theta, float64(y.rif) > theta
		latX, latY := x.latency, y.latency
		if latX == 0 {
			latX = sum / max(n, 1)
		}
		if latY == 0 {
			latY = sum / max(n, 1)
		}
		switch {
		case hotX != hotY && hotY:
			return -1
		case hotX != hotY:
			return 1
		case hotX:
			return cmp.Or(cmp.Compare(x.rif, y.rif), cmp.Compare(latX, latY), cmp.Compare(y.at, x.at))
		}
		return cmp.Or(cmp.Compare(latX, latY), cmp.Compare(x.rif, y.rif), cmp.Compare(y.at, x.at))
	})
	return out
}

// pick returns the choice, false when it is random.
func (m *prequalModel) pick(b *scribe, members []view) (id lb.BackendID, ok bool) {
	m.take(b)
	if len(m.probes) < 2 {
		return 0, false
	}
	ranked := m.order(b, members)
	if len(ranked) < 2 {
		return 0, false
	}
	id = ranked[0].id
	for i := range m.probes {
		if m.probes[i].id == id {
			m.probes[i].rif++
		}
	}
	if m.once {
		m.drop(m.is(ranked[0]))
		ranked = ranked[1:]
	}
	m.served++
	due := int(math.Floor(m.spec.RemoveRate*float64(m.served)) - math.Floor(m.spec.RemoveRate*float64(m.served-1)))
	for ; due > 0; due-- {
		m.removed++
		if len(ranked) == 0 {
			break
		}
		victim := m.oldest(ranked)
		if m.removed%2 == 0 {
			victim = ranked[len(ranked)-1]
		}
		m.drop(m.is(victim))
		ranked = slices.DeleteFunc(ranked, m.is(victim))
	}
	return id, true
}

func TestPrequalModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &prequalModel{once: rapid.Bool().Draw(rt, "once")}
		m.spec = &policy.Prequal{
			Probing: policy.Probing{
				PoolSize:   rapid.IntRange(2, 8).Draw(rt, "pool_size"),
				MaxAge:     time.Second,
				RemoveRate: rapid.SampledFrom([]float64{0, 0.25, 1, 1.5}).Draw(rt, "remove_rate"),
			},
			QRIF: rapid.SampledFrom([]float64{0, 0.5, 0.84, 1}).Draw(rt, "q_rif"),
		}
		if m.once { // (1+δ)/gain < 1
			m.spec.ProbeRate, m.spec.Delta = 16, 0
		} else { // (1+δ)/gain ≥ 1000
			m.spec.ProbeRate, m.spec.Delta = 0.1, 100
		}
		healthy := []lb.Verdict{lb.Success, lb.Canceled}
		live(rt, newRig(t, m.spec, evenWeights(rapid.IntRange(1, 16).Draw(rt, "backends"))...), healthy, func(b *scribe, c choice) {
			want, ok := m.pick(b, c.members)
			if ok == strings.HasPrefix(c.trace.Rule, "fewer") {
				rt.Fatalf("chosen by probes: want %v\n%s", ok, c.trace)
			}
			if got := c.members[c.index].id; ok && got != want {
				rt.Fatalf("chose %d, want %d\n%s", got, want, c.trace)
			}
		})
	})
}

// TestLoadProbesModel holds the rate exactly, and that nobody is asked twice for one query.
func TestLoadProbesModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		weights := modelWeights().Draw(rt, "weights")
		rate := rapid.SampledFrom([]float64{0, 0.25, 1, 2.5, 3, 16}).Draw(rt, "probe_rate")
		probing := policy.DefaultProbing()
		probing.ProbeRate = rate
		r := newRig(t, &policy.Prequal{Probing: probing, QRIF: 0.84}, weights...)
		even, asked := !r.balancer.Snapshot().Weighted(), 0
		for query := 1; query <= 40; query++ {
			ids := r.balancer.LoadProbes(0, &r.rand, nil, nil)
			slices.Sort(ids)
			if len(slices.Compact(slices.Clone(ids))) != len(ids) {
				rt.Fatalf("asked twice: %v", ids)
			}
			asked += len(ids)
			// With unequal weights a draw may be given up.
			if due := int(rate * float64(query)); asked > due || even && rate <= float64(len(weights)) && asked != due {
				rt.Fatalf("%d probes after %d queries, want %d", asked, query, due)
			}
		}
	})
}
