package http1

// Limits bound a head. All are inclusive; see DefaultLimits for usual values.
type Limits struct {
	HeadBytes  int // a whole head, its empty line included
	URIBytes   int // a request's target
	FieldBytes int // one field line, without its CRLF
	Fields     int // number of field lines
}

// Limits that fit browsers and their cookies.
const (
	DefaultHeadBytes  = 16 << 10
	DefaultURIBytes   = 8 << 10
	DefaultFieldBytes = 8 << 10
	DefaultFields     = 100
)

// DefaultLimits are the limits to use when none are configured.
var DefaultLimits = Limits{
	HeadBytes:  DefaultHeadBytes,
	URIBytes:   DefaultURIBytes,
	FieldBytes: DefaultFieldBytes,
	Fields:     DefaultFields,
}

// Limits that nobody needs to change.
const (
	// MaxMethodBytes bounds a method's name. The longest registered one,
	// UPDATEREDIRECTREF, has 17.
	MaxMethodBytes = 32
	// MaxNameBytes bounds a field's name. It is one length byte's worth, so that
	// no reader behind the proxy can wrap around (CVE-2021-40346).
	MaxNameBytes = 255
	// MaxConnectionOptions bounds what Connection may list: each option is
	// compared to each field.
	MaxConnectionOptions = 32
	// MaxChunkLineBytes bounds a chunk's line with its extensions, CRLF included.
	MaxChunkLineBytes = 512
	// MaxChunkExtensionBytes bounds by how much the extensions in a body may
	// outgrow its data (CVE-2023-39326).
	MaxChunkExtensionBytes = 4 << 10
	// MaxTrailerBytes and MaxTrailers bound a trailer section.
	MaxTrailerBytes = 16 << 10
	MaxTrailers     = 64
)
