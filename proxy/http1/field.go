package http1

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

// knownName is a name in small letters as words to compare: of a name longer
// than 8 bytes the last 8, the first 8, and the next 8 after those; they overlap.
// A shorter name is all in last, with zeros after it.
type knownName struct {
	length            int
	last, first, next uint64
}

// lookupBits is enough that hashName has no collisions among fieldNames.
const lookupBits = 9

var (
	knownNames [fieldCount]knownName
	lookup     [1 << lookupBits]FieldID // by hashName
)

func init() {
	for id := FieldOther + 1; id < fieldCount; id++ {
		name := append([]byte(fieldNames[id]), make([]byte, 8)...)
		n := len(fieldNames[id])
		k := knownName{length: n, last: lastWord(name, 0, n)}
		if n > 8 {
			k.first = load(name, 0)
		}
		if n > 16 {
			k.next = load(name, 8)
		}
		slot := &lookup[hashName(k.last, n)]
		if *slot != FieldOther || n > 24 {
			panic("http1: " + fieldNames[id] + " is too long, or shares a slot with " + fieldNames[*slot])
		}
		knownNames[id], *slot = k, id
	}
}

// hashName mixes a name's last word and length. The factor was found by trying.
func hashName(last uint64, length int) uint64 {
	return ((last ^ uint64(length)) * 0x97b750923ceb3ffd) >> (64 - lookupBits)
}

// lastWord returns the last 8 bytes of the name buf[from:to] in small letters, or
// all of a shorter name, with zeros after it.
func lastWord(buf []byte, from, to int) uint64 {
	if n := to - from; n < 8 {
		return (load(buf, from) | caseBits) & (1<<(8*n) - 1)
	}
	return load(buf, to-8) | caseBits
}

// fieldOf returns the ID of the name buf[from:to], which is made of tchars: among
// them the case bit tells a capital from its small letter, and leads from nothing
// else to a letter, a digit or '-'. buf goes on for 8 bytes from from at least.
func fieldOf(buf []byte, from, to int) FieldID {
	n := to - from
	last := lastWord(buf, from, to)
	id := lookup[hashName(last, n)]
	k := &knownNames[id]
	if k.last != last || k.length != n {
		return FieldOther
	}
	if n > 8 && load(buf, from)|caseBits != k.first {
		return FieldOther
	}
	if n > 16 && load(buf, from+8)|caseBits != k.next {
		return FieldOther
	}
	return id
}
