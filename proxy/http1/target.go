package http1

import "bytes"

// parseTarget tells the forms of a target apart (RFC 9112 §3.2) and sets Path
// and Authority. class holds the classes of the target's bytes.
func (r *Request) parseTarget(buf []byte, class uint8) *Error {
	t := r.Target.Of(buf)
	switch {
	case r.Method == MethodConnect:
		host, port := splitPort(t)
		if !validHost(host) || !validPort(port) || len(port) < 2 {
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
	if class&classPercent != 0 && !validEscapes(r.Path.Of(buf)) {
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
	if !validAuthority(t[host:end]) {
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
		if !validAuthority(f.Value.Of(buf)) {
			return errHost
		}
		if !r.absolute {
			r.Authority = f.Value
		}
		break
	}
	return nil
}

// validAuthority says whether a is host or host:port. It is narrower than
// RFC 3986 §3.2.2: an empty host (which RFC 9110 §4.2.1 refuses in http URIs),
// escapes and sub-delims, none of which a host in use needs, are not valid, and
// so nothing that needs quoting is.
func validAuthority(a []byte) bool {
	host, port := splitPort(a)
	return validHost(host) && validPort(port)
}

// splitPort cuts a before the colon that begins a port, if there is one.
func splitPort(a []byte) (host, port []byte) {
	i := bytes.LastIndexByte(a, ':')
	if i < 0 || bytes.IndexByte(a[i:], ']') >= 0 {
		return a, nil
	}
	return a[:i], a[i:]
}

// validPort says whether p is nothing, or a colon and at most the digits of a port.
func validPort(p []byte) bool {
	if len(p) <= 1 {
		return true
	}
	n, ok := parseNumber(p[1:])
	return ok && n <= 65535 && len(p) <= len(":65535")
}

// validHost says whether h is a name, an IPv4 address, or an IPv6 address in
// brackets.
func validHost(h []byte) bool {
	if len(h) > 2 && h[0] == '[' && h[len(h)-1] == ']' {
		return validIPv6(h[1 : len(h)-1])
	}
	for _, c := range h {
		if byteClass[c]&classHost == 0 {
			return false
		}
	}
	return len(h) > 0
}

// validEscapes says whether in the path, up to the query, each % is followed by
// two hexadecimal digits. What a query means is for the backend to say.
func validEscapes(path []byte) bool {
	if i := bytes.IndexByte(path, '?'); i >= 0 {
		path = path[:i]
	}
	for {
		i := bytes.IndexByte(path, '%')
		if i < 0 {
			return true
		}
		if len(path) < i+3 || byteClass[path[i+1]]&byteClass[path[i+2]]&classHex == 0 {
			return false
		}
		path = path[i+3:]
	}
}
