// Package health decides whether a backend may be used, from the results of
// active probes: a state machine per backend that is stepped with the time and
// answers with what to do next.
//
// Floor 1. It may import lb/instant and lb/rng, and never knows what a probe
// is made of: it asks for one, and a driver carries it out.
package health
