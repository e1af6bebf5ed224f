// Package measure turns what happened to requests into the numbers of one run:
// a Recorder is fed by a driver, simulated or live, and yields a Run.
//
// Floor 4. It may import lb/instant and lb/stats; it knows no scenario, no
// policy and no driver, and it never looks at a clock.
//
// Memory does not grow with the number of requests: time is cut into Windows,
// each with a histogram of its own, so that warm-up can be cut off afterwards
// and the time line falls out of the same counts.
package measure
