package http1

import "strconv"

// Edits are what a proxy changes in a request's head beyond what HTTP demands.
type Edits struct {
	Drop  FieldSet // known fields to leave out, because Extra has the caller's own
	Extra []byte   // whole lines, each with CRLF, put after the fields
	Host  []byte   // the value of Host; nil: the request's authority
}

// AppendForward appends to dst the head as it goes to a backend, in HTTP/1.1:
// fields that end here removed (RFC 9110 §7.6.1) and so are names with '_', the
// framing said once and in one form, Max-Forwards decremented. buf is what Parse was
// given. To refuse an upgrade, empty r.Upgrade before.
func (r *Request) AppendForward(dst, buf []byte, e *Edits) []byte {
	drop := e.Drop
	rewriteHost := e.Host != nil || r.absolute || !r.Seen.Has(FieldHost)
	if rewriteHost {
		drop = drop.With(FieldHost)
	}
	from := r.start
	if !r.plain || rewriteHost {
		dst = r.appendLine(dst, buf)
		if rewriteHost {
			host := e.Host
			if host == nil {
				host = r.Authority.Of(buf)
			}
			dst = appendField(dst, "Host: ", host)
		}
		from = r.firstField()
	}
	dst = r.appendFields(dst, buf, from, drop)
	dst = append(dst, e.Extra...)
	if r.hops {
		dst = r.appendHops(dst, buf)
	}
	return append(dst, "\r\n"...)
}

// appendLine writes the request line anew.
func (r *Request) appendLine(dst, buf []byte) []byte {
	dst = append(dst, r.MethodName.Of(buf)...)
	dst = append(dst, ' ')
	if r.asterisk {
		dst = append(dst, '*')
	} else {
		dst = append(dst, r.Path.Of(buf)...)
	}
	return append(dst, " HTTP/1.1\r\n"...)
}

// appendHops writes the fields that are for the next hop only, or that are not
// forwarded as they came.
func (r *Request) appendHops(dst, buf []byte) []byte {
	switch {
	case r.Body == BodyChunked:
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	case r.rewriteLength:
		dst = appendNumber(dst, "Content-Length: ", r.Length)
	}
	if r.MaxForwards > 0 {
		dst = appendNumber(dst, "Max-Forwards: ", int64(r.MaxForwards-1))
	}
	upgrade := r.Upgrade.Len() > 0
	switch {
	case upgrade && r.TETrailers:
		dst = append(dst, "Connection: upgrade, TE\r\n"...)
	case upgrade:
		dst = append(dst, "Connection: upgrade\r\n"...)
	case r.TETrailers:
		dst = append(dst, "Connection: TE\r\n"...)
	}
	if upgrade {
		dst = appendField(dst, "Upgrade: ", r.Upgrade.Of(buf))
	}
	if r.TETrailers {
		dst = append(dst, "TE: trailers\r\n"...)
	}
	return dst
}

// ResponseEdits are what a proxy changes in an answer's head. How the body's end
// is marked towards the client is Chunked, the Content-Length that came, or, with
// neither, the connection's end.
type ResponseEdits struct {
	Drop      FieldSet // known fields to leave out
	Extra     []byte   // whole lines, each with CRLF, put after the fields
	Chunked   bool     // the body goes out in chunks
	Close     bool     // say that the connection closes after this answer
	KeepAlive bool     // say that it does not, to a client of HTTP/1.0
}

// AppendForward appends to dst the head as it goes to a client, in HTTP/1.1
// whatever the client speaks (RFC 9112 §2.3). buf is what Parse was given.
func (r *Response) AppendForward(dst, buf []byte, e *ResponseEdits) []byte {
	drop := e.Drop.With(FieldTrailer)
	if e.Chunked {
		drop = e.Drop.With(FieldContentLength)
	}
	from := r.start
	if !r.plain {
		dst = append(dst, "HTTP/1.1 "...)
		dst = strconv.AppendInt(dst, int64(r.Status), 10)
		dst = append(dst, ' ')
		dst = append(dst, r.Reason.Of(buf)...)
		dst = append(dst, "\r\n"...)
		from = r.firstField()
	}
	dst = r.appendFields(dst, buf, from, drop)
	dst = append(dst, e.Extra...)
	switch {
	case e.Chunked:
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	case r.rewriteLength && r.Length >= 0:
		dst = appendNumber(dst, "Content-Length: ", r.Length)
	}
	upgrade := r.Upgrade.Len() > 0
	switch {
	case e.Close && upgrade:
		dst = append(dst, "Connection: close, upgrade\r\n"...)
	case e.Close:
		dst = append(dst, "Connection: close\r\n"...)
	case e.KeepAlive:
		dst = append(dst, "Connection: keep-alive\r\n"...)
	case upgrade:
		dst = append(dst, "Connection: upgrade\r\n"...)
	}
	if upgrade {
		dst = appendField(dst, "Upgrade: ", r.Upgrade.Of(buf))
	}
	return append(dst, "\r\n"...)
}

// firstField is where the first field line begins, or the empty line.
func (h *Head) firstField() int {
	if len(h.Fields) == 0 {
		return h.HeadLen - len("\r\n")
	}
	return int(h.Fields[0].Line.From)
}

// appendFields copies what lies from from up to the empty line, except the
// fields that are not forwarded: each run of lines that are is copied at once.
func (h *Head) appendFields(dst, buf []byte, from int, drop FieldSet) []byte {
	end := h.HeadLen - len("\r\n")
	if h.hops || h.Seen&drop != 0 {
		for i := range h.Fields {
			f := &h.Fields[i]
			if !f.Hop && !drop.Has(f.ID) {
				continue
			}
			if to := int(f.Line.From); to > from {
				dst = append(dst, buf[from:to]...)
			}
			from = int(f.Line.To)
		}
	}
	return append(dst, buf[from:end]...)
}

func appendField(dst []byte, name string, value []byte) []byte {
	dst = append(dst, name...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}

func appendNumber(dst []byte, name string, n int64) []byte {
	dst = append(dst, name...)
	dst = strconv.AppendInt(dst, n, 10)
	return append(dst, "\r\n"...)
}
