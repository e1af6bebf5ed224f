package proxy

import (
	"bytes"

	"github.com/lbctl/lbctl/lb/rng"
	"github.com/lbctl/lbctl/proxy/http1"
)

// lbHash hashes what policies hash by, as the core hashes names.
func lbHash(b []byte) uint64 { return rng.Hash(text(b)) }

// pathOnly returns the path without its query.
func pathOnly(path []byte) []byte {
	path, _, _ = bytes.Cut(path, []byte("?"))
	return path
}

// cookie returns the value of the first cookie of a name (RFC 6265 §4.2).
func cookie(in []byte, req *http1.Request, name string) []byte {
	for i := range req.Fields {
		f := &req.Fields[i]
		if f.ID != http1.FieldCookie {
			continue
		}
		for rest := f.Value.Of(in); len(rest) > 0; {
			var pair []byte
			pair, rest, _ = bytes.Cut(rest, []byte(";"))
			key, value, ok := bytes.Cut(bytes.TrimSpace(pair), []byte("="))
			if ok && string(key) == name {
				return bytes.Trim(value, `"`)
			}
		}
	}
	return nil
}
