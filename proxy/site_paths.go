package proxy

import "bytes"

// findSafe is find, and refuses a path that its backend may take for one of
// another route, once it has decoded it and resolved its dot segments: routed by
// one path and served by another, it would get round a rule (CVE-2021-41773 is of
// this kind). The path is forwarded as it came all the same.
func (s *site) findSafe(authority, path []byte) (r *route, ok bool) {
	r = s.find(authority, path)
	if !s.prefix || !ambiguous(path) {
		return r, true
	}
	return r, s.find(authority, resolve(path)) == r
}

// ambiguous says whether servers may differ on what the path means.
func ambiguous(path []byte) bool {
	path, _, _ = bytes.Cut(path, []byte("?"))
	return bytes.IndexByte(path, '%') >= 0 || bytes.IndexByte(path, '\\') >= 0 || bytes.IndexByte(path, ';') >= 0 ||
		bytes.Contains(path, []byte("/.")) || bytes.Contains(path, []byte("//"))
}

// resolve returns the path, without its query, as a server sees it that decodes
// everything, takes backslashes for slashes, merges slashes, cuts parameters off
// segments, and removes dot segments (RFC 3986 §3.3, §5.2.4).
func resolve(path []byte) []byte {
	path, _, _ = bytes.Cut(path, []byte("?"))
	var kept [][]byte
	for _, segment := range bytes.FieldsFunc(decode(path), func(c rune) bool { return c == '/' || c == '\\' }) {
		segment, _, _ = bytes.Cut(segment, []byte(";"))
		switch string(segment) {
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		case ".", "":
		default:
			kept = append(kept, segment)
		}
	}
	return append([]byte("/"), bytes.Join(kept, []byte("/"))...)
}

// decode removes percent-encoding; what is not well encoded stays.
func decode(path []byte) []byte {
	out := make([]byte, 0, len(path))
	for i := 0; i < len(path); i++ {
		if path[i] == '%' && i+2 < len(path) {
			hi, lo := unhex(path[i+1]), unhex(path[i+2])
			if hi < 16 && lo < 16 {
				out = append(out, hi<<4|lo)
				i += 2
				continue
			}
		}
		out = append(out, path[i])
	}
	return out
}

func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 255
}
