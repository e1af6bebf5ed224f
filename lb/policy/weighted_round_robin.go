package policy

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// WeightedRoundRobin gives each backend turns in proportion to its weight,
// spread evenly over the rotation. Load is not looked at. The position is one
// atomic counter that outlives snapshots, so that a change of weights does not send everybody back to the
// start.
//
// The smooth form is nginx's sequence (ngx_http_upstream_round_robin): each
// turn adds every weight to its backend's credit, and the one with the most is
// picked and pays the total. {5,1,1} gives a a b a c a a. The rotation repeats,
// so it is compiled once per snapshot, and a pick is one atomic addition;
// wholeTurns states the limit of the cycle and the error it costs.
//
// The static-stride form is grpc-go's (balancer/weightedroundrobin): no table,
// weights scaled to 1…65535 (a lighter one is raised to 1), and turns skipped
// by a fixed pattern. A pick costs one atomic addition for each turn looked at, at most n.
//
// Slow start shows in both as fewer turns, since it lowers the weight.
type WeightedRoundRobin struct {
	Form string `yaml:"form" enum:"smooth,static_stride" doc:"smooth: nginx's even sequence from a table; static_stride: grpc-go's, without one"`
}

// New returns a fresh policy.
func (s WeightedRoundRobin) New() lb.Policy {
	return &weightedRoundRobin{stride: s.Form == "static_stride"}
}

type weightedRoundRobin struct {
	rotation
	stride bool
}

func (*weightedRoundRobin) Name() string { return "weighted_round_robin" }

func (p *weightedRoundRobin) Build(s *lb.Snapshot) lb.Picker {
	if p.stride {
		return &stridePicker{turn: p.over(s), weights: strideWeights(s.Members())}
	}
	return &cyclePicker{turn: p.over(s), cycle: smoothCycle(wholeTurns(s.Members()))}
}

// cyclePicker walks a compiled rotation.
type cyclePicker struct {
	turn  *atomic.Uint64
	cycle []uint16 // member indices
}

func (p *cyclePicker) Pick(_ lb.Time, _ lb.Request, _ *rng.Rand, tr *lb.Trace) int {
	at := (p.turn.Add(1) - 1) % uint64(len(p.cycle))
	i := int(p.cycle[at])
	if tr != nil {
		tr.Consider(i, "")
		tr.Rule = "turn " + strconv.FormatUint(at+1, 10) + " of " + strconv.Itoa(len(p.cycle))
	}
	return i
}

// Member indices fit the table's element type.
var _ [1<<16 - lb.MaxBackends]struct{}

// smoothCycle returns one cycle of nginx's smooth sequence for whole weights.
// Backends of equal weight take their turns in order of index, so one credit
// for each distinct weight is enough: k distinct weights need a cycle of at
// least k²/2 turns, which bounds the work to cycle·√(2·cycle).
func smoothCycle(weights []int) []uint16 {
	total := 0
	for _, w := range weights {
		total += w
	}
	classes := weightClasses(weights)
	cycle := make([]uint16, total)
	for t := range cycle {
		best := &classes[0]
		for k := range classes {
			c := &classes[k]
			c.credit += c.weight
			if c.credit > best.credit || c.credit == best.credit && c.members[c.head] < best.members[best.head] {
				best = c
			}
		}
		cycle[t] = best.take(total)
	}
	return cycle
}

// weightClass is the backends of one weight. Its credit is that of the head,
// whose turn comes next.
type weightClass struct {
	weight, credit int
	members        []uint16
	head           int
}

// take gives the head its turn. The next one has the same credit, except after the last:
// then all have paid once more.
func (c *weightClass) take(total int) uint16 {
	i := c.members[c.head]
	if c.head++; c.head == len(c.members) {
		c.head = 0
		c.credit -= total
	}
	return i
}

func weightClasses(weights []int) []weightClass {
	order := make([]uint16, len(weights))
	for i := range order {
		order[i] = uint16(i)
	}
	slices.SortStableFunc(order, func(a, b uint16) int { return cmp.Compare(weights[a], weights[b]) })
	var classes []weightClass
	for from, to := 0, 0; from < len(order); from = to {
		w := weights[order[from]]
		for to < len(order) && weights[order[to]] == w {
			to++
		}
		classes = append(classes, weightClass{weight: w, members: order[from:to]})
	}
	return classes
}

// maxStride is the weight of the heaviest backend in the static-stride form,
// and with it the number of generations after which the pattern repeats.
const maxStride = 1<<16 - 1

func strideWeights(members []lb.Member) []uint64 {
	heaviest := 0.0
	for _, m := range members {
		heaviest = max(heaviest, m.Weight)
	}
	weights := make([]uint64, len(members))
	for i, m := range members {
		weights[i] = max(1, uint64(math.Round(m.Weight/heaviest*maxStride)))
	}
	return weights
}

// stridePicker looks at the backends in turn and gives each the share
// weight/maxStride of its turns; the heaviest takes all of its own, which ends every search.
type stridePicker struct {
	turn    *atomic.Uint64
	weights []uint64
}

func (p *stridePicker) Pick(_ lb.Time, _ lb.Request, _ *rng.Rand, tr *lb.Trace) int {
	n := uint64(len(p.weights))
	for {
		turn := p.turn.Add(1) - 1
		i, generation := turn%n, turn/n
		skip := strideSkips(p.weights[i], i, generation)
		if tr != nil && skip {
			tr.Consider(int(i), "turn skipped")
		}
		if skip {
			continue
		}
		if tr != nil {
			tr.Consider(int(i), "")
			tr.Rule = "its turn in generation " + strconv.FormatUint(generation, 10)
		}
		return int(i)
	}
}

// strideSkips tells whether a backend sits a generation out. The offset keeps
// backends of one weight from skipping all at once.
func strideSkips(weight, i, generation uint64) bool {
	const offset = maxStride / 2
	return (weight*generation+i*offset)%maxStride < maxStride-weight
}
