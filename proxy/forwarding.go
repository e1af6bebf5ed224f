package proxy

import (
	"bytes"
	"net/netip"
	"unsafe"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/proxy/http1"
)

// pseudonym is what this proxy calls itself in Via (RFC 9110 §7.6.3).
const pseudonym = "lbctl"

// told is the set of fields by which proxies tell backends of the client. What
// a client says of itself in them is replaced; what a trusted proxy says is
// kept and added to.
var told = http1.FieldSet(0).With(http1.FieldXForwardedFor).With(http1.FieldXForwardedProto).With(http1.FieldXForwardedHost).
	With(http1.FieldXRealIP).With(http1.FieldForwarded).With(http1.FieldXRequestID).With(http1.FieldVia)

// origin is what a connection's requests have in common for these fields.
type origin struct {
	secure  bool
	trusts  bool // the peer is a trusted proxy
	trusted []serve.Prefix
	drops   http1.FieldSet // fields of requests that are replaced
	fixed   []byte         // lines that are the same for every request of a peer that is not trusted
	node    []byte         // the peer as Forwarded writes it (RFC 7239 §6)
	ip      []byte         // and as X-Forwarded-For does
}

// newOrigin describes the connections of a peer.
func newOrigin(peer netip.AddrPort, secure bool, trusted []serve.Prefix) origin {
	o := origin{secure: secure, trusted: trusted, trusts: trusts(trusted, peer.Addr()), ip: []byte("unknown"), node: []byte("unknown")}
	o.drops = told
	if !o.trusts {
		o.drops = told.With(http1.FieldXForwardedPort) // not set here, and not for a client to say
	}
	if peer.IsValid() {
		o.ip = peer.Addr().AppendTo(nil)
		o.node = o.ip
		if peer.Addr().Is6() {
			o.node = []byte(`"[` + string(o.ip) + `]"`)
		}
	}
	o.fixed = append(o.fixed, "X-Forwarded-For: "...)
	o.fixed = append(o.fixed, o.ip...)
	o.fixed = append(o.fixed, "\r\nX-Real-IP: "...)
	o.fixed = append(o.fixed, o.ip...)
	o.fixed = append(o.fixed, "\r\nX-Forwarded-Proto: "+o.scheme()+"\r\n"...)
	return o
}

func (o *origin) scheme() string {
	if o.secure {
		return "https"
	}
	return "http"
}

// appendTold appends the lines that tell the backend of the client. id is the
// request's, if the peer may not give it one.
func (o *origin) appendTold(dst, in []byte, req *http1.Request, id uint64) []byte {
	if !o.trusts {
		dst = append(dst, o.fixed...)
		dst = appendLine(dst, "X-Forwarded-Host: ", req.Authority.Of(in))
		dst = o.appendForwarded(append(dst, "Forwarded: "...), in, req)
	} else {
		dst = o.appendToTrusted(dst, in, req)
	}
	if theirs := req.GetID(in, http1.FieldXRequestID); o.trusts && len(theirs) > 0 {
		dst = appendLine(dst, "X-Request-Id: ", theirs)
	} else {
		dst = appendRequestID(append(dst, "X-Request-Id: "...), id)
		dst = append(dst, "\r\n"...)
	}
	return appendVia(dst, in, req)
}

// appendToTrusted keeps what a trusted proxy said and adds the proxy itself.
func (o *origin) appendToTrusted(dst, in []byte, req *http1.Request) []byte {
	dst = append(dst, "X-Forwarded-For: "...)
	dst = appendList(dst, in, req, http1.FieldXForwardedFor)
	dst = append(append(dst, o.ip...), "\r\n"...)
	dst = append(dst, "Forwarded: "...)
	dst = appendList(dst, in, req, http1.FieldForwarded)
	dst = o.appendForwarded(dst, in, req)
	dst = o.appendOr(dst, in, req, http1.FieldXForwardedProto, "X-Forwarded-Proto: ", []byte(o.scheme()))
	dst = o.appendOr(dst, in, req, http1.FieldXForwardedHost, "X-Forwarded-Host: ", req.Authority.Of(in))
	return o.appendOr(dst, in, req, http1.FieldXRealIP, "X-Real-IP: ", o.client(in, req))
}

// appendOr passes the field on, or sends value where there is none.
func (o *origin) appendOr(dst, in []byte, req *http1.Request, id http1.FieldID, name string, value []byte) []byte {
	if theirs := req.GetID(in, id); len(theirs) > 0 {
		value = theirs
	}
	return appendLine(dst, name, value)
}

// appendList appends all values of a field, each with a comma after it.
func appendList(dst, in []byte, req *http1.Request, id http1.FieldID) []byte {
	if !req.Seen.Has(id) {
		return dst
	}
	for i := range req.Fields {
		if f := &req.Fields[i]; f.ID == id && f.Value.Len() > 0 {
			dst = append(append(dst, f.Value.Of(in)...), ", "...)
		}
	}
	return dst
}

// appendForwarded appends this hop's element of Forwarded (RFC 7239 §4).
func (o *origin) appendForwarded(dst, in []byte, req *http1.Request) []byte {
	dst = append(append(dst, "for="...), o.node...)
	dst = append(append(dst, `;host="`...), req.Authority.Of(in)...) // a valid authority holds neither quote nor backslash
	dst = append(append(dst, `";proto=`...), o.scheme()...)
	return append(dst, "\r\n"...)
}

func appendVia(dst, in []byte, req *http1.Request) []byte {
	dst = append(dst, "Via: "...)
	dst = appendList(dst, in, req, http1.FieldVia)
	if req.Minor == 0 {
		return append(dst, "1.0 "+pseudonym+"\r\n"...)
	}
	return append(dst, "1.1 "+pseudonym+"\r\n"...)
}

func appendLine(dst []byte, name string, value []byte) []byte {
	dst = append(append(dst, name...), value...)
	return append(dst, "\r\n"...)
}

// appendRequestID appends 16 hexadecimal digits.
func appendRequestID(dst []byte, id uint64) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		dst = append(dst, digits[id>>shift&15])
	}
	return dst
}

// client returns the client's address as text: the peer's, or what a trusted
// proxy says it is. Each proxy on the way has added the address it saw, so the
// last one that is not a trusted proxy itself is the client.
func (o *origin) client(in []byte, req *http1.Request) []byte {
	if !o.trusts || !req.Seen.Has(http1.FieldXForwardedFor) {
		return o.ip
	}
	client := o.ip
	for i := len(req.Fields) - 1; i >= 0; i-- {
		f := &req.Fields[i]
		if f.ID != http1.FieldXForwardedFor {
			continue
		}
		for rest := f.Value.Of(in); len(rest) > 0; {
			comma := bytes.LastIndexByte(rest, ',')
			if element := bytes.TrimSpace(rest[comma+1:]); len(element) > 0 {
				client = element
				if a, err := netip.ParseAddr(text(element)); err != nil || !trusts(o.trusted, a.Unmap()) {
					return client
				}
			}
			rest = rest[:max(0, comma)]
		}
	}
	return client
}

// text views b as a string, for as long as b stays as it is.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
