// Package fakebackends acts a scenario's backends out: real HTTP servers that take requests in, let them wait,
// serve them for as long as the scenario says, fail and recover when it says. What a backend does with a request
// is scenarios.Station's to say, the same as in a simulation; here are the sockets and the clock.
//
// A backend computes when each answer is due and sends it when that time comes. An answer that goes out late, since
// no timer is exact, delays nothing behind it: errors of timing do not add up in a queue.
//
// Floor 6. It may import scenarios and the floors below; it must never import another driver: it does not know
// what stands between it and the clients.
package fakebackends
