package http1

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/textproto"
	"reflect"
	"strings"
	"testing"
)

// The fuzz targets hold the codec against net/http, which reads the same bytes:
//
//   - What net/http refuses is refused. The one exception is an empty line before
//     a request, which it does not know; it is cut off before.
//   - What both accept they read alike: names, values, lengths, and where the
//     message ends.
//
// The codec refuses much that net/http accepts, such as bare LF, obs-fold, equal
// lengths given twice, both framings at once, HTTP/1.2, and hosts with escapes.

// theirs is what net/http read of a message.
type theirs struct {
	header http.Header
	body   []byte
	end    int // offset after the message
	whole  bool
}

// readRest reads the body and finds out where the message ended.
func readRest(header http.Header, body io.Reader, in *bytes.Reader, buffered *bufio.Reader) theirs {
	data, err := io.ReadAll(body)
	return theirs{header, data, int(in.Size()) - in.Len() - buffered.Buffered(), err == nil}
}

// buffer is larger than any trailer section: net/http refuses one that its buffer
// does not hold.
func buffer(in []byte) (*bytes.Reader, *bufio.Reader) {
	r := bytes.NewReader(in)
	return r, bufio.NewReaderSize(r, 1<<16)
}

// readBody reads the body as a caller of the codec would.
func readBody(h *Head, in []byte) (body []byte, end int, whole bool) {
	rest := in[h.HeadLen:]
	switch h.Body {
	case BodyLength:
		n := min(h.Length, int64(len(rest)))
		return rest[:n], h.HeadLen + int(n), n == h.Length
	case BodyUntilClose:
		return rest, len(in), true
	case BodyNone:
		return nil, h.HeadLen, true
	}
	pieces, left, err := scanAll(rest)
	for _, p := range pieces {
		if p.what == PieceData {
			body = append(body, p.text...)
		}
		whole = p.what == PieceEnd
	}
	return body, len(in) - len(left), whole && err == nil
}

// compare holds what the codec read against what net/http read.
func compare(t *testing.T, h *Head, in []byte, their theirs) {
	t.Helper()
	for i := range h.Fields {
		f := &h.Fields[i]
		switch f.ID {
		case FieldHost, FieldTransferEncoding, FieldTrailer, FieldConnection: // moved elsewhere, or changed, by net/http
			continue
		}
		name := textproto.CanonicalMIMEHeaderKey(string(f.Name.Of(in)))
		var values []string
		for j := range h.Fields {
			if g := &h.Fields[j]; textproto.CanonicalMIMEHeaderKey(string(g.Name.Of(in))) == name {
				values = append(values, string(g.Value.Of(in)))
			}
		}
		if theirs := their.header[name]; !reflect.DeepEqual(values, theirs) && f.ID != FieldContentLength {
			t.Errorf("%s: %q, net/http has %q", name, values, theirs)
		}
	}
	body, end, whole := readBody(h, in)
	if !whole {
		return // refused, or not all there
	}
	if !their.whole || end != their.end || !bytes.Equal(body, their.body) {
		t.Errorf("body %q up to %d; net/http: %q up to %d, whole: %v", body, end, their.body, their.end, their.whole)
	}
}

func FuzzRequest(f *testing.F) {
	for _, s := range seedRequests {
		f.Add([]byte(s), uint(len(s)/3))
	}
	f.Fuzz(func(t *testing.T, in []byte, portion uint) {
		in = in[:len(in):len(in)]
		var r Request
		n, err := r.Parse(in, &DefaultLimits)
		checkSplit(t, in, portion, n, err, &r, &Request{})
		if n == 0 || err != nil {
			return
		}
		source, buffered := buffer(in[r.start:])
		their, stdErr := http.ReadRequest(buffered)
		if stdErr != nil {
			t.Fatalf("accepted, but net/http refuses: %v", stdErr)
		}
		if string(r.MethodName.Of(in)) != their.Method || string(r.Target.Of(in)) != their.RequestURI || string(r.Authority.Of(in)) != their.Host {
			t.Errorf("%s %s for %q; net/http: %s %s for %q", r.MethodName.Of(in), r.Target.Of(in), r.Authority.Of(in), their.Method, their.RequestURI, their.Host)
		}
		if r.KeepAlive == their.Close {
			t.Errorf("keep-alive %v, net/http closes: %v", r.KeepAlive, their.Close)
		}
		rest := readRest(their.Header, their.Body, source, buffered)
		rest.end += r.start
		compare(t, &r.Head, in, rest)
		checkForwarded(t, in, &r)
	})
}

// parser is a Request, or a Response to a certain method.
type parser interface {
	Parse(buf []byte, lim *Limits) (int, *Error)
}

// checkSplit parses in again, as it comes in portions: the same must come of it. Only,
// what is refused may not be refused yet, while its last line is not there whole.
func checkSplit(t *testing.T, in []byte, portion uint, n int, err *Error, whole, parts parser) {
	t.Helper()
	step := 1 + int(portion%uint(len(in)+1))
	var m int
	var again *Error
	for end := 0; end < len(in) && m == 0 && again == nil; {
		end = min(end+step, len(in))
		m, again = parts.Parse(in[:end:end], &DefaultLimits)
	}
	if m != n || again != nil && err == nil {
		t.Fatalf("in one piece %d, %v; in portions of %d %d, %v", n, err, step, m, again)
	}
	if n > 0 && !reflect.DeepEqual(withoutProgress(whole), withoutProgress(parts)) {
		t.Fatalf("in one piece %+v; in portions of %d %+v", whole, step, parts)
	}
}

// withoutProgress returns a copy without what depends on how the bytes came.
func withoutProgress(p parser) any {
	switch p := p.(type) {
	case *Request:
		r := *p
		r.looked, r.again = 0, 0
		return r
	case *answerTo:
		r := p.Response
		r.looked, r.again = 0, 0
		return r
	}
	panic("unknown parser")
}

// checkForwarded parses what is forwarded: it must mean the same, and forwarding it
// once more must change nothing.
func checkForwarded(t *testing.T, in []byte, r *Request) {
	t.Helper()
	var e Edits
	if r.Authority.Len() == 0 {
		e.Host = []byte("backend")
	}
	if r.Method == MethodConnect {
		return // it is not forwarded
	}
	out := r.AppendForward(nil, in, &e)
	lim := DefaultLimits
	lim.HeadBytes, lim.Fields, lim.FieldBytes = 4*lim.HeadBytes, 2*lim.Fields, 2*lim.FieldBytes
	var next Request
	n, err := next.Parse(out, &lim)
	if err != nil || n != len(out) {
		t.Fatalf("forwarded %q: %d, %v", out, n, err)
	}
	if next.Method != r.Method || next.Body != r.Body || next.Length != r.Length && r.Length >= 0 || next.Minor != 1 || next.TETrailers != r.TETrailers ||
		!bytes.Equal(next.Upgrade.Of(out), r.Upgrade.Of(in)) || !r.asterisk && !bytes.Equal(next.Path.Of(out), r.Path.Of(in)) {
		t.Fatalf("forwarded %q: %+v, was %+v", out, next, *r)
	}
	if host := next.Authority.Of(out); e.Host == nil && !bytes.Equal(host, r.Authority.Of(in)) {
		t.Fatalf("forwarded to %q", host)
	}
	if bytes.IndexByte(bytes.ReplaceAll(out, []byte("\r\n"), nil), '\n') >= 0 {
		t.Fatalf("forwarded a bare LF: %q", out)
	}
	if next.MaxForwards < 0 {
		if again := next.AppendForward(nil, out, &Edits{}); !bytes.Equal(again, out) {
			t.Fatalf("forwarded %q, and then %q", out, again)
		}
	}
	if _, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(out))); err != nil {
		t.Fatalf("net/http refuses what is forwarded: %v: %q", err, out)
	}
}

// answerTo is a Response to a method, as a parser.
type answerTo struct {
	Response
	method Method
}

func (a *answerTo) Parse(buf []byte, lim *Limits) (int, *Error) {
	return a.Response.Parse(buf, a.method, lim)
}

func FuzzResponse(f *testing.F) {
	for _, s := range seedResponses {
		f.Add([]byte(s), uint(len(s)/3), false)
	}
	f.Fuzz(func(t *testing.T, in []byte, portion uint, head bool) {
		in = in[:len(in):len(in)]
		method := MethodGet
		if head {
			method = MethodHead
		}
		r := answerTo{method: method}
		n, err := r.Parse(in, &DefaultLimits)
		checkSplit(t, in, portion, n, err, &r, &answerTo{method: method})
		if n == 0 || err != nil {
			if err != nil && err.Status != 502 {
				t.Errorf("status %d", err.Status)
			}
			return
		}
		source, buffered := buffer(in)
		their, stdErr := http.ReadResponse(buffered, &http.Request{Method: method.String()})
		if stdErr != nil {
			t.Fatalf("accepted, but net/http refuses: %v", stdErr)
		}
		if r.Status != their.StatusCode || int(r.Minor) != their.ProtoMinor || r.KeepAlive == their.Close {
			t.Errorf("1.%d %d, keep-alive %v; net/http: %s %d, close %v", r.Minor, r.Status, r.KeepAlive, their.Proto, their.StatusCode, their.Close)
		}
		compare(t, &r.Head, in, readRest(their.Header, their.Body, source, buffered))
		checkForwardedAnswer(t, in, &r)
	})
}

// checkForwardedAnswer parses what is forwarded to a client of HTTP/1.1.
func checkForwardedAnswer(t *testing.T, in []byte, r *answerTo) {
	t.Helper()
	e := ResponseEdits{Chunked: r.Body == BodyChunked || r.Body == BodyUntilClose}
	out := r.AppendForward(nil, in, &e)
	lim := DefaultLimits
	lim.HeadBytes, lim.Fields, lim.FieldBytes = 4*lim.HeadBytes, 2*lim.Fields, 2*lim.FieldBytes
	next := answerTo{method: r.method}
	n, err := next.Parse(out, &lim)
	if err != nil || n != len(out) {
		t.Fatalf("forwarded %q: %d, %v", out, n, err)
	}
	body := r.Body
	if e.Chunked {
		body = BodyChunked
	}
	if next.Status != r.Status || next.Body != body || next.Length != r.Length && !e.Chunked || !next.KeepAlive || !bytes.Equal(next.Reason.Of(out), r.Reason.Of(in)) {
		t.Fatalf("forwarded %q: %+v, was %+v", out, next, *r)
	}
	if again := next.AppendForward(nil, out, &e); !bytes.Equal(again, out) {
		t.Fatalf("forwarded %q, and then %q", out, again)
	}
}

func FuzzChunks(f *testing.F) {
	for _, s := range []string{
		"5\r\nhello\r\n0\r\n\r\n", "00A;x=\"y\"\r\n0123456789\r\n0\r\nX-T: 1\r\nHost: a\r\n\r\nrest", "1 ;\r\na\r\n00;b\r\n\r\n",
		"5\nhello", "ffffffffffffffff\r\n", "0\r\n\n", "1\r\nab", "0\r\nA : b\r\n\r\n", strings.Repeat("1;xxxxxxxxxxxxxxxxxxxxx\r\na\r\n", 10),
	} {
		f.Add([]byte(s), uint16(3), uint16(9))
	}
	f.Fuzz(func(t *testing.T, in []byte, a, b uint16) {
		in = in[:len(in):len(in)]
		x, y := int(a)%(len(in)+1), int(b)%(len(in)+1)
		whole, rest, err := scanAll(in)
		parts, partsRest, partsErr := scanAll(in, min(x, y), max(x, y))
		if !reflect.DeepEqual(whole, parts) || !bytes.Equal(rest, partsRest) || partsErr != nil && err == nil {
			t.Fatalf("in one piece %q, %v; cut at %d and %d %q, %v", whole, err, x, y, parts, partsErr)
		}
		checkPassedOn(t, whole)
	})
}

// checkPassedOn puts together what is passed on: it must be made of pieces that
// are passed on as they are, with the same data.
func checkPassedOn(t *testing.T, pieces []piece) {
	t.Helper()
	var out, data []byte
	var c Chunks
	for _, p := range pieces {
		n, what, err := c.Scan([]byte(p.text))
		if n != len(p.text) || what != p.what || err != nil {
			t.Fatalf("piece %q alone: %d, %d, %v", p.text, n, what, err)
		}
		switch p.what {
		case PieceRewrite:
			out = AppendChunkLine(out, int(c.Size()))
		case PieceData:
			data = append(data, p.text...)
			out = append(out, p.text...)
		case PieceFraming, PieceTrailer, PieceEnd:
			out = append(out, p.text...)
		}
	}
	again, rest, err := scanAll(out)
	if err != nil || len(rest) != 0 {
		t.Fatalf("passed on %q: %v, rest %q", out, err, rest)
	}
	for _, p := range again {
		switch p.what {
		case PieceRewrite, PieceDroppedTrailer:
			t.Fatalf("passed on %q", p.text)
		case PieceData:
			if !bytes.HasPrefix(data, []byte(p.text)) {
				t.Fatalf("data %q became %q", data, p.text)
			}
			data = data[len(p.text):]
		}
	}
	if len(data) > 0 {
		t.Fatalf("data %q was lost", data)
	}
}
