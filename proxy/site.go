package proxy

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/proxy/metrics"
)

// site is a configuration, compiled: where requests go. It is immutable; a
// reload makes another one.
type site struct {
	conf   *serve.Config
	exact  map[string][]*route // by host in lower case; the longest prefix first
	wild   []wildcard          // the longest ending first
	any    []*route
	prefix bool // some route has a path prefix other than "/"
}

type wildcard struct {
	ending string // ".example.com"
	routes []*route
}

// newSite compiles the routes of conf to pools, which has them all by name.
func newSite(conf *serve.Config, pools map[string]*pool, counts *metrics.Set) *site {
	s := &site{conf: conf, exact: map[string][]*route{}}

	wild := map[string][]*route{}
	for i := range conf.Routes {
		c := &conf.Routes[i]
		r := newRoute(c.Name(), string(c.PathPrefix), pools[c.Pool], counts)
		s.prefix = s.prefix || r.prefix != "/"
		switch ending, isWild := c.Host.Wildcard(); {
		case c.Host == "":
			s.any = append(s.any, r)
		case isWild:
			wild[ending] = append(wild[ending], r)
		default:
			s.exact[string(c.Host)] = append(s.exact[string(c.Host)], r)
		}
	}
	for _, routes := range s.exact {
		longestPrefixFirst(routes)
	}
	for ending, routes := range wild {
		longestPrefixFirst(routes)
		s.wild = append(s.wild, wildcard{ending, routes})
	}
	slices.SortFunc(s.wild, func(a, b wildcard) int {
		return cmp.Or(len(b.ending)-len(a.ending), strings.Compare(a.ending, b.ending))
	})
	longestPrefixFirst(s.any)
	return s
}

func longestPrefixFirst(routes []*route) {
	slices.SortStableFunc(routes, func(a, b *route) int { return len(b.prefix) - len(a.prefix) })
}

// find returns the route for a request: an exact host wins over a wildcard,
// that over any host, and then the longest prefix; nil if none fits. authority
// may have a port; path may have a query.
func (s *site) find(authority, path []byte) *route {
	if i := bytes.IndexByte(path, '?'); i >= 0 {
		path = path[:i]
	}
	if len(s.exact) == 0 && len(s.wild) == 0 {
		return longest(s.any, path)
	}
	var lower [maxHost]byte
	host := hostOf(authority, &lower)
	if r := longest(s.exact[string(host)], path); r != nil {
		return r
	}
	for i := range s.wild {
		w := &s.wild[i]
		if len(host) > len(w.ending) && string(host[len(host)-len(w.ending):]) == w.ending {
			if r := longest(w.routes, path); r != nil {
				return r
			}
		}
	}
	return longest(s.any, path)
}

func longest(routes []*route, path []byte) *route {
	for _, r := range routes {
		if fits(r.prefix, path) {
			return r
		}
	}
	return nil
}

// fits says whether path begins with the whole segments of prefix.
func fits(prefix string, path []byte) bool {
	if prefix == "/" {
		return true
	}
	return len(path) >= len(prefix) && string(path[:len(prefix)]) == prefix && (len(path) == len(prefix) || path[len(prefix)] == '/')
}

// maxHost bounds a host name (RFC 1035: 253 characters, and a final dot).
const maxHost = 254

// hostOf returns the host of an authority in lower case, without port and
// final dot. What is longer than any host there is fits no route.
func hostOf(authority []byte, lower *[maxHost]byte) []byte {
	if i := bytes.LastIndexByte(authority, ':'); i >= 0 && bytes.IndexByte(authority[i:], ']') < 0 {
		authority = authority[:i]
	}
	authority = bytes.TrimSuffix(authority, []byte("."))
	if len(authority) > len(lower) {
		return nil
	}
	for i, c := range authority {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	return lower[:len(authority)]
}
