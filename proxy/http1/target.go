package http1

import "bytes"

// parseTarget tells the forms of a target apart (RFC 9112 §3.2) and sets Path
// and Authority.
func (r *Request) parseTarget(buf []byte) *Error {
	t := r.Target.Of(buf)
	switch {
	case r.Method == MethodConnect:
		if port, ok := checkAuthority(t); !ok || len(port) < len(":1") {
			return errConnectTarget
		}
		r.Authority, r.absolute = r.Target, true
		return nil
	case t[0] == '/':
		r.Path = r.Target
		r.plain = r.Minor == 1
	case len(t) == 1 && t[0] == '*' && r.Method == MethodOptions:
		r.Path = r.Target
		r.plain = r.Minor == 1
		return nil
	default:
		if err := r.parseAbsolute(t); err != nil {
			return err
		}
	}
	if !validEscapes(r.Path.Of(buf)) {
		return errEscape
	}
	return nil
}

// parseAbsolute takes apart http://authority/path. A user name before the host
// is refused (RFC 9110 §4.2.4), and so is a query without a path: nobody sends
// that.
func (r *Request) parseAbsolute(t []byte) *Error {
	var scheme int
	switch {
	case len(t) > len("http://") && t[4] == ':' && equalFold(t[:4], "http"):
		scheme = len("http:")
	case len(t) > len("https://") && t[5] == ':' && equalFold(t[:5], "https"):
		scheme = len("https:")
	default:
		return errTargetForm
	}
	if t[scheme] != '/' || t[scheme+1] != '/' {
		return errTargetForm
	}
	host := scheme + len("//")
	end := host
	for end < len(t) && t[end] != '/' && t[end] != '?' {
		end++
	}
	if _, ok := checkAuthority(t[host:end]); !ok {
		return errAuthority
	}
	base := int(r.Target.From)
	r.Authority, r.absolute = span(base+host, base+end), true
	switch {
	case end == len(t): // no path means the path /, of which there is one before the host
		r.Path = span(base+host-1, base+host)
		r.asterisk = r.Method == MethodOptions // RFC 9112 §3.2.4
	case t[end] == '?':
		return errTargetForm
	default:
		r.Path = span(base+end, base+len(t))
	}
	return nil
}

// checkHost checks Host and takes the authority from it if the target names none.
func (r *Request) checkHost(buf []byte) *Error {
	if !r.Seen.Has(FieldHost) {
		if r.Minor > 0 {
			return errHostMissing
		}
		return nil
	}
	if r.twice.Has(FieldHost) {
		return errHostTwice
	}
	for i := range r.Fields {
		f := &r.Fields[i]
		if f.ID != FieldHost {
			continue
		}
		if _, ok := checkAuthority(f.Value.Of(buf)); !ok {
			return errHost
		}
		if !r.absolute {
			r.Authority = f.Value
		}
		break
	}
	return nil
}

// checkAuthority says whether a is host or host:port, and returns the colon and
// what follows. It is narrower than RFC 3986 §3.2.2: an empty host (which RFC 9110
// §4.2.1 refuses in http URIs), escapes and sub-delims, none of which a host in use
// needs, are not valid; so nothing is that would need quoting.
func checkAuthority(a []byte) (port []byte, ok bool) {
	end := 0
	if len(a) > 0 && a[0] == '[' {
		end = bytes.IndexByte(a, ']') + 1
		if end == 0 || !validIPv6(a[1:end-1]) {
			return nil, false
		}
	} else {
		for end < len(a) && byteClass[a[end]]&classHost != 0 {
			end++
		}
	}
	port = a[end:]
	return port, end > 0 && validPort(port)
}

// validPort says whether p is nothing, or a colon and perhaps the digits of a port.
func validPort(p []byte) bool {
	if len(p) == 0 {
		return true
	}
	if p[0] != ':' {
		return false
	}
	n, ok := parseNumber(p[1:])
	return len(p) == 1 || ok && n <= 65535 && len(p) <= len(":65535")
}

// validEscapes says whether in the path, up to the query, each % is followed by
// two hexadecimal digits. What a query means is for the backend to say.
func validEscapes(path []byte) bool {
	i := bytes.IndexByte(path, '%')
	if i < 0 {
		return true
	}
	if q := bytes.IndexByte(path, '?'); q >= 0 {
		path = path[:q]
	}
	for i >= 0 && i < len(path) {
		if len(path) < i+3 || byteClass[path[i+1]]&byteClass[path[i+2]]&classHex == 0 {
			return false
		}
		path = path[i+3:]
		i = bytes.IndexByte(path, '%')
	}
	return true
}
