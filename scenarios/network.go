package scenarios

import "time"

// network is one-way delays: that of the zones, plus what a backend adds.
type network struct {
	same, cross   Dist
	balancerZones []int32 // anyZone: as near to all
	backendZones  []int32
	extra         []Dist // by backend; nil: nothing
}

// anyZone is the zone of who is in none.
const anyZone int32 = -1

// delay returns the delay for 64 random bits.
func (w *network) delay(balancer, backend int, u uint64) time.Duration {
	zones := w.same
	if from, to := w.balancerZones[balancer], w.backendZones[backend]; from != to && from != anyZone && to != anyZone {
		zones = w.cross
	}
	d := zones.Sample(u)
	if extra := w.extra[backend]; extra != nil {
		d += extra.Sample(u)
	}
	return d
}

// isNone tells whether there is never any delay.
func (w *network) isNone() bool {
	for _, d := range w.extra {
		if d != nil {
			return false
		}
	}
	none := deterministic{}
	return w.same == Dist(none) && w.cross == Dist(none)
}
