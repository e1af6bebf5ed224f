package http1

import "encoding/binary"

// FieldID names a field that the proxy treats by name. Any other is FieldOther.
type FieldID uint8

const (
	FieldOther FieldID = iota
	FieldHost
	FieldConnection
	FieldContentLength
	FieldTransferEncoding
	FieldTrailer
	FieldTE
	FieldUpgrade
	FieldExpect
	FieldKeepAlive
	FieldProxyConnection
	FieldProxyAuthenticate
	FieldProxyAuthorization
	FieldHTTP2Settings
	FieldXForwardedFor
	FieldXForwardedProto
	FieldXForwardedHost
	FieldXForwardedPort
	FieldXRealIP
	FieldForwarded
	FieldVia
	FieldXRequestID
	FieldMaxForwards
	FieldUserAgent
	FieldReferer
	FieldCookie
	FieldSetCookie
	FieldDate
	FieldServer
	FieldAuthorization
	FieldWWWAuthenticate
	FieldContentType
	FieldContentEncoding
	FieldContentRange
	FieldRange
	FieldCacheControl
	FieldPragma
	FieldRetryAfter
	FieldEndpointLoadMetrics
	fieldCount
)

// fieldNames in small letters, as they are compared.
var fieldNames = [fieldCount]string{
	FieldOther:               "",
	FieldHost:                "host",
	FieldConnection:          "connection",
	FieldContentLength:       "content-length",
	FieldTransferEncoding:    "transfer-encoding",
	FieldTrailer:             "trailer",
	FieldTE:                  "te",
	FieldUpgrade:             "upgrade",
	FieldExpect:              "expect",
	FieldKeepAlive:           "keep-alive",
	FieldProxyConnection:     "proxy-connection",
	FieldProxyAuthenticate:   "proxy-authenticate",
	FieldProxyAuthorization:  "proxy-authorization",
	FieldHTTP2Settings:       "http2-settings",
	FieldXForwardedFor:       "x-forwarded-for",
	FieldXForwardedProto:     "x-forwarded-proto",
	FieldXForwardedHost:      "x-forwarded-host",
	FieldXForwardedPort:      "x-forwarded-port",
	FieldXRealIP:             "x-real-ip",
	FieldForwarded:           "forwarded",
	FieldVia:                 "via",
	FieldXRequestID:          "x-request-id",
	FieldMaxForwards:         "max-forwards",
	FieldUserAgent:           "user-agent",
	FieldReferer:             "referer",
	FieldCookie:              "cookie",
	FieldSetCookie:           "set-cookie",
	FieldDate:                "date",
	FieldServer:              "server",
	FieldAuthorization:       "authorization",
	FieldWWWAuthenticate:     "www-authenticate",
	FieldContentType:         "content-type",
	FieldContentEncoding:     "content-encoding",
	FieldContentRange:        "content-range",
	FieldRange:               "range",
	FieldCacheControl:        "cache-control",
	FieldPragma:              "pragma",
	FieldRetryAfter:          "retry-after",
	FieldEndpointLoadMetrics: "endpoint-load-metrics",
}

// String returns the field's name in small letters; "" for FieldOther.
func (id FieldID) String() string { return fieldNames[id] }

// FieldSet is a set of FieldIDs. The zero value is the empty set.
type FieldSet uint64

// Has says whether id is in the set.
func (s FieldSet) Has(id FieldID) bool { return s>>id&1 != 0 }

// With returns the set and ids together. FieldOther is never in a set.
func (s FieldSet) With(ids ...FieldID) FieldSet {
	for _, id := range ids {
		s |= 1 << id
	}
	return s &^ 1
}

// Field is one field line of a head.
type Field struct {
	Name  Span
	Value Span // without white space around it
	Line  Span // the whole line with its CRLF
	ID    FieldID
	Hop   bool // not forwarded: hop-by-hop, nominated by Connection, or an alias with '_'
}

var (
	// hopFields are never forwarded as they came (RFC 9110 §7.6.1). What must
	// be said to the next hop about the connection and the framing is written anew.
	hopFields = FieldSet(0).With(FieldConnection, FieldKeepAlive, FieldProxyConnection, FieldTE, FieldUpgrade,
		FieldTransferEncoding, FieldHTTP2Settings, FieldProxyAuthenticate, FieldProxyAuthorization)

	// keptFields cannot be removed by nominating them in Connection: a client
	// would decide about framing, or about what backends trust.
	keptFields = FieldSet(0).With(FieldHost, FieldContentLength, FieldTransferEncoding, FieldTrailer,
		FieldXForwardedFor, FieldXForwardedProto, FieldXForwardedHost, FieldXForwardedPort, FieldXRealIP,
		FieldForwarded, FieldVia, FieldXRequestID, FieldMaxForwards)
)

// lookupSize is a power of two for which slotOf has no collisions among fieldNames.
const lookupSize = 512

// lookup finds the one known field that a name can be, by its slot.
var lookup = func() (t [lookupSize]FieldID) {
	for id := FieldOther + 1; id < fieldCount; id++ {
		slot := &t[slotOf([]byte(fieldNames[id]))]
		if *slot != FieldOther {
			panic("http1: " + fieldNames[id] + " and " + fieldNames[*slot] + " share a slot")
		}
		*slot = id
	}
	return t
}()

// slotOf mixes the length and three bytes of a name, without regard to case.
// The factors were found by trying.
func slotOf(name []byte) uint32 {
	n := uint32(len(name))
	first, late, last := uint32(name[0]|0x20), uint32(name[n*3/4]|0x20), uint32(name[n-1]|0x20)
	return (first*391 + late*393 + last*2 + n*357) % lookupSize
}

// fieldOf returns the ID of a name made of tchars; it must not be empty.
func fieldOf(name []byte) FieldID {
	id := lookup[slotOf(name)]
	known := fieldNames[id]
	if len(name) != len(known) {
		return FieldOther
	}
	// Eight bytes at a time, the last eight overlapping; equalFold says why the
	// case bit is enough.
	if n := len(known); n >= 8 {
		for i := 0; i < n-8; i += 8 {
			if binary.LittleEndian.Uint64(name[i:])|caseBits != load(known, i) {
				return FieldOther
			}
		}
		if binary.LittleEndian.Uint64(name[n-8:])|caseBits != load(known, n-8) {
			return FieldOther
		}
		return id
	}
	if !equalFold(name, known) {
		return FieldOther
	}
	return id
}

// load returns the eight bytes of s from i on, as LittleEndian.Uint64 would.
func load(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}
