package http1

// Request is the head of a request. Its zero value is ready for use; so it is
// after Reset. Spans are into the buffer that was given to Parse.
type Request struct {
	Head

	Method     Method
	MethodName Span
	Target     Span // as it came
	// Path is the path and query that are forwarded: "/" and so on, or "*". It
	// is empty for CONNECT.
	Path Span
	// Authority is whom the request is for, as host or host:port: from the
	// target if that names it, else from Host (RFC 9112 §3.2.2). It is empty only
	// in HTTP/1.0 without Host.
	Authority Span

	ExpectContinue bool // the client waits for 100 (Continue) before it sends the body
	TETrailers     bool // the client reads trailers
	MaxForwards    int  // of TRACE and OPTIONS, RFC 9110 §7.6.2; -1: not given

	absolute bool // the target names the authority
	asterisk bool // forwarded with the target *, though Path may say /
	plain    bool // the request line is forwarded as it came
}

// Reset makes ready for another message.
func (r *Request) Reset() { *r = Request{Head: Head{Fields: r.Fields[:0]}} }

// Parse reads the head at the front of buf. n is its length with its empty line;
// 0 means that it is not there whole, and that Parse should be called again with
// more bytes after the same ones. It begins where the last call left off; Reset
// begins another message. A refused head stays refused: the connection cannot be
// used further.
//
// One empty line before the request is skipped and counts into n.
func (r *Request) Parse(buf []byte, lim *Limits) (n int, err *Error) {
	if !r.waits(buf) {
		if r.next == 0 {
			if err := r.parseLine(buf, lim); err != nil {
				return 0, err
			}
		}
		if r.next > 0 {
			done, err := r.parseFields(buf, lim, true)
			if err != nil {
				return 0, err
			}
			if done {
				if err := r.conclude(buf); err != nil {
					return 0, err
				}
				return r.HeadLen, nil
			}
		}
	}
	if r.next == 0 && len(buf)-r.start > MaxMethodBytes+lim.URIBytes+len("  HTTP/1.1\r") {
		return 0, errTargetLong
	}
	return 0, r.more(buf, lim)
}

// parseLine reads the request line: method SP target SP version CRLF. If it is
// there whole, r.next is set.
func (r *Request) parseLine(buf []byte, lim *Limits) *Error {
	i := 0
	if len(buf) > 0 && buf[0] == '\r' {
		if len(buf) == 1 {
			return nil
		}
		if buf[1] != '\n' {
			return errBareCR
		}
		i = 2
	}
	r.start = i
	i, method := parseMethod(buf, i)
	switch {
	case i-r.start > MaxMethodBytes:
		return errMethodLong
	case i == len(buf):
		return nil
	case i == r.start || buf[i] != ' ':
		return errMethod
	}
	name := span(r.start, i)
	from := i + 1
	i = skipTarget(buf, from)
	switch {
	case i-from > lim.URIBytes:
		return errTargetLong
	case i == len(buf):
		return nil
	case i == from || buf[i] != ' ':
		return errTarget
	}
	minor, end, err := parseVersion(buf, i+1)
	if err != nil || end == 0 {
		return err
	}
	r.Minor, r.next = minor, end
	r.MethodName, r.Method = name, method
	r.Target = span(from, i)
	return r.parseTarget(buf)
}

// parseMethod reads the token at i and returns where it ends. method is valid only if
// a space follows.
func parseMethod(buf []byte, i int) (end int, method Method) {
	if i+8 <= len(buf) {
		switch w := load(buf, i); {
		case w&0xffffffff == 'G'|'E'<<8|'T'<<16|' '<<24:
			return i + 3, MethodGet
		case w&0xffffffffff == 'P'|'O'<<8|'S'<<16|'T'<<24|' '<<32:
			return i + 4, MethodPost
		}
	}
	end, _ = skipName(buf, i)
	return end, methodOf(buf[i:end])
}

// parseVersion reads the version at i and the line's end. end is 0 if they are
// not there whole.
func parseVersion(buf []byte, i int) (minor uint8, end int, err *Error) {
	const usual = "HTTP/1.1\r\n"
	if len(buf)-i >= len(usual) {
		v := buf[i : i+len(usual)]
		if string(v) == usual {
			return 1, i + len(usual), nil
		}
		if string(v) == "HTTP/1.0\r\n" {
			return 0, i + len(usual), nil
		}
		return 0, 0, badVersion(v)
	}
	for j, c := range buf[i:] { // refuse what cannot become a version
		if c != usual[j] && (c < '0' || c > '9' || usual[j] != '1') {
			return 0, 0, badVersion(buf[i:])
		}
	}
	return 0, 0, nil
}

// badVersion tells an unknown version of HTTP from something else.
func badVersion(v []byte) *Error {
	isDigit := func(c byte) bool { return c >= '0' && c <= '9' }
	if len(v) >= 8 && string(v[:5]) == "HTTP/" && isDigit(v[5]) && v[6] == '.' && isDigit(v[7]) && (v[5] != '1' || v[7] > '1') {
		return errVersionNumber
	}
	return errVersion
}

// conclude draws from the fields what they mean for the request.
func (r *Request) conclude(buf []byte) *Error {
	c, err := r.interpret(buf)
	if err != nil {
		return err
	}
	if err := r.checkHost(buf); err != nil {
		return err
	}
	r.MaxForwards = -1
	if r.Seen&rareFields == 0 {
		return nil
	}
	for i := range r.Fields {
		if f := &r.Fields[i]; rareFields.Has(f.ID) {
			if err := r.concludeRare(buf, f, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// rareFields are those that concludeRare draws from.
var rareFields = FieldSet(0).With(FieldUpgrade, FieldExpect, FieldTE, FieldMaxForwards, FieldTrailer)

// concludeRare draws from one of the fields that most requests do not have.
func (r *Request) concludeRare(buf []byte, f *Field, c connection) *Error {
	v := f.Value.Of(buf)
	switch f.ID {
	case FieldUpgrade:
		if c.upgrade && r.Minor > 0 && !r.twice.Has(FieldUpgrade) && len(v) > 0 && !unfitUpgrade(v) {
			r.Upgrade = f.Value
		}
	case FieldExpect:
		// RFC 9110 §10.1.1: to be ignored in HTTP/1.0, and without content there
		// is nothing to wait with.
		if equalFold(v, "100-continue") {
			r.ExpectContinue = r.Minor > 0 && r.Body != BodyNone
			f.Hop = f.Hop || !r.ExpectContinue
		}
	case FieldTE:
		r.TETrailers = r.TETrailers || lists(v, "trailers")
	case FieldTrailer:
		f.Hop = f.Hop || r.Body != BodyChunked
	case FieldMaxForwards:
		if r.Method != MethodTrace && r.Method != MethodOptions {
			break
		}
		n, ok := parseNumber(v)
		if !ok || r.twice.Has(FieldMaxForwards) {
			return errMaxForwards
		}
		r.MaxForwards = int(min(n, 1<<31-1)) // what does not fit is lowered to what does
		f.Hop = true
	}
	r.hops = r.hops || f.Hop
	return nil
}
