package http1

import "bytes"

// connection is what the Connection fields of a head say.
type connection struct {
	close, keepAlive, upgrade bool
	nominates                 bool // other fields
}

// meansFields are those that say something about the message's end, the
// connection, or the protocol.
var meansFields = FieldSet(0).With(FieldConnection, FieldContentLength, FieldTransferEncoding)

// interpret draws from the fields what Connection, Content-Length and
// Transfer-Encoding mean. It sets Length, KeepAlive, and Body to BodyChunked,
// BodyLength or BodyNone.
func (h *Head) interpret(buf []byte) (c connection, err *Error) {
	h.Length = -1
	if h.Seen&meansFields != 0 {
		if c, err = h.interpretFields(buf); err != nil {
			return c, err
		}
	}
	h.KeepAlive = !c.close && (h.Minor > 0 || c.keepAlive)
	return c, nil
}

func (h *Head) interpretFields(buf []byte) (c connection, err *Error) {
	switch {
	case h.twice.Has(FieldContentLength):
		return c, errLengthTwice
	case h.twice.Has(FieldTransferEncoding):
		return c, errCodingTwice
	case h.Seen.Has(FieldContentLength) && h.Seen.Has(FieldTransferEncoding):
		return c, errBothFramings
	}
	options := 0
	for i := range h.Fields {
		f := &h.Fields[i]
		switch f.ID {
		case FieldConnection:
			if options += c.read(f.Value.Of(buf)); options > MaxConnectionOptions {
				return c, errOptionsMany
			}
		case FieldContentLength:
			err = h.readLength(buf, f)
		case FieldTransferEncoding:
			err = h.readCoding(f.Value.Of(buf))
		}
		if err != nil {
			return c, err
		}
	}
	if c.nominates {
		h.dropNominated(buf)
	}
	if h.Body == BodyChunked && h.announcesFraming(buf) {
		return c, errTrailer
	}
	return c, nil
}

// announcesFraming says whether Trailer promises a field with which the trailers
// would speak about where the message ends (RFC 9110 §6.5.1).
func (h *Head) announcesFraming(buf []byte) bool {
	if !h.Seen.Has(FieldTrailer) {
		return false
	}
	for i := range h.Fields {
		f := &h.Fields[i]
		if f.ID != FieldTrailer {
			continue
		}
		v := f.Value.Of(buf)
		if lists(v, "transfer-encoding") || lists(v, "content-length") || lists(v, "trailer") {
			return true
		}
	}
	return false
}

// read takes in one Connection field and returns how many options it has.
func (c *connection) read(list []byte) (options int) {
	for len(list) > 0 {
		var option []byte
		option, list = nextElement(list)
		if len(option) == 0 {
			continue
		}
		options++
		switch {
		case equalFold(option, "close"):
			c.close = true
		case equalFold(option, "keep-alive"):
			c.keepAlive = true
		case equalFold(option, "upgrade"):
			c.upgrade = true
		case equalFold(option, "te"):
		default:
			c.nominates = true
		}
	}
	return options
}

// nextElement cuts the first element, without white space around it, from a
// list separated by commas.
func nextElement(list []byte) (element, rest []byte) {
	i := bytes.IndexByte(list, ',')
	if i < 0 {
		return trimSpace(list), nil
	}
	return trimSpace(list[:i]), list[i+1:]
}

// lists says whether a list separated by commas holds element.
func lists(list []byte, element string) bool {
	for len(list) > 0 {
		var e []byte
		if e, list = nextElement(list); equalFold(e, element) {
			return true
		}
	}
	return false
}

// dropNominated marks the fields that Connection names (RFC 9110 §7.6.1).
func (h *Head) dropNominated(buf []byte) {
	for i := range h.Fields {
		if h.Fields[i].ID != FieldConnection {
			continue
		}
		var option []byte
		for list := h.Fields[i].Value.Of(buf); len(list) > 0; {
			if option, list = nextElement(list); len(option) > 0 {
				h.drop(buf, option)
			}
		}
	}
}

func (h *Head) drop(buf, name []byte) {
	for i := range h.Fields {
		f := &h.Fields[i]
		if f.Name.Len() == len(name) && !keptFields.Has(f.ID) && bytes.EqualFold(f.Name.Of(buf), name) {
			f.Hop = true
			h.hops = true
		}
	}
}

// readLength reads Content-Length. A line that is not in the one usual form is
// not forwarded as it came.
func (h *Head) readLength(buf []byte, f *Field) *Error {
	v := f.Value.Of(buf)
	n, ok := parseNumber(v)
	if !ok {
		return errLength
	}
	h.Length = n
	if n > 0 {
		h.Body = BodyLength
	}
	const around = len(": ") + len("\r\n")
	if v[0] == '0' && len(v) > 1 || f.Line.Len() != f.Name.Len()+f.Value.Len()+around || buf[f.Name.To+1] != ' ' {
		f.Hop = true
		h.hops = true
		h.rewriteLength = true
	}
	return nil
}

// parseNumber reads one or more digits; ok says whether they are that and
// below 2^63.
func parseNumber(v []byte) (n int64, ok bool) {
	const digits = 19 // of 2^63-1
	if len(v) == 0 || len(v) > digits {
		return 0, false
	}
	for _, c := range v {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, n >= 0 // 19 digits cannot pass 2^64, so that passing 2^63 shows in the sign
}

// readCoding reads Transfer-Encoding. Only chunked is understood: a list that
// ends in it says that data is compressed for this hop, which nobody sends.
func (h *Head) readCoding(v []byte) *Error {
	switch {
	case h.Minor == 0:
		return errCodingOld // RFC 9112 §6.1: its framing is faulty
	case !equalFold(v, "chunked"):
		return errCoding
	}
	h.Body = BodyChunked
	return nil
}

// unfitUpgrade says whether a list of protocols is not to be passed on: it holds
// h2c, with which a client could talk HTTP/2 to a backend past every rule of the
// proxy, or what is no protocol's name and might be read as that.
func unfitUpgrade(list []byte) bool {
	for len(list) > 0 {
		var protocol []byte
		protocol, list = nextElement(list)
		name, _, _ := bytes.Cut(protocol, []byte("/"))
		if !isToken(name) || equalFold(name, "h2c") || equalFold(name, "h2") {
			return true
		}
	}
	return false
}

func isToken(name []byte) bool {
	for _, c := range name {
		if byteClass[c]&classToken == 0 {
			return false
		}
	}
	return true
}

// dropID marks the fields with this ID as not forwarded.
func (h *Head) dropID(id FieldID) {
	if !h.Seen.Has(id) {
		return
	}
	for i := range h.Fields {
		if h.Fields[i].ID == id {
			h.Fields[i].Hop = true
			h.hops = true
		}
	}
}
