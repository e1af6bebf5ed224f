// Package probe asks backends how they are, for a core that decides when to ask
// and what follows from the answer: health probes (an HTTP request, a
// connection, an ICMP echo, gRPC's health protocol), load probes, and the
// addresses behind a name.
//
// A health probe is made over a connection of its own: one that was kept from
// before would not notice that a backend accepts no more, or that its certificate has
// run out. Load probes come as often as requests and are made over kept connections.
//
// All waiting is bounded by the caller's context alone; what is read is bounded
// by the Max constants.
//
// Floor 5. It may import the core and the standard library's and x/net's
// protocols; it must never import the configuration or the proxy, which tell
// it all it needs by the structs below.
package probe
