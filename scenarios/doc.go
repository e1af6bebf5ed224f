// Package scenarios says what the world does to a pool: when requests arrive,
// what they cost, who sends them, and how each backend serves, slows, fails
// and recovers. A Scenario is read from a strict YAML file and compiled; a Model
// is a scenario under one seed, and every answer it gives is a pure function of
// (seed, time, request number). So each policy meets the same luck, and whoever
// interprets a model, in virtual time or with sockets, tells the same story.
//
// The package also holds the library: the scenario files in this directory, embedded.
//
// Floor 5. It may import config, the floors below, and measure for the names of
// metrics; it must never import a driver: it does not know who asks.
package scenarios
