// Package accesslog writes a line for each request, as JSON or in the combined
// format, off the path of the request: a line is formatted into a bounded
// buffer, and one goroutine writes that out. When it cannot keep up, lines are
// dropped and counted; no request ever waits for a disk or a pipe.
//
// Floor 5. It may import lb/rng; it knows lines and files, and must never
// import the engine, the codec or the configuration.
package accesslog
