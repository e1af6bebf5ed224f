// Package behaviours holds no code but tests: what a production HTTP/1.1 proxy must get right, each rule
// (numbered as in the project's list of behaviours) as one named test against raw sockets on both
// sides. A test plays the client and the origin O, byte by byte, with the proxy between them.
//
// The tests run against package proxy in this process. With -peer haproxy they run against
// Debian's haproxy instead, set up from the same server files: that shows that the tests are right,
// and where haproxy decides otherwise they say so.
//
// Floor 7. Its tests import proxy and config/serve; nothing must ever import it.
package behaviours
