package http1

import (
	"strings"
	"testing"
)

// parseRequest parses a head that must be all of in, if it is accepted.
func parseRequest(t *testing.T, in string) (*Request, *Error) {
	t.Helper()
	var r Request
	n, err := r.Parse([]byte(in), &DefaultLimits)
	if err == nil && n != len(in) {
		t.Fatalf("Parse(%q) = %d, want the whole head of %d bytes", in, n, len(in))
	}
	return &r, err
}

// request returns a head with these lines between Host and the empty line.
func request(lines ...string) string {
	return "POST /x HTTP/1.1\r\nHost: a\r\n" + strings.Join(append(lines, "", ""), "\r\n")
}

// The tests are named after the rows of what a proxy must get right: row 1 is
// both framings at once, and so on.
func TestRequestRefused(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		name, in string
		want     *Error
	}{
		{"row01/both framings", request("Content-Length: 5", "Transfer-Encoding: chunked"), errBothFramings},
		{"row02/two lengths", request("Content-Length: 5", "Content-Length: 10"), errLengthTwice},
		{"row02/two equal lengths", request("Content-Length: 5", "content-length: 5"), errLengthTwice},
		{"row03/plus", request("Content-Length: +5"), errLength},
		{"row03/underscore", request("Content-Length: 5_0"), errLength},
		{"row03/minus", request("Content-Length: -1"), errLength},
		{"row03/empty", request("Content-Length:"), errLength},
		{"row03/list", request("Content-Length: 5, 5"), errLength},
		{"row03/space inside", request("Content-Length: 5 5"), errLength},
		{"row03/2^63", request("Content-Length: 9223372036854775808"), errLength},
		{"row03/2^64", request("Content-Length: 18446744073709551616"), errLength},
		{"row03/20 digits", request("Content-Length: 00000000000000000005"), errLength},
		{"row03/hexadecimal", request("Content-Length: 0x5"), errLength},
		{"row04/identity last", request("Transfer-Encoding: chunked, identity"), errCoding},
		{"row04/gzip first", request("Transfer-Encoding: gzip, chunked"), errCoding},
		{"row04/xchunked", request("Transfer-Encoding: xchunked"), errCoding},
		{"row04/chunked twice", request("Transfer-Encoding: chunked, chunked"), errCoding},
		{"row04/two lines", request("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), errCodingTwice},
		{"row04/two lines, one identity", request("Transfer-Encoding: identity", "Transfer-Encoding: chunked"), errCodingTwice},
		{"row04/empty", request("Transfer-Encoding:"), errCoding},
		{"row04/quoted", request(`Transfer-Encoding: "chunked"`), errCoding},
		{"row04/vertical tab", request("Transfer-Encoding: \vchunked"), errValue},
		{"row05/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", errCodingOld},
		{"row06/obs-fold", request("A: b", " c"), errFold},
		{"row06/obs-fold of the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", errFold},
		{"row06/obs-fold by tab", request("A: b", "\tc"), errFold},
		{"row07/space before the colon", request("Content-Length : 5"), errNameSpace},
		{"row07/tab before the colon", request("A\t: 5"), errNameSpace},
		{"row08/LF after a field", request("A: b\nC: d"), errBareLF},
		{"row08/LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", errVersion},
		{"row08/LF for the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n", errBareLF},
		{"row08/LF before the request line", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", errMethod},
		{"row08/CR before the request line", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", errBareCR},
		{"row08/CR in a field", request("A: b\rC: d"), errBareCR},
		{"row08/CR CR LF", request("A: b\r"), errBareCR},
		{"row08/CR for the empty line", request("A: b", "\rX"), errBareCR},
		{"row09/NUL", request("A: b\x00c"), errValue},
		{"row09/DEL", request("A: b\x7f"), errValue},
		{"row10/no name", request(": b"), errNameEmpty},
		{"row10/slash in a name", request("A/b: c"), errName},
		{"row10/8 bits in a name", request("\xe4: c"), errName},
		{"row10/no colon", request("Host"), errName},
		{"row14/Trailer announces framing", request("Transfer-Encoding: chunked", "Trailer: X, Content-Length"), errTrailer},
		{"row16/no Host", "GET / HTTP/1.1\r\n\r\n", errHostMissing},
		{"row16/two Hosts", request("Host: a"), errHostTwice},
		{"row16/empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", errHost},
		{"row16/port only", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n", errHost},
		{"row16/path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", errHost},
		{"row16/user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", errHost},
		{"row16/list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", errHost},
		{"row16/large port", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", errHost},
		{"row16/port is no number", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", errHost},
		{"row16/brackets around a name", "GET / HTTP/1.1\r\nHost: [a.b]\r\n\r\n", errHost},
		{"row16/brackets left open", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", errHost},
		{"row16/invalid beside a target that names it", "GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n", errHost},
		{"row17/user in the target", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", errAuthority},
		{"row17/no host in the target", "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", errAuthority},
		{"row17/another scheme", "GET ftp://a/x HTTP/1.1\r\nHost: a\r\n\r\n", errTargetForm},
		{"row17/query without path", "GET http://a?x HTTP/1.1\r\nHost: a\r\n\r\n", errTargetForm},
		{"row17/one slash", "GET http:/a/x HTTP/1.1\r\nHost: a\r\n\r\n", errTargetForm},
		{"row18/fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", errTarget},
		{"row18/control", "GET /a\x01b HTTP/1.1\r\nHost: a\r\n\r\n", errTarget},
		{"row18/tab", "GET /a\tHTTP/1.1\r\nHost: a\r\n\r\n", errTarget},
		{"row18/DEL", "GET /a\x7f HTTP/1.1\r\nHost: a\r\n\r\n", errTarget},
		{"row18/8 bits", "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", errTarget},
		{"row18/space", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", errVersion},
		{"row18/two spaces", "GET  /a HTTP/1.1\r\nHost: a\r\n\r\n", errTarget},
		{"row18/space at the end", "GET /a HTTP/1.1 \r\nHost: a\r\n\r\n", errVersion},
		{"row20/name of 300 bytes", request(long+": 1", "Content-Length: 5"), errNameLong},
		{"row20/name of 100 KB", request(strings.Repeat("x", 100<<10)+": 1", "Content-Length: 5"), errNameLong},
		{"row34/CONNECT with a path", "CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n", errConnectTarget},
		{"row34/CONNECT without port", "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", errConnectTarget},
		{"row34/authority without CONNECT", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", errTargetForm},
		{"row35/no number", "TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: x\r\n\r\n", errMaxForwards},
		{"row35/twice", "OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1\r\nMax-Forwards: 1\r\n\r\n", errMaxForwards},
		{"row36/* for GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", errTargetForm},
		{"row38/escape in the path", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", errEscape},
		{"row38/escape cut short", "GET /a%2 HTTP/1.1\r\nHost: a\r\n\r\n", errEscape},
		{"row38/escape cut short by the query", "GET /a%2?0 HTTP/1.1\r\nHost: a\r\n\r\n", errEscape},
		{"method/empty", " / HTTP/1.1\r\nHost: a\r\n\r\n", errMethod},
		{"method/no token", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", errMethod},
		{"method/TLS hello", "\x16\x03\x01\x02\x00", errMethod},
		{"method/long", strings.Repeat("X", 33), errMethodLong},
		{"version/none", "GET /\r\nHost: a\r\n\r\n", errTarget},
		{"version/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", errVersionNumber},
		{"version/0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", errVersionNumber},
		{"version/2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", errVersionNumber},
		{"version/small letters", "GET / http/1.1\r\nHost: a\r\n\r\n", errVersion},
		{"version/not there whole", "GET / HTTQ", errVersion},
		{"version/1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", errVersion},
		{"version/1.", "GET / HTTP/1.\r\nHost: a\r\n\r\n", errVersion},
		{"connection/many options", request("Connection: " + strings.Repeat("a,", MaxConnectionOptions+1)), errOptionsMany},
		{"second empty line before", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", errMethod},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := parseRequest(t, c.in); err != c.want {
				t.Errorf("Parse(%.80q): %v, want %v", c.in, err, c.want)
			}
		})
	}
}

func TestRequestStatusOfErrors(t *testing.T) {
	for _, c := range []struct {
		err  *Error
		want int
	}{{errTargetLong, 414}, {errHeadLong, 431}, {errFieldLong, 431}, {errFieldsMany, 431}, {errNameLong, 431},
		{errMethodLong, 501}, {errCoding, 501}, {errVersionNumber, 505}, {errBothFramings, 400}} {
		if c.err.Status != c.want || c.err.answer.Status != 502 || c.err.Error() != c.err.answer.Msg {
			t.Errorf("%v: status %d and %d, want %d and 502", c.err, c.err.Status, c.err.answer.Status, c.want)
		}
	}
}

// Row 19: each limit is inclusive, and it makes no difference how the head arrives.
func TestRequestLimits(t *testing.T) {
	const head = "GET /123456 HTTP/1.1\r\nHost: a\r\nAccept: 9012\r\n\r\n"
	exact := Limits{HeadBytes: len(head), URIBytes: len("/123456"), FieldBytes: len("Accept: 9012"), Fields: 2}
	for _, c := range []struct {
		name   string
		tight  func(*Limits)
		accept bool
		want   *Error
	}{
		{"exact", func(*Limits) {}, true, nil},
		{"head", func(l *Limits) { l.HeadBytes-- }, false, errHeadLong},
		{"target", func(l *Limits) { l.URIBytes-- }, false, errTargetLong},
		{"field", func(l *Limits) { l.FieldBytes-- }, false, errFieldLong},
		{"fields", func(l *Limits) { l.Fields-- }, false, errFieldsMany},
	} {
		t.Run("row19/"+c.name, func(t *testing.T) {
			lim := exact
			c.tight(&lim)
			var whole, drip Request
			n, err := whole.Parse([]byte(head), &lim)
			if err != c.want || (n == len(head)) != c.accept {
				t.Errorf("whole: %d, %v", n, err)
			}
			n, err = 0, nil
			for i := 0; i <= len(head) && err == nil; i++ {
				n, err = drip.Parse([]byte(head[:i]), &lim)
			}
			if err != c.want || (n == len(head)) != c.accept {
				t.Errorf("byte by byte: %d, %v", n, err)
			}
		})
	}
}

// A head without end is refused as soon as it is over a limit.
func TestRequestRefusedEarly(t *testing.T) {
	lim := Limits{HeadBytes: 1000, URIBytes: 50, FieldBytes: 100, Fields: 3}
	for _, c := range []struct {
		name, begin string
		within      int
		want        *Error
	}{
		{"method", "", 70, errMethodLong},
		{"target", "GET /", 110, errTargetLong},
		{"field", "GET / HTTP/1.1\r\nX: ", 130, errFieldLong},
		{"name", "GET / HTTP/1.1\r\n", 130, errFieldLong},
		{"bad byte", "GET / HTTP/1.1\r\nX: \x00", 24, errValue},
	} {
		t.Run("row19/"+c.name, func(t *testing.T) {
			in := []byte(c.begin + strings.Repeat("x", 200))
			var r Request
			var err *Error
			n := 0
			for ; n <= len(in) && err == nil; n++ {
				_, err = r.Parse(in[:n], &lim)
			}
			if err != c.want || n > c.within {
				t.Errorf("%v after %d bytes, want %v within %d", err, n, c.want, c.within)
			}
		})
	}
}

// A buffer of HeadBytes that is full without an end cannot take more.
func TestRequestFillsBuffer(t *testing.T) {
	in := []byte("GET / HTTP/1.1\r\nHost: a\r\nA: bc")
	var r Request
	if n, err := r.Parse(in, &Limits{HeadBytes: len(in), URIBytes: 50, FieldBytes: 50, Fields: 5}); n != 0 || err != errHeadLong {
		t.Errorf("%d, %v, want %v", n, err, errHeadLong)
	}
}

// Byte by byte, each prefix of a head waits, and the whole is what it is at once.
func TestRequestByteByByte(t *testing.T) {
	in := []byte("\r\nPOST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTE:\r\n\r\n")
	var r Request
	for i := range in {
		if n, err := r.Parse(in[:i:i], &DefaultLimits); n != 0 || err != nil {
			t.Fatalf("after %q: %d, %v", in[:i], n, err)
		}
	}
	if n, err := r.Parse(in, &DefaultLimits); n != len(in) || err != nil || r.Length != 5 || r.Method != MethodPost || len(r.Fields) != 3 {
		t.Errorf("%d, %v, %+v", n, err, r)
	}
	r.Reset()
	if n, err := r.Parse([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), &DefaultLimits); n == 0 || err != nil || r.Length != -1 || len(r.Fields) != 1 {
		t.Errorf("after Reset: %d, %v, %+v", n, err, r)
	}
}

func TestRequestMeaning(t *testing.T) {
	r, err := parseRequest(t, "\r\nPOST http://h:81/p?q HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\nExpect: 100-Continue\r\nTE: trailers, deflate\r\nConnection: TE, close\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	if r.Method != MethodPost || r.Body != BodyLength || r.Length != 12 || !r.ExpectContinue || !r.TETrailers || r.KeepAlive || r.MaxForwards != -1 || r.Minor != 1 {
		t.Errorf("got %+v", r)
	}
	for _, c := range []struct {
		in        string
		keepAlive bool
		body      BodyKind
		length    int64
		expects   bool
	}{
		{request(), true, BodyNone, -1, false},
		{request("Connection: a , CLOSE"), false, BodyNone, -1, false},
		{request("Connection: keep-alive", "Connection: close"), false, BodyNone, -1, false},
		{request("Content-Length: 0", "Expect: 100-continue"), true, BodyNone, 0, false},
		{request("Content-Length: 9223372036854775807"), true, BodyLength, 1<<63 - 1, false},
		{request("Transfer-Encoding: CHUNKED", "Expect: 100-continue"), true, BodyChunked, -1, true},
		{"GET / HTTP/1.0\r\n\r\n", false, BodyNone, -1, false},
		{"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true, BodyNone, -1, false},
		{"GET / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", false, BodyLength, 1, false},
	} {
		r, err := parseRequest(t, c.in)
		if err != nil || r.KeepAlive != c.keepAlive || r.Body != c.body || r.Length != c.length || r.ExpectContinue != c.expects {
			t.Errorf("%q: %+v, %v, want %+v", c.in, r, err, c)
		}
	}
}

func TestRequestTargetForms(t *testing.T) {
	for _, c := range []struct{ line, path, authority string }{
		{"GET /", "/", "h"},
		{"GET //a/../b;c?d=%zz#"[:20], "//a/../b;c?d=%zz", "h"},
		{"GET HTTP://[::1]:80/x", "/x", "[::1]:80"},
		{"GET https://good", "/", "good"},
		{"OPTIONS *", "*", "h"},
		{"OPTIONS http://good:", "/", "good:"},
		{"CONNECT c:443", "", "c:443"},
		{"get /", "/", "h"},
	} {
		in := c.line + " HTTP/1.1\r\nHost: h\r\n\r\n"
		r, err := parseRequest(t, in)
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if p, a := string(r.Path.Of([]byte(in))), string(r.Authority.Of([]byte(in))); p != c.path || a != c.authority {
			t.Errorf("%q: path %q, authority %q", in, p, a)
		}
	}
}

func TestGet(t *testing.T) {
	in := []byte(request("X-Empty: \t ", "Cookie: \ta \t", "Cookie: b"))
	var r Request
	if _, err := r.Parse(in, &DefaultLimits); err != nil {
		t.Fatal(err)
	}
	if v := r.Get(in, "x-empty"); v == nil || len(v) != 0 {
		t.Errorf("empty value: %v", v)
	}
	if v := r.Get(in, "X-None"); v != nil {
		t.Errorf("no such field: %q", v)
	}
	if v, w := r.Get(in, "cookie"), r.GetID(in, FieldCookie); string(v) != "a" || string(w) != "a" {
		t.Errorf("first of two: %q, %q", v, w)
	}
	if v := r.GetID(in, FieldVia); v != nil {
		t.Errorf("no such field: %q", v)
	}
}
