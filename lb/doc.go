// Package lb is the load-balancing core that the simulator and the live proxy
// share, in two planes.
//
// The data plane is Balancer: Pick chooses a backend and Done says how it
// went. Any goroutine may call it; it never blocks and never allocates. It
// reads one atomic pointer to an immutable Snapshot, which holds the eligible
// backends and the picker compiled for exactly them, so the two cannot disagree.
//
// The control plane is Controller. It has one owner, takes inputs (membership,
// weights, drain, probe results), advances the state machines whose deadlines
// have come, and publishes a new snapshot when something changed. What the
// outside world must do or may want to know comes back as Effects.
//
// Floor 2. It may import lb/instant, lb/rng, lb/stats and lb/health; it
// must never import a driver, a policy, or anything that knows a clock, a
// socket, a file, a logger or a goroutine. Attempts, breakers and ejection
// belong in lb/failover, weight controllers in lb/optimizer, both on floor 1
// and stepped by the Controller.
package lb
