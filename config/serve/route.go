package serve

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/lbctl/lbctl/config/strict"
)

// Route sends requests to a pool. Of all routes that fit, the most specific wins: an exact host,
// then the longest wildcard, then any host; for one host the longest path prefix.
type Route struct {
	Host       Host       `yaml:"host" doc:"exact name, *.example.com for all names below it, or absent for any"`
	PathPrefix PathPrefix `yaml:"path_prefix" doc:"whole segments: /api fits /api and /api/x, not /apis"`
	Pool       string     `yaml:"pool" required:"true" doc:"name of the pool"`
}

// Defaults is every path of every host.
func (rt *Route) Defaults() { rt.PathPrefix = "/" }

// Name is what the route is called in logs and metrics: "*/", "example.com/api".
func (rt *Route) Name() string {
	if rt.Host == "" {
		return "*" + string(rt.PathPrefix)
	}
	return string(rt.Host) + string(rt.PathPrefix)
}

// Host is a host name in lower case without a final dot, an IP address as it stands in a Host
// field ("[::1]"), "*." and the name that all fitting names end in, or "" for any host.
type Host string

// UnmarshalScalar takes a host without a port.
func (h *Host) UnmarshalScalar(s string) error {
	name := strings.ToLower(strings.TrimSuffix(s, "."))
	if v6, ok := strings.CutPrefix(name, "["); ok {
		v6, ok = strings.CutSuffix(v6, "]")
		if a, err := netip.ParseAddr(v6); ok && err == nil && a.Is6() && a.Zone() == "" {
			*h = Host("[" + a.String() + "]")
			return nil
		}
	} else if a, err := netip.ParseAddr(name); err == nil && a.Is4() {
		*h = Host(name)
		return nil
	}
	if host, _, err := splitHostPort(s); err == nil && host != "" {
		return fmt.Errorf("expected a host without a port, got %q; did you mean %q?", s, host)
	}
	if !isDNSName(strings.TrimPrefix(name, "*.")) {
		return fmt.Errorf(`expected a host name like "example.com" or "*.example.com"; got %q`, s)
	}
	*h = Host(name)
	return nil
}

// Wildcard returns the ending, with its dot, of the names that h fits, if h is a wildcard.
func (h Host) Wildcard() (suffix string, ok bool) {
	return strings.CutPrefix(string(h), "*")
}

// PathPrefix is "/", or whole segments of a path without a slash at the end.
type PathPrefix string

// maxPathPrefix bounds a prefix in bytes.
const maxPathPrefix = 1024

// UnmarshalScalar takes a path of plain characters. Percent-encodings and dot segments are
// refused: requests are routed by the bytes that are forwarded, of which they would be only one spelling.
func (p *PathPrefix) UnmarshalScalar(s string) error {
	if len(s) > maxPathPrefix {
		return fmt.Errorf("expected at most %d bytes, got %d", maxPathPrefix, len(s))
	}
	whole := strings.TrimSuffix(s, "/")
	segments := strings.Split(whole, "/")
	if !strings.HasPrefix(s, "/") || len(segments) > 1 && slices.Contains(segments[1:], "") ||
		slices.Contains(segments, ".") || slices.Contains(segments, "..") || !isPlainPath(s) {
		return fmt.Errorf(`expected a path like "/api", without %%-encodings, empty and dot segments; got %q`, s)
	}
	*p = PathPrefix(whole)
	if whole == "" {
		*p = "/"
	}
	return nil
}

// isPlainPath tells whether s has only characters that a path shows as they are: unreserved ones,
// sub-delims, : and @ (RFC 3986 §3.3).
func isPlainPath(s string) bool {
	for _, c := range []byte(s) {
		if !isWord(string(c)) && !strings.ContainsRune("/.~!$&'()*+,;=:@", rune(c)) {
			return false
		}
	}
	return true
}

// Routes is the routes: block, in the order of the file, which does not matter.
type Routes []Route

// Check refuses routes of which only one could ever be taken.
func (l *Routes) Check(r *strict.Reporter) {
	seen := map[string]int{}
	for i, rt := range *l {
		if before, ok := seen[rt.Name()]; ok {
			r.Errorf(at(i, ""), "route %d is for %s as well", before, rt.Name())
			continue
		}
		seen[rt.Name()] = i
	}
}
