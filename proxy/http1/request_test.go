package http1

import (
	"testing"
)

func parseRequest(t *testing.T, in string) (*Request, *Error) {
	t.Helper()
	var r Request
	n, err := r.Parse([]byte(in), &DefaultLimits)
	if err == nil && n != len(in) {
		t.Fatalf("Parse(%q) = %d, want the whole head of %d bytes", in, n, len(in))
	}
	return &r, err
}

func TestForwardRequest(t *testing.T) {
	for _, c := range []struct{ name, in, out string }{
		{"as it came", "GET /a//%2e%2e/%2F?x=%zz;y HTTP/1.1\r\nHost: a:80\r\nAccept: */*\r\n\r\n", ""},
		{"hop-by-hop", "POST / HTTP/1.1\r\nConnection: keep-alive, X-A\r\nHost: a\r\nX-A: 1\r\nContent-Length: 5\r\nKeep-Alive: 5\r\nA: b\r\n\r\n",
			"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nA: b\r\n\r\n"},
		{"nominated framing", "POST / HTTP/1.1\r\nConnection: content-length, host, x-forwarded-for\r\nHost: a\r\nContent-Length: 5\r\nX-Forwarded-For: 1\r\n\r\n",
			"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nX-Forwarded-For: 1\r\n\r\n"},
		{"absolute form", "GET http://good/x HTTP/1.1\r\nA: b\r\nHost: evil\r\n\r\n", "GET /x HTTP/1.1\r\nHost: good\r\nA: b\r\n\r\n"},
		{"absolute form without a path", "GET http://good HTTP/1.1\r\nHost: evil\r\n\r\n", "GET / HTTP/1.1\r\nHost: good\r\n\r\n"},
		{"chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:  Chunked \r\nTrailer: X\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n"},
		{"length spelled oddly", "POST / HTTP/1.1\r\nContent-length:\t007 \r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n"},
		{"underscore", "GET / HTTP/1.1\r\nHost: a\r\nContent_Length: 5\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"1.0", "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: \r\n\r\n"},
		{"upgrade", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nTE: trailers\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade, TE\r\nUpgrade: websocket\r\nTE: trailers\r\n\r\n"},
		{"h2c", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"max-forwards", "OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 5\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 4\r\n\r\n"},
		{"empty line first", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := parseRequest(t, c.in)
			if err != nil {
				t.Fatal(err)
			}
			want := c.out
			if want == "" {
				want = c.in
			}
			if got := string(r.AppendForward(nil, []byte(c.in), &Edits{})); got != want {
				t.Errorf("forwarded\n%q, want\n%q", got, want)
			}
		})
	}
}
