package scenarios

import (
	"time"

	"github.com/lbctl/lbctl/lb"
)

// ObserveService learns from an attempt of the given demand that has been served: the time it took to serve, had
// it not shared the station. A real backend knows it from the CPU time that the request has used.
func (s *Station) ObserveService(demand time.Duration) {
	took := float64(demand)
	if s.full != 1 {
		took /= max(s.full, minSpeed)
	}
	if s.service == 0 {
		s.service = took
	}
	s.service += serviceWeight * (took - s.service)
}

// ObserveLatency learns from an attempt that entered when inflight were inside, and has been served within latency.
func (s *Station) ObserveLatency(inflight int32, latency time.Duration) {
	s.latency.Observe(inflight, latency)
}

// Report is what the backend says of its load when it is asked. Each report with the latency also lets old
// latencies be forgotten (stats.LatencyByLoad).
func (s *Station) Report(withLatency bool) lb.Report {
	rep := lb.Report{Valid: true, InFlight: int32(s.InFlight())}
	rep.Service = time.Duration(s.service)
	if withLatency {
		rep.Latency = s.latency.Estimate(rep.InFlight)
	}
	return rep
}
