// Package experiment repeats runs and says what they show: replications in
// parallel, intervals over them, paired differences between variants under
// common random numbers, and findings in words.
//
// Floor 6. It may import scenarios, measure and gonum's statistics. It must not
// import a driver: what makes a run is a function that the caller passes in, so
// that simulated and live runs are judged by the same statistics.
package experiment
