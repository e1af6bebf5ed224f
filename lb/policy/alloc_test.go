package policy_test

import (
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/policy"
)

// variant is a policy with parameters that take another path through the code.
type variant struct {
	name string
	spec policy.Spec
}

// variants returns every registered policy with its defaults, and those forms of it
// whose data plane is code of its own.
func variants() []variant {
	var out []variant
	for _, k := range policy.Kinds() {
		out = append(out, variant{k.Name, k.Spec()})
		for _, set := range otherPaths[k.Name] {
			out = append(out, variant{k.Name + "/" + set.name, set.spec(k.Spec())})
		}
	}
	return out
}

type otherPath struct {
	name string
	spec func(defaults policy.Spec) policy.Spec
}

var otherPaths = map[string][]otherPath{
	"weighted_round_robin": {{"static_stride", func(s policy.Spec) policy.Spec {
		s.(*policy.WeightedRoundRobin).Form = "static_stride"
		return s
	}}},
	"p2c": {{"polled", func(s policy.Spec) policy.Spec {
		s.(*policy.P2C).Load, s.(*policy.P2C).PollInterval = "polled", time.Millisecond
		return s
	}}},
	"ring_hash": {{"unbounded", func(s policy.Spec) policy.Spec {
		s.(*policy.RingHash).LoadFactor = 0
		return s
	}}},
	"peak_ewma": {{"all", func(s policy.Spec) policy.Spec {
		s.(*policy.PeakEWMA).Choices = 0
		return s
	}}},
	"join_idle_queue": {{"reports", func(s policy.Spec) policy.Spec {
		s.(*policy.JoinIdleQueue).Source = "reports"
		return s
	}}},
	"c3": {{"probes", func(s policy.Spec) policy.Spec {
		s.(*policy.C3).Feedback = "probes"
		return s
	}}},
}

// report is what a busy backend might say.
var report = lb.Report{Valid: true, InFlight: 3, Latency: 12 * time.Millisecond, Service: 8 * time.Millisecond}

// roundTrip is one request as a driver carries it out, with load probes that are
// answered at once. scratch and asked have room for every member.
func (r *rig) roundTrip(o lb.Outcome, scratch []int, asked []lb.BackendID) {
	r.number++
	req := lb.Request{Number: r.number, Client: r.number % 1000, Key: r.number % 100}
	lease, err := r.balancer.Pick(r.now, req, &r.rand, nil)
	if err != nil {
		panic(err)
	}
	for _, id := range r.balancer.LoadProbes(r.now, &r.rand, scratch, asked) {
		r.balancer.Report(id, r.now, report)
	}
	r.now = r.now.Add(100 * time.Microsecond)
	r.balancer.Done(lease, r.now, o)
}

func TestDataPlaneDoesNotAllocate(t *testing.T) {
	const backends = 40
	pools := map[string][]float64{"even": evenWeights(backends), "uneven": unevenWeights(backends)}
	outcomes := []lb.Outcome{{Report: report}, {}, {Verdict: lb.Failure}, {Verdict: lb.Canceled}}
	for _, v := range variants() {
		for name, weights := range pools {
			t.Run(v.name+"/"+name, func(t *testing.T) {
				r := newRig(t, v.spec, weights...)
				scratch, asked := make([]int, 0, backends), make([]lb.BackendID, 0, backends)
				for range backends { // some load, so that busy paths are walked too
					r.balancer.Pick(r.now, r.request(), &r.rand, nil)
				}
				allocs := testing.AllocsPerRun(500, func() {
					for _, o := range outcomes {
						r.roundTrip(o, scratch, asked)
					}
					// Backend 0 turns idle and says so unasked.
					r.balancer.Report(0, r.now, lb.Report{Valid: true})
				})
				if allocs != 0 {
					t.Errorf("%v allocations a round", allocs)
				}
			})
		}
	}
}
