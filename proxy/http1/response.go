package http1

// Response is the head of an answer. Its zero value is ready for use; so it is
// after Reset. Spans are into the buffer that was given to Parse.
type Response struct {
	Head

	Status int // 100 to 999
	Reason Span

	plain bool // the status line is forwarded as it came
}

// Reset makes ready for another message.
func (r *Response) Reset() { *r = Response{Head: Head{Fields: r.Fields[:0]}} }

// Parse reads the head at the front of buf, the answer to a request with that
// method. n, and how to go on, are as in [Request.Parse]. All errors have status 502.
//
// The answer to CONNECT is not read here: it has no body that HTTP knows of.
func (r *Response) Parse(buf []byte, request Method, lim *Limits) (n int, err *Error) {
	if n, err = r.parse(buf, request, lim); err != nil {
		return 0, err.answer
	}
	return n, nil
}

func (r *Response) parse(buf []byte, request Method, lim *Limits) (n int, err *Error) {
	if !r.waits(buf) {
		if r.next == 0 {
			if err := r.parseLine(buf); err != nil {
				return 0, err
			}
		}
		if r.next > 0 {
			done, err := r.parseFields(buf, lim, false)
			if err != nil {
				return 0, err
			}
			if done {
				return r.HeadLen, r.conclude(buf, request)
			}
		}
	}
	return 0, r.more(buf, lim)
}

// parseLine reads the status line: version SP status SP reason CRLF. The second
// SP may be missing where there is no reason, as some servers have it. If the line is there
// whole, r.next is set.
func (r *Response) parseLine(buf []byte) *Error {
	const form = "HTTP/1.1 200"
	for i := range min(len(buf), len(form)) {
		if c := buf[i]; c != form[i] && (i < len("HTTP/1.") || form[i] == ' ' || c < '0' || c > '9') {
			return errStatusLine
		}
	}
	i := len(form)
	if i >= len(buf) {
		return nil
	}
	minor := buf[len("HTTP/1.")] - '0'
	r.Status = int(buf[9]-'0')*100 + int(buf[10]-'0')*10 + int(buf[11]-'0')
	if minor > 1 || r.Status < 100 || buf[i] != ' ' && buf[i] != '\r' {
		return errStatusLine
	}
	reason := min(i+1, len(buf))
	if buf[i] == '\r' {
		reason = i
	}
	i = skipText(buf, reason)
	switch {
	case i < len(buf) && buf[i] == '\n':
		return errBareLF
	case i < len(buf) && buf[i] != '\r':
		return errStatusLine
	case i+1 >= len(buf):
		return nil
	case buf[i+1] != '\n':
		return errBareCR
	}
	r.Minor, r.Reason, r.next = minor, span(reason, i), i+2
	r.plain = minor == 1 && reason > len(form)
	return nil
}

// conclude draws from the fields what they mean for the answer
// (RFC 9112 §6.3).
func (r *Response) conclude(buf []byte, request Method) *Error {
	c, err := r.interpret(buf)
	if err != nil {
		return err
	}
	switch {
	case r.Status < 200 || r.Status == 204:
		r.Body = BodyNone
		r.dropID(FieldContentLength) // RFC 9110 §8.6: must not be there
		r.Length = -1
	case r.Status == 304 || request == MethodHead:
		r.Body = BodyNone
	case r.Body == BodyNone && r.Length < 0:
		r.Body = BodyUntilClose
		r.KeepAlive = false
	}
	// Only these two say something by it that the client waits for (RFC 9110
	// §7.8). Others advertise what is true of the connection to the backend.
	if r.Status == 101 || r.Status == 426 && c.upgrade {
		r.concludeUpgrade(buf)
	}
	return nil
}

// concludeUpgrade sets Upgrade if there is one, and h2c is not in it.
func (r *Response) concludeUpgrade(buf []byte) {
	if r.twice.Has(FieldUpgrade) {
		return
	}
	for i := range r.Fields {
		if f := &r.Fields[i]; f.ID == FieldUpgrade && !unfitUpgrade(f.Value.Of(buf)) {
			r.Upgrade = f.Value
		}
	}
}
