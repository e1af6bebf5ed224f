package sim

import (
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
	"github.com/lbctl/lbctl/lb/stats"
)

// BenchmarkBareLoop is what BenchmarkSimulate is measured against in the same
// run: the same queueing system with nothing but a 4-ary heap, two draws, P2C and one
// histogram. No core, no health, no clients, no time line, no per-backend figures.
func BenchmarkBareLoop(b *testing.B) {
	const backends, mean = 100, float64(10 * time.Millisecond)
	const spacing = mean / (0.8 * backends)
	r := rng.New(1)
	var k kernel
	var h stats.Histogram
	queues := make([][]int64, backends) // arrival times, the head in service
	heads := make([]int, backends)
	next := 0.0
	b.ResetTimer()
	for done := 0; done < b.N; {
		top, lane := k.peek()
		if top == nil || next <= float64(top.at) {
			i, j := r.Intn(backends), r.Intn(backends-1)
			if j >= i {
				j++
			}
			if len(queues[j])-heads[j] < len(queues[i])-heads[i] {
				i = j
			}
			if heads[i] == len(queues[i]) {
				queues[i], heads[i] = queues[i][:0], 0
				k.schedule(lb.Time(next+r.Exp()*mean), evComplete, uint32(i), 0)
			}
			queues[i] = append(queues[i], int64(next))
			next += r.Exp() * spacing
			continue
		}
		e := k.pop(lane)
		i := e.a
		h.Record(time.Duration(int64(e.at) - queues[i][heads[i]]))
		done++
		if heads[i]++; heads[i] < len(queues[i]) {
			k.schedule(e.at+lb.Time(r.Exp()*mean), evComplete, i, 0)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}
