package serve

import (
	"fmt"
	"net/netip"
	"path"
	"strconv"
	"strings"
)

// Address is where to listen, as net.Listen takes it.
type Address struct {
	Network string // "tcp" or "unix"
	Addr    string // "host:port", or a path
}

// maxSocketPath is the length of sun_path without its final NUL (unix(7)).
const maxSocketPath = 107

// UnmarshalScalar reads host:port or unix:/path.
func (a *Address) UnmarshalScalar(s string) error {
	return a.read(s, `expected host:port, like ":8080" or "127.0.0.1:8080", or unix:/path`)
}

// read reads host:port or unix:/path; expected begins the message when s is neither.
func (a *Address) read(s, expected string) error {
	if socket, ok := strings.CutPrefix(s, "unix:"); ok {
		if err := checkSocket(s, socket); err != nil {
			return err
		}
		*a = Address{"unix", socket}
		return nil
	}
	host, port, err := splitHostPort(s)
	if err != nil {
		return fmt.Errorf("%s; got %q%s", expected, s, orPort(s))
	}
	if host != "" && !isHost(host) {
		return fmt.Errorf("expected an IP address or a host name before the port; got %q", s)
	}
	*a = Address{"tcp", joinHostPort(host, port)}
	return nil
}

// orPort suggests the address that a lone port was meant to be.
func orPort(s string) string {
	if _, err := strconv.ParseUint(s, 10, 16); err == nil {
		return fmt.Sprintf("; did you mean %q?", ":"+s)
	}
	return ""
}

func (a Address) String() string {
	if a.Network == "unix" {
		return "unix:" + a.Addr
	}
	return a.Addr
}

// clashes tells whether two listeners cannot have a and b. A port of 0 stands for any free one.
func (a Address) clashes(b Address) bool {
	return a == b && !strings.HasSuffix(a.Addr, ":0")
}

// AdminAddress is an Address, or none.
type AdminAddress struct{ Address }

// Off says that there is to be no admin listener.
func (a AdminAddress) Off() bool { return a.Network == "" }

// UnmarshalScalar reads off, host:port or unix:/path.
func (a *AdminAddress) UnmarshalScalar(s string) error {
	if s == "off" {
		*a = AdminAddress{}
		return nil
	}
	return a.read(s, `expected host:port, like "127.0.0.1:9901", unix:/path, or off`)
}

func (a AdminAddress) String() string {
	if a.Off() {
		return "off"
	}
	return a.Address.String()
}

func checkSocket(given, socket string) error {
	switch {
	case !path.IsAbs(socket) || path.Clean(socket) != socket || socket == "/" || strings.ContainsRune(socket, 0):
		return fmt.Errorf(`expected a plain absolute path, like "unix:/run/app.sock"; got %q`, given)
	case len(socket) > maxSocketPath:
		return fmt.Errorf("expected a path of at most %d bytes, got %d", maxSocketPath, len(socket))
	}
	return nil
}

// splitHostPort splits "host:port" and "[v6]:port"; unlike net.SplitHostPort it wants a decimal port.
func splitHostPort(s string) (host string, port uint16, err error) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return "", 0, fmt.Errorf("no port in %q", s)
	}
	n, err := strconv.ParseUint(s[i+1:], 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("no port in %q", s)
	}
	host = s[:i]
	if inner, ok := strings.CutPrefix(host, "["); ok {
		v6, closed := strings.CutSuffix(inner, "]")
		if a, err := netip.ParseAddr(v6); !closed || err != nil || !a.Is6() {
			return "", 0, fmt.Errorf("no address in %q", s)
		}
		return v6, uint16(n), nil
	}
	if strings.ContainsAny(host, ":[]") {
		return "", 0, fmt.Errorf("no host in %q", s)
	}
	return host, uint16(n), nil
}

// joinHostPort is net.JoinHostPort for a port that is a number.
func joinHostPort(host string, port uint16) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(int(port))
}

// isHost takes IP addresses without a zone, and DNS names.
func isHost(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.Zone() == "" || isDNSName(host)
}

// isDNSName tells whether s is a host name: labels of up to 63 letters, digits and -, 253 bytes in
// all (RFC 1123 §2.1), and the _ that is met in practice. One that ends in a label of digits would
// be a mistyped address.
func isDNSName(s string) bool {
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > 253 {
		return false
	}
	labels := strings.Split(s, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || !isWord(label) {
			return false
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

func isWord(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
