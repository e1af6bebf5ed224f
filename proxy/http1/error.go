package http1

// Error says why a message was refused. All errors are values of this package
// and none is made while parsing.
type Error struct {
	Status int    // what to answer the client: 400, 414, 431, 501 or 505; 502 if an answer was refused
	Msg    string // what was wrong, without a full stop

	answer *Error // the same of an answer
}

// Error returns Msg.
func (e *Error) Error() string { return e.Msg }

func refusal(status int, msg string) *Error {
	return &Error{Status: status, Msg: msg, answer: &Error{Status: 502, Msg: msg}}
}

// What is wrong with a request line or a status line.
var (
	errMethod        = refusal(400, "request line: expected a method, which is a token")
	errMethodLong    = refusal(501, "request line: the method is too long")
	errTarget        = refusal(400, "request line: a byte that may not stand in a target")
	errTargetLong    = refusal(414, "request line: the target is too long")
	errTargetForm    = refusal(400, "request line: the target must be a path, an http URI, or * for OPTIONS")
	errConnectTarget = refusal(400, "request line: CONNECT needs host:port")
	errEscape        = refusal(400, "request line: % in the path must be followed by two hexadecimal digits")
	errAuthority     = refusal(400, "request line: the target's host is not valid")
	errVersion       = refusal(400, "request line: expected HTTP/1.0 or HTTP/1.1 and the line's end")
	errVersionNumber = refusal(505, "request line: the version must be HTTP/1.0 or HTTP/1.1")
	errStatusLine    = refusal(502, "status line: expected HTTP/1.0 or HTTP/1.1, a status of three digits from 100, and a reason")
)

// What is wrong with a field.
var (
	errBareLF       = refusal(400, "a line ends in LF without CR")
	errBareCR       = refusal(400, "CR without LF")
	errFold         = refusal(400, "a field line begins with white space (obs-fold)")
	errNameEmpty    = refusal(400, "a field without a name")
	errNameSpace    = refusal(400, "white space between a field's name and the colon")
	errName         = refusal(400, "a byte that may not stand in a field's name")
	errValue        = refusal(400, "a control byte in a field's value")
	errNameLong     = refusal(431, "a field's name is too long")
	errFieldLong    = refusal(431, "a field is too long")
	errFieldsMany   = refusal(431, "too many fields")
	errHeadLong     = refusal(431, "the head is too long")
	errHostMissing  = refusal(400, "Host is missing")
	errHostTwice    = refusal(400, "Host is there twice")
	errHost         = refusal(400, "Host is not a valid host with or without a port")
	errLength       = refusal(400, "Content-Length is not a number of bytes")
	errLengthTwice  = refusal(400, "Content-Length is there twice")
	errBothFramings = refusal(400, "Content-Length together with Transfer-Encoding")
	errCodingTwice  = refusal(400, "Transfer-Encoding is there twice")
	errCoding       = refusal(501, "Transfer-Encoding is not just chunked")
	errCodingOld    = refusal(400, "Transfer-Encoding in HTTP/1.0")
	errOptionsMany  = refusal(431, "Connection has too many options")
	errTrailer      = refusal(400, "Trailer announces a field about the message's end")
	errMaxForwards  = refusal(400, "Max-Forwards is not one whole number")
)

// What is wrong with a chunked body.
var (
	errChunkSize      = refusal(400, "a chunk's size must be 1 to 16 hexadecimal digits, below 2^63")
	errChunkLine      = refusal(400, "a chunk's line must end in CRLF after its size or its extensions")
	errChunkLineLong  = refusal(400, "a chunk's line is too long")
	errChunkExtension = refusal(400, "a chunk extension holds a control byte")
	errExtensionsLong = refusal(400, "chunk extensions are too long beside the data")
	errChunkEnd       = refusal(400, "a chunk's data must be followed by CRLF")
	errTrailersLong   = refusal(431, "trailers are too long")
	errTrailersMany   = refusal(431, "too many trailers")
)
