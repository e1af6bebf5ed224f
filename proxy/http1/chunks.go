package http1

import (
	"bytes"
	"strconv"
)

// Piece is what Chunks.Scan found at the front of a chunked body.
type Piece uint8

const (
	// PieceNeedMore: nothing can be told yet; call again with more bytes after these.
	PieceNeedMore Piece = iota
	// PieceData: bytes of the body itself.
	PieceData
	// PieceFraming: a chunk's line, or the CRLF after its data, in canonical form.
	PieceFraming
	// PieceRewrite: a chunk's line that is not passed on as it is, since it has
	// extensions, leading zeros or white space. AppendChunkLine of Size stands for it.
	PieceRewrite
	// PieceTrailer: a trailer line that may be passed on.
	PieceTrailer
	// PieceDroppedTrailer: a trailer line that must not be (RFC 9110 §6.5.1).
	PieceDroppedTrailer
	// PieceEnd: the empty line at the end of the body.
	PieceEnd
)

// Chunks takes a chunked body (RFC 9112 §7.1) apart without keeping any of it.
// The zero value is at the beginning of a body.
//
// To pass a body on, write each run of Data, Framing, Trailer and End bytes as
// it stands, and put something else only for Rewrite, which is rare. To have
// the data alone, take Data and nothing else. How the body was cut into reads
// changes nothing but the lengths of the pieces of Data.
type Chunks struct {
	size     int64 // of the chunk whose line was read last
	left     int64 // bytes of its data still to come
	excess   int64 // bytes of extensions beyond bytes of data; at least 0
	trailer  int   // bytes of trailers
	trailers int   // number of trailers
	looked   int   // bytes at the front that hold no LF
	state    chunkState
}

type chunkState uint8

const (
	chunkLine    chunkState = iota // a chunk's line comes next
	chunkData                      // data, or the CRLF after it
	chunkTrailer                   // trailers, or the empty line
	chunkEnd                       // nothing
)

// FinalChunk ends a body that has no trailers.
const FinalChunk = "0\r\n\r\n"

// AppendChunkLine appends the line before size bytes of data, or with size 0 the
// line before the trailers. The CRLF after the data is the caller's to write.
func AppendChunkLine(dst []byte, size int) []byte {
	dst = strconv.AppendUint(dst, uint64(size), 16)
	return append(dst, "\r\n"...)
}

// Reset makes ready for another body.
func (c *Chunks) Reset() { *c = Chunks{} }

// Size is the size in bytes of the chunk whose line was read last; 0 for the last.
func (c *Chunks) Size() int64 { return c.size }

// Left is how many bytes of the present chunk's data are still to come.
func (c *Chunks) Left() int64 { return c.left }

// Scan returns the length and kind of the piece at the front of p. The next call
// is with what comes after it; after PieceNeedMore, n is 0 and the next call is with
// the same bytes and more. An error refuses the body for good; its Status is for
// bodies of requests. After PieceEnd, Scan returns PieceNeedMore.
func (c *Chunks) Scan(p []byte) (n int, what Piece, err *Error) {
	switch c.state {
	case chunkData:
		if c.left > 0 {
			n = int(min(c.left, int64(len(p))))
			c.left -= int64(n)
			if n == 0 {
				return 0, PieceNeedMore, nil
			}
			return n, PieceData, nil
		}
		return c.scanDataEnd(p)
	case chunkLine:
		return c.scanLine(p)
	case chunkTrailer:
		return c.scanTrailer(p)
	}
	return 0, PieceNeedMore, nil
}

// scanDataEnd reads the CRLF after a chunk's data.
func (c *Chunks) scanDataEnd(p []byte) (n int, what Piece, err *Error) {
	switch {
	case len(p) > 0 && p[0] != '\r', len(p) > 1 && p[1] != '\n':
		return 0, PieceNeedMore, errChunkEnd
	case len(p) < 2:
		return 0, PieceNeedMore, nil
	}
	c.state = chunkLine
	return 2, PieceFraming, nil
}

// scanLine reads a chunk's line: its size in hexadecimal, and perhaps white space
// and extensions, which are skipped.
func (c *Chunks) scanLine(p []byte) (n int, what Piece, err *Error) {
	const maxDigits = 16
	size, i := uint64(0), 0
	for i < len(p) && hexValue[p[i]] < 16 {
		if i == maxDigits {
			return 0, PieceNeedMore, errChunkSize
		}
		size = size<<4 | uint64(hexValue[p[i]])
		i++
	}
	switch {
	case i == len(p):
		return 0, PieceNeedMore, nil
	case i == 0 || size > 1<<63-1:
		return 0, PieceNeedMore, errChunkSize
	}
	digits := i
	if p[i] != '\r' {
		if i, err = skipExtensions(p, i); err != nil {
			return 0, PieceNeedMore, err
		}
	}
	if i+2 > len(p) {
		return 0, PieceNeedMore, nil
	}
	if p[i+1] != '\n' {
		return 0, PieceNeedMore, errChunkLine
	}
	return c.begin(int64(size), digits, i+2, p[0] == '0')
}

// skipExtensions returns the index of the CR that ends a chunk's line, or len(p)
// if it is not there yet. i is after the size.
func skipExtensions(p []byte, i int) (int, *Error) {
	for i < len(p) && isSpace(p[i]) { // RFC 9112 §7.1.1: bad white space, to be removed
		i++
	}
	if i < len(p) && p[i] != ';' {
		return i, errChunkLine
	}
	i = skipText(p, i)
	switch {
	case i > MaxChunkLineBytes:
		return i, errChunkLineLong
	case i < len(p) && p[i] != '\r':
		return i, errChunkExtension
	}
	return i, nil
}

// begin enters a chunk whose line has n bytes.
func (c *Chunks) begin(size int64, digits, n int, zero bool) (int, Piece, *Error) {
	if n > MaxChunkLineBytes {
		return 0, PieceNeedMore, errChunkLineLong
	}
	extra := int64(n - digits - len("\r\n"))
	c.excess = max(0, c.excess+extra-size)
	if c.excess > MaxChunkExtensionBytes {
		return 0, PieceNeedMore, errExtensionsLong
	}
	c.size, c.left = size, size
	c.state = chunkData
	if size == 0 {
		c.state = chunkTrailer
	}
	if extra > 0 || zero && digits > 1 {
		return n, PieceRewrite, nil
	}
	return n, PieceFraming, nil
}

// scanTrailer reads a trailer line or the empty line.
func (c *Chunks) scanTrailer(p []byte) (n int, what Piece, err *Error) {
	if len(p) > 0 && p[0] == '\r' {
		return c.scanEnd(p)
	}
	if c.trailers == MaxTrailers {
		return 0, PieceNeedMore, errTrailersMany
	}
	if c.looked > 0 && c.looked <= len(p) && bytes.IndexByte(p[c.looked:], '\n') < 0 {
		return c.awaitTrailer(p)
	}
	var f Field
	n, underscore, err := f.parse(p, 0)
	if err != nil {
		return 0, PieceNeedMore, err
	}
	if n == 0 {
		return c.awaitTrailer(p)
	}
	c.looked = 0
	c.trailers++
	if c.trailer += n; c.trailer > MaxTrailerBytes {
		return 0, PieceNeedMore, errTrailersLong
	}
	if underscore || forbiddenTrailer(f.ID, f.Name.Of(p)) {
		return n, PieceDroppedTrailer, nil
	}
	return n, PieceTrailer, nil
}

// awaitTrailer records that the trailer line in p is not there whole.
func (c *Chunks) awaitTrailer(p []byte) (n int, what Piece, err *Error) {
	c.looked = len(p)
	if c.trailer+len(p) > MaxTrailerBytes {
		return 0, PieceNeedMore, errTrailersLong
	}
	return 0, PieceNeedMore, nil
}

// scanEnd reads the empty line after the trailers.
func (c *Chunks) scanEnd(p []byte) (n int, what Piece, err *Error) {
	switch {
	case len(p) < 2:
		return 0, PieceNeedMore, nil
	case p[1] != '\n':
		return 0, PieceNeedMore, errBareCR
	}
	c.state = chunkEnd
	return 2, PieceEnd, nil
}

// forbiddenFields may not stand in trailers, where they would come too late to be
// checked: framing, routing, credentials, request modifiers, and what says how to
// read the content (RFC 9110 §6.5.1). All that the proxy itself sets is among them.
var forbiddenFields = (hopFields | keptFields).With(FieldExpect, FieldAuthorization, FieldWWWAuthenticate,
	FieldCookie, FieldSetCookie, FieldContentType, FieldContentEncoding, FieldContentRange, FieldRange,
	FieldCacheControl, FieldPragma, FieldRetryAfter, FieldDate, FieldUserAgent, FieldReferer)

// forbiddenNames are further names that may not stand in trailers.
var forbiddenNames = [...]string{
	"age", "expires", "location", "vary", "accept-ranges", "allow",
	"if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range",
	"proxy-authentication-info", "authentication-info",
}

func forbiddenTrailer(id FieldID, name []byte) bool {
	if id != FieldOther {
		return forbiddenFields.Has(id)
	}
	for _, n := range forbiddenNames {
		if equalFold(name, n) {
			return true
		}
	}
	return false
}
