package policy_test

import (
	"fmt"
	"testing"

	"github.com/lbctl/lbctl/lb"
)

// BenchmarkRoundTrip is a pick and its done, with the load probes that the
// policy asks for, in a pool with one attempt in flight for each backend.
func BenchmarkRoundTrip(b *testing.B) {
	for _, v := range variants() {
		for _, n := range []int{10, 100, 1000} {
			b.Run(fmt.Sprintf("%s/%d", v.name, n), func(b *testing.B) {
				r := newRig(b, v.spec, unevenWeights(n)...)
				for range n {
					r.balancer.Pick(r.now, r.request(), &r.rand, nil)
				}
				scratch, asked := make([]int, 0, n), make([]lb.BackendID, 0, n)
				b.ReportAllocs()
				for b.Loop() {
					r.roundTrip(lb.Outcome{Report: report}, scratch, asked)
				}
			})
		}
	}
}

// BenchmarkBuild is what the control plane pays for each new snapshot.
func BenchmarkBuild(b *testing.B) {
	for _, v := range variants() {
		for _, n := range []int{10, 1000} {
			b.Run(fmt.Sprintf("%s/%d", v.name, n), func(b *testing.B) {
				r := newRig(b, v.spec, unevenWeights(n)...)
				p, s := v.spec.New(), r.balancer.Snapshot()
				b.ReportAllocs()
				for b.Loop() {
					p.Build(s)
				}
			})
		}
	}
}
