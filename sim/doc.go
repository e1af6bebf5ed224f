// Package sim drives the core in virtual time: it interprets a scenario with synthetic
// clients, networks and backends, and lets the very balancers of package lb
// decide. There is no simulation-only copy of any decision.
//
// Floor 6. It may import scenarios, measure, lb and the floors below; it must
// never import proxy, experiment or reports. One run is one goroutine; runs
// share nothing, so replications go in parallel.
//
// The parts: kernel (event queue), world (one run's state and the event loop),
// clients, balancers, server (a synthetic backend), conditions (faults).
package sim
