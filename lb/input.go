package lb

import "github.com/lbctl/lbctl/lb/health"

// Input is something that happened in the world, for Controller.Step. It is one
// of the types below.
type Input interface{ input() }

// Add puts a backend into the pool. It gets the next BackendID.
type Add struct{ Spec Spec }

// Remove takes a backend out. Attempts on it may still finish.
type Remove struct{ Backend BackendID }

// SetWeight changes a backend's configured weight, MinWeight…MaxWeight.
type SetWeight struct {
	Backend BackendID
	Weight  float64
}

// SetDrain says whether a backend is to be spared new attempts.
type SetDrain struct {
	Backend BackendID
	Drain   bool
}

// ProbeResult answers a StartProbe effect.
type ProbeResult struct {
	Backend BackendID
	Probe   health.Probe
	OK      bool
}

// Reconfigure changes how the pool is balanced and probed, and leaves who is in
// it, their weights, health and attempts as they are. Its Peers and Phase count;
// the policy begins with nothing learned.
type Reconfigure struct{ Config Config }

func (Add) input()         {}
func (Remove) input()      {}
func (SetWeight) input()   {}
func (SetDrain) input()    {}
func (ProbeResult) input() {}
func (Reconfigure) input() {}
