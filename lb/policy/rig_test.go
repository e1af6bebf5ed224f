package policy_test

import (
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/policy"
	"github.com/lbctl/lbctl/lb/rng"
)

// rig is a pool with a driver's bookkeeping, for model tests, allocation tests
// and benchmarks.
type rig struct {
	balancer   *lb.Balancer
	controller *lb.Controller
	rand       rng.Rand
	now        lb.Time
	number     uint64
	leases     []lb.Lease
}

// newRig returns a pool of backends b0, b1 … of the given weights.
func newRig(t testing.TB, spec policy.Spec, weights ...float64) *rig {
	t.Helper()
	r := &rig{rand: rng.New(1)}
	r.balancer, r.controller = lb.New(lb.Config{Policy: spec.New()}, 1)
	for i, w := range weights {
		if err := r.controller.Step(0, lb.Add{Spec: lb.Spec{Name: "b" + strconv.Itoa(i), Weight: w}}); err != nil {
			t.Fatal(err)
		}
	}
	r.controller.Advance(0, nil)
	return r
}

// evenWeights returns n equal weights, unevenWeights n that differ.
func evenWeights(n int) []float64 { return weightsOf(n, func(int) float64 { return 1 }) }

func unevenWeights(n int) []float64 {
	return weightsOf(n, func(i int) float64 { return float64(1 + i%5) })
}

func weightsOf(n int, weight func(int) float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = weight(i)
	}
	return out
}

// request is the next call, with a client and key of its own.
func (r *rig) request() lb.Request {
	r.number++
	client := rng.Mix(1, r.number)
	return lb.Request{Number: r.number, Client: client, Key: rng.Mix(2, r.number%100)}
}

// view is what a model may know of a member before a pick.
type view struct {
	id       lb.BackendID
	hash     uint64
	weight   float64
	inflight int
}

func (r *rig) views() []view {
	var out []view
	for _, m := range r.balancer.Snapshot().Members() {
		out = append(out, view{m.ID(), m.Hash(), m.Weight, m.InFlight()})
	}
	return out
}

// choice is one pick as a model sees it: what was there, and what was chosen.
type choice struct {
	members []view
	req     lb.Request
	index   int
	trace   *lb.Trace
}

// modelWeights draws pools: of one backend or several, alike or far apart.
func modelWeights() *rapid.Generator[[]float64] {
	weight := rapid.OneOf(
		rapid.Just(1.0),
		rapid.Map(rapid.IntRange(1, 20), func(n int) float64 { return float64(n) }),
		rapid.Float64Range(0.1, 10),
		rapid.SampledFrom([]float64{lb.MinWeight, lb.MaxWeight}),
	)
	return rapid.OneOf(
		rapid.Map(rapid.IntRange(1, 12), evenWeights),
		rapid.SliceOfN(weight, 1, 12),
	)
}

// churn picks and finishes attempts and changes the pool at random, and shows each pick to check.
func churn(t *rapid.T, tb testing.TB, spec policy.Spec, check func(choice)) {
	churnOn(t, func(weights []float64) *rig { return newRig(tb, spec, weights...) }, check)
}

// churnOn is churn for a check that needs the rig itself.
func churnOn(t *rapid.T, rigOf func(weights []float64) *rig, check func(choice)) {
	weights := modelWeights().Draw(t, "weights")
	r := rigOf(weights)
	for range rapid.IntRange(1, 60).Draw(t, "steps") {
		switch rapid.IntRange(0, 9).Draw(t, "do") {
		case 0:
			id := lb.BackendID(rapid.IntRange(0, len(weights)-1).Draw(t, "backend"))
			r.step(t, lb.SetWeight{Backend: id, Weight: rapid.Float64Range(0.5, 20).Draw(t, "weight")})
		case 1:
			id := lb.BackendID(rapid.IntRange(0, len(weights)-1).Draw(t, "backend"))
			r.step(t, lb.SetDrain{Backend: id, Drain: rapid.Bool().Draw(t, "drain")})
		case 2, 3:
			r.finishOne(rapid.IntRange(0, 1<<20).Draw(t, "which"))
		default:
			r.pickOne(t, check)
		}
		r.now = r.now.Add(10 * time.Millisecond)
	}
}

func (r *rig) step(t *rapid.T, in lb.Input) {
	if err := r.controller.Step(r.now, in); err != nil {
		t.Fatal(err)
	}
	r.controller.Advance(r.now, nil)
}

func (r *rig) finishOne(which int) {
	if n := len(r.leases); n > 0 {
		k := which % n
		r.balancer.Done(r.leases[k], r.now, lb.Outcome{})
		r.leases[k] = r.leases[n-1]
		r.leases = r.leases[:n-1]
	}
}

func (r *rig) pickOne(t *rapid.T, check func(choice)) {
	c := choice{members: r.views(), req: r.request(), trace: new(lb.Trace)}
	lease, err := r.balancer.Pick(r.now, c.req, &r.rand, c.trace)
	if (err != nil) != (len(c.members) == 0) {
		t.Fatalf("%d members, error %v", len(c.members), err)
	}
	if err != nil {
		return
	}
	c.index = r.balancer.Snapshot().Index(lease.Backend().ID())
	if c.index < 0 || c.index != c.trace.Choice {
		t.Fatalf("chose member %d, the trace says %d", c.index, c.trace.Choice)
	}
	r.leases = append(r.leases, lease)
	check(c)
}

// chiSquare returns Pearson's statistic of counts against shares that sum to 1.
func chiSquare(counts []int, shares []float64) float64 {
	n := 0
	for _, c := range counts {
		n += c
	}
	sum := 0.0
	for i, c := range counts {
		expected := float64(n) * shares[i]
		sum += (float64(c) - expected) * (float64(c) - expected) / expected
	}
	return sum
}
