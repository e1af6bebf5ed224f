package http1

import "bytes"

// BodyKind says how the end of a body is found (RFC 9112 §6.3).
type BodyKind uint8

const (
	BodyNone       BodyKind = iota // there is no body: nothing follows the head
	BodyLength                     // Length bytes, at least 1
	BodyChunked                    // chunks, to be read by Chunks
	BodyUntilClose                 // all bytes until the connection closes; answers only
)

// Head is what requests and answers have in common.
type Head struct {
	Minor     uint8 // of the version HTTP/1.Minor: 0 or 1
	Body      BodyKind
	KeepAlive bool     // the sender will take part in another exchange on this connection
	Upgrade   Span     // the protocols to change to; empty: no change wanted. Never names h2c
	Length    int64    // Content-Length, also of an answer to HEAD; -1: none given
	Seen      FieldSet // which known fields are there
	HeadLen   int      // bytes of the head, with its empty line and any skipped before it
	Fields    []Field

	start         int      // where the first line begins
	next          int      // where the next field line begins; 0: the first line is still to come
	looked        int      // no line beginning at next (or start) ends before this offset
	again         int      // when to read it again nevertheless, in bytes of the head
	twice         FieldSet // known fields that are there more than once
	hops          bool     // some field is not forwarded
	rewriteLength bool     // Content-Length is to be written anew
}

// Get returns the value of the first field of that name, in any case; nil if
// there is none.
func (h *Head) Get(buf []byte, name string) []byte {
	for i := range h.Fields {
		f := &h.Fields[i]
		if f.Name.Len() == len(name) && bytes.EqualFold(f.Name.Of(buf), []byte(name)) {
			return f.Value.Of(buf)
		}
	}
	return nil
}

// GetID returns the value of the first field with this ID; nil if there is none.
func (h *Head) GetID(buf []byte, id FieldID) []byte {
	if !h.Seen.Has(id) {
		return nil
	}
	for i := range h.Fields {
		if f := &h.Fields[i]; f.ID == id {
			return f.Value.Of(buf)
		}
	}
	return nil
}

// waits says whether Parse has nothing to do: the line that it waits for is still
// not there whole. So that a head which drips in costs no more than twice what it
// costs in one piece, but is refused early if it must be, an unfinished line is read again
// only when it has doubled.
func (h *Head) waits(buf []byte) bool {
	if len(buf) >= h.again || bytes.IndexByte(buf[h.looked:], '\n') >= 0 {
		return false
	}
	h.looked = len(buf)
	return true
}

// more records that all of buf was looked at, and refuses the head if what is still
// to come cannot bring it within its limits.
func (h *Head) more(buf []byte, lim *Limits) *Error {
	if len(buf) >= h.again {
		h.again = 2*len(buf) - max(h.start, h.next)
	}
	h.looked = len(buf)
	switch {
	case len(buf) >= lim.HeadBytes:
		return errHeadLong
	case h.next > 0 && len(buf)-h.next > lim.FieldBytes+len("\r"):
		return errFieldLong
	}
	return nil
}

// parseFields reads field lines from h.next on, up to the empty line. It
// returns whether the empty line was there. Of a request (aliases), names with '_'
// are not forwarded: to CGI and its like they are the same as those with '-'.
func (h *Head) parseFields(buf []byte, lim *Limits, aliases bool) (done bool, err *Error) {
	for h.next < len(buf) {
		if buf[h.next] == '\r' {
			return h.emptyLine(buf, lim)
		}
		n := len(h.Fields)
		if n >= lim.Fields {
			return false, errFieldsMany
		}
		if n == cap(h.Fields) {
			h.Fields = append(h.Fields, Field{})[:n]
		}
		f := &h.Fields[:n+1][n]
		next, underscore, err := f.parse(buf, h.next)
		if err != nil || next == 0 {
			return false, err
		}
		if next-h.next > lim.FieldBytes+len("\r\n") {
			return false, errFieldLong
		}
		h.Fields = h.Fields[:n+1]
		bit := FieldSet(1) << f.ID &^ 1
		h.twice |= h.Seen & bit
		h.Seen |= bit
		f.Hop = hopFields&bit != 0 || underscore && aliases
		h.hops = h.hops || f.Hop
		h.next = next
	}
	return false, nil
}

// emptyLine ends the head if the line at h.next is there whole.
func (h *Head) emptyLine(buf []byte, lim *Limits) (done bool, err *Error) {
	end := h.next + 2
	switch {
	case end > len(buf):
		return false, nil
	case buf[end-1] != '\n':
		return false, errBareCR
	case end > lim.HeadBytes:
		return false, errHeadLong
	}
	h.HeadLen = end
	return true, nil
}

// parse reads the field line that begins at from. It returns where the next one
// begins, or 0 if the line does not end in buf; and whether the name has a '_'. It sets
// all of f but Hop.
func (f *Field) parse(buf []byte, from int) (next int, underscore bool, err *Error) {
	i, underscore := skipName(buf, from)
	if i-from > MaxNameBytes {
		return 0, false, errNameLong
	}
	if i == len(buf) {
		return 0, false, nil
	}
	if i == from || buf[i] != ':' {
		return 0, false, badName(buf[i], i-from)
	}
	name := i
	i++
	for i < len(buf) && isSpace(buf[i]) {
		i++
	}
	value := i
	i = skipText(buf, i)
	if i == len(buf) {
		return 0, false, nil
	}
	if buf[i] != '\r' {
		return 0, false, badValue(buf[i])
	}
	next = i + len("\r\n")
	if next > len(buf) {
		return 0, false, nil
	}
	if buf[i+1] != '\n' {
		return 0, false, errBareCR
	}
	for i > value && isSpace(buf[i-1]) {
		i--
	}
	f.Name = span(from, name)
	f.Value = span(value, i)
	f.Line = span(from, next)
	if from+8 <= len(buf) {
		f.ID = fieldOf(buf, from, name)
	} else { // the last line of what is there, and very short
		var word [8]byte
		copy(word[:], buf[from:])
		f.ID = fieldOf(word[:], 0, name-from)
	}
	return next, underscore, nil
}

// badName says what is wrong with a name that c follows after n bytes.
func badName(c byte, n int) *Error {
	switch {
	case c == '\n':
		return errBareLF
	case c == '\r':
		return errName
	case c == ':':
		return errNameEmpty
	case isSpace(c) && n == 0:
		return errFold
	case isSpace(c):
		return errNameSpace
	}
	return errName
}

// badValue says what is wrong with a value that c stands in.
func badValue(c byte) *Error {
	if c == '\n' {
		return errBareLF
	}
	return errValue
}
