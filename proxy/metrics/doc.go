// Package metrics counts what the live data plane does, with atomics that
// any goroutine may add to, and shows the counters to Prometheus.
//
// Floor 5. It may import lb and lb/health for the names of verdicts and states; it must never import the engine, and
// nothing here decides anything.
package metrics
