// Package serve holds the server file: listeners, routes and pools, with the same pool: block as
// scenarios. Load tells everything that is wrong with a file at once; what it returns is complete:
// names and defaults are filled in, and every name that is referred to exists.
//
// Floor 5. It imports config and config/strict to be read, and lb to ask the core what a policy
// needs; it must never import a driver or open a socket or a file.
package serve
