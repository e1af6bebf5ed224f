package policy

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// RingHash is consistent hashing (Karger et al., STOC 1997) with virtual nodes
// as in ketama: every backend owns points on a ring in proportion to its
// weight, and a request goes to the first point clockwise of the hash of its
// Key. The points follow from the backends' names alone, so balancers agree.
//
// The number of points for a unit of weight is a power of two: the least with
// which the whole pool, drained and unhealthy backends included, has
// min_ring_size points and the lightest backend a whole one, unless max_ring_size
// forbids. So it stays as it is when a backend fails, drains or ramps up, and just the keys of that
// backend move. (Envoy sizes the ring for the hosts at hand, and with every change also
// moves keys between the others.) Only when the pool has about doubled or halved is it
// changed, and then up to half of the keys move.
//
// Bounded loads (Mirrokni, Thorup and Zadimoghaddam, "Consistent hashing with
// bounded loads", SODA 2018): no backend takes more than
//
//	⌈bounded_load_factor · (in-flight of all + 1) · its share of the weight⌉
//
// and a request walks on clockwise past those that are full. A hot key then spills
// over to its neighbours instead of drowning its backend. In-flight is this
// balancer's own.
//
// Weights, and with them slow start, count in the points and in the bound: a backend that ramps up takes
// over its keys little by little. A pick costs log₂ of the ring, and n loads when the first choice is
// busy and loads are bounded.
type RingHash struct {
	MinRingSize int     `yaml:"min_ring_size" min:"1" max:"1048576" doc:"least number of points on the ring"`
	MaxRingSize int     `yaml:"max_ring_size" min:"1" max:"1048576" doc:"largest number of points on the ring, but one for each backend; wins over min_ring_size"`
	LoadFactor  float64 `yaml:"bounded_load_factor" min:"0" max:"1000" doc:"capacity of a backend as a multiple of its fair share of the in-flight; 0: unbounded; below 1 counts as 1"`
}

// New returns a fresh policy.
func (s RingHash) New() lb.Policy { return &ringHash{s} }

type ringHash struct{ RingHash }

func (*ringHash) Name() string { return "ring_hash" }

func (p *ringHash) Build(s *lb.Snapshot) lb.Picker {
	members := s.Members()
	ring := ringPicker{members: members, points: ringPoints(members, p.pointsPerWeight(s))}
	if p.LoadFactor == 0 {
		return &ring
	}
	return &boundedRingPicker{ringPicker: ring, perWeight: max(1, p.LoadFactor) / totalWeight(members)}
}

type ringPoint struct {
	hash   uint64
	member int32
}

func ringPoints(members []lb.Member, perWeight float64) []ringPoint {
	var points []ringPoint
	for i, m := range members {
		own := max(1, int(math.Round(m.Weight*perWeight)))
		for k := range own {
			points = append(points, ringPoint{hash: rng.Mix(m.Hash(), uint64(k)), member: int32(i)})
		}
	}
	slices.SortFunc(points, func(a, b ringPoint) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.member, b.member))
	})
	return points
}

// pointsPerWeight sizes the ring.
func (p *ringHash) pointsPerWeight(s *lb.Snapshot) float64 {
	members := s.Members()
	total, least := totalWeight(members), math.Inf(1)
	for _, m := range members {
		least = min(least, m.Weight)
	}
	// The excluded are taken to weigh what the members weigh on average.
	pool := total * float64(len(members)+len(s.Excluded())) / float64(len(members))
	wanted := max(float64(p.MinRingSize)/pool, 1/least)
	allowed := float64(p.MaxRingSize) / total
	return min(math.Exp2(math.Ceil(math.Log2(wanted))), math.Exp2(math.Floor(math.Log2(allowed))))
}

type ringPicker struct {
	members []lb.Member
	points  []ringPoint
}

// home returns the first point at or clockwise of a request's key.
func (p *ringPicker) home(req lb.Request) int {
	key := spread(req.Key)
	at := sort.Search(len(p.points), func(k int) bool { return p.points[k].hash >= key })
	if at == len(p.points) {
		return 0
	}
	return at
}

func (p *ringPicker) Pick(_ lb.Time, req lb.Request, _ *rng.Rand, tr *lb.Trace) int {
	i := int(p.points[p.home(req)].member)
	if tr != nil {
		tr.Consider(i, "")
		tr.Rule = "next on the ring"
	}
	return i
}

type boundedRingPicker struct {
	ringPicker
	perWeight float64 // factor/Σ weights
}

func (p *boundedRingPicker) Pick(_ lb.Time, req lb.Request, _ *rng.Rand, tr *lb.Trace) int {
	home := p.home(req)
	i := int(p.points[home].member)
	// An idle backend always has room for one, and nothing need be summed up.
	if tr == nil && p.members[i].InFlight() == 0 {
		return i
	}
	perWeight := p.perWeight * float64(p.inFlight()+1)
	for step := range p.points {
		k := home + step
		if k >= len(p.points) {
			k -= len(p.points)
		}
		i := int(p.points[k].member)
		room := capacity(p.members[i].Weight * perWeight)
		full := float64(p.members[i].InFlight()) >= room
		if tr != nil {
			explainRoom(tr, i, room, full)
		}
		if !full {
			return i
		}
	}
	// The capacities add up to more than all that is in flight, so this takes a race.
	return i
}

func (p *boundedRingPicker) inFlight() int {
	sum := 0
	for _, m := range p.members {
		sum += m.InFlight()
	}
	return sum
}

// capacity rounds a bound up to a whole number of attempts, and forgives the product its rounding error.
func capacity(bound float64) float64 { return max(1, math.Ceil(bound*(1-1e-12))) }

func explainRoom(tr *lb.Trace, i int, room float64, full bool) {
	note := "has room"
	tr.Rule = "next on the ring with room"
	if full {
		note = "full"
	}
	// A backend has many points on the ring; once is enough.
	if !slices.ContainsFunc(tr.Candidates, func(c lb.Candidate) bool { return c.Index == i }) {
		tr.Score(i, room, note)
	}
}
