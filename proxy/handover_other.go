//go:build unix && !linux

package proxy

import "net"

// refuseHandshakes: there is no such filter here; a connection that is made while
// the socket closes may be reset.
func refuseHandshakes(net.Listener) error { return nil }
