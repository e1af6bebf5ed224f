// Package stats holds the numbers that the core keeps about traffic: moving
// averages that any goroutine may update, and histograms of bounded error in
// bounded memory.
//
// Floor 0. It imports only arithmetic and atomics, and decides nothing.
package stats
