// Package bench makes live runs: it starts a scenario's backends as real
// servers and the live proxy before them, or aims at somebody else's balancer,
// drives them with vegeta on the scenario's own schedule, and records what
// happened as a simulation does. Run has the shape that package experiment
// asks of a driver.
//
// Floor 7. It wires proxy, fakebackends and vegeta together. It may import
// scenarios, measure and config/serve; it must never import sim, experiment or
// reports: it measures, and judges nothing.
//
// The load is an open loop: requests are due when the scenario says, whether
// earlier ones have been answered or not, and latency counts from when they
// were due. A generator that falls behind its schedule measures itself, so a run
// whose schedule slips fails.
package bench
