package fakebackends

// What requests say in their headers. Both may be missing: such a request gets the next number of its fleet's own, from
// 0, and is a first attempt.
const (
	RequestHeader = "Lbctl-Request" // its number, by which the scenario's Model knows what it costs
	AttemptHeader = "Lbctl-Attempt" // 0 for the first attempt, up to scenarios.MaxRetries
)

// BackendHeader names the backend in each of its answers: an answer without it is somebody else's.
const BackendHeader = "Lbctl-Backend"

// Paths that are not served like requests: they take no slot and are answered at once. In a query, balancer=N says which
// balancer asks, from 0, for scenarios in which the network is not the same for all; the balancer of other requests is
// known by their number.
const (
	HealthPath = "/healthz" // 200 or 503, as the scenario has it
	LoadPath   = "/load"    // a report as package orca writes it; with wait=idle in the query, once the backend is idle
)

const (
	balancerQuery = "balancer"
	waitQuery     = "wait"
	waitIdle      = "idle"
)
