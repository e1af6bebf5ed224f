// Package proxy is the live driver: it hosts the core on real sockets, where
// package sim hosts it in virtual time. What is decided (which backend, who is
// healthy) is decided by package lb, the same code in both.
//
// Floor 6. It may import config/serve, the packages below proxy/ that lie on
// lower floors (the codec, probes, metrics, access log), and the core; it must
// never import sim, fakebackends, scenarios or anything that judges results.
//
// The parts, from the socket upwards:
//
//   - wire: one socket; reads and writes without a wasted system call.
//   - client, exchange, send, upload, receive, relay, tunnel, reply: one client
//     connection, one request on it with its attempts, and the ways bytes flow.
//   - backend, pool: connections to a backend; a pool with its two planes, the
//     data plane called by every client's goroutine, the control plane owned
//     by one.
//   - listener, site, route, server: sockets that accept, the compiled
//     configuration, and the whole, which can be reloaded and drained.
//
// A client connection is one goroutine. It writes to a pooled backend connection
// itself and reads the answer itself: no hand-over, one write for each
// direction, nothing allocated in the steady state.
package proxy
