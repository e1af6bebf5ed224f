//go:build race

package sim

// raceDetector says that the tests run under the race detector, a tenth as fast. A run is one goroutine: what only
// counts and compares has nothing to show it.
const raceDetector = true
