package scenarios

// Backend is what a backend is when nothing is wrong with it. Backends of a group
// are neighbours in Model.Backends.
type Backend struct {
	Name         string // "slow[0]"; the group's name when it is alone in it
	Group        string
	Zone         string
	Slots        int     // requests served at once at full speed; ≥ 1
	Queue        int     // requests that may wait; −1: no limit
	PS           bool    // processor sharing: all requests share the slots; false: FIFO, one request a slot
	Speed        float64 // demand served per unit of time; > 0
	Weight       float64 // what balancers are told; > 0
	DropCanceled bool    // a request whose client gave up is dropped; false: it is served all the same
	Degrade      *Degrade
}

// Degrade makes service slower by Factor while the arrival rate at the backend over
// the last second exceeds AboveRPS: the cliff of "Metastable failures in
// distributed systems" (HotOS'21).
type Degrade struct {
	AboveRPS float64
	Factor   float64
}
