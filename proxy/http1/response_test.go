package http1

import (
	"strings"
	"testing"
)

func TestResponseRefused(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     *Error
	}{
		{"row44/two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", errLengthTwice},
		{"row44/both framings", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", errBothFramings},
		{"row44/bad name", "HTTP/1.1 200 OK\r\nA b: 5\r\n\r\n", errNameSpace},
		{"row44/bad length", "HTTP/1.1 200 OK\r\nContent-Length: a\r\n\r\n", errLength},
		{"row44/coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", errCoding},
		{"row44/coding in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", errCodingOld},
		{"row45/LF", "HTTP/1.1 200 OK\r\nX: a\nSet-Cookie: evil\r\n\r\n", errBareLF},
		{"row45/LF after the status line", "HTTP/1.1 200 OK\nX: a\r\n\r\n", errBareLF},
		{"row45/CR in the status line", "HTTP/1.1 200 OK\rX: a\r\n\r\n", errBareCR},
		{"control in the reason", "HTTP/1.1 200 O\x00K\r\n\r\n", errStatusLine},
		{"no HTTP", "SSH-2.0-", errStatusLine},
		{"version 2.0", "HTTP/2.0 200 OK\r\n\r\n", errStatusLine},
		{"version 1.2", "HTTP/1.2 200 OK\r\n\r\n", errStatusLine},
		{"status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", errStatusLine},
		{"status of two digits", "HTTP/1.1 20 OK\r\n\r\n", errStatusLine},
		{"status below 100", "HTTP/1.1 099 OK\r\n\r\n", errStatusLine},
		{"two spaces", "HTTP/1.1  200 OK\r\n\r\n", errStatusLine},
		{"long head", "HTTP/1.1 200 " + strings.Repeat("x", DefaultHeadBytes), errHeadLong},
		{"many fields", "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", DefaultFields+1), errFieldsMany},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r Response
			if _, err := r.Parse([]byte(c.in), MethodGet, &DefaultLimits); err != c.want.answer {
				t.Errorf("Parse(%.80q): %v, want %v", c.in, err, c.want)
			}
		})
	}
}

// Row 28 and RFC 9112 §6.3: which answers have a body, and where it ends.
func TestResponseBody(t *testing.T) {
	for _, c := range []struct {
		request   Method
		in        string
		body      BodyKind
		length    int64
		keepAlive bool
	}{
		{MethodGet, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", BodyLength, 5, true},
		{MethodGet, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", BodyNone, 0, true},
		{MethodGet, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", BodyChunked, -1, true},
		{MethodGet, "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n", BodyUntilClose, -1, false},
		{MethodGet, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", BodyLength, 5, false},
		{MethodGet, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n", BodyLength, 5, true},
		{MethodHead, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", BodyNone, 5, true},
		{MethodHead, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", BodyNone, -1, true},
		{MethodHead, "HTTP/1.1 200 OK\r\n\r\n", BodyNone, -1, true},
		{MethodGet, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", BodyNone, 5, true},
		{MethodGet, "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", BodyNone, -1, true},
		{MethodGet, "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", BodyNone, -1, true},
		{MethodGet, "HTTP/1.1 100 Continue\r\n\r\n", BodyNone, -1, true},
		{MethodGet, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", BodyNone, -1, true},
		{MethodGet, "HTTP/1.1 999 \r\nContent-Length: 1\r\n\r\n", BodyLength, 1, true},
	} {
		var r Response
		n, err := r.Parse([]byte(c.in), c.request, &DefaultLimits)
		if err != nil || n != len(c.in) || r.Body != c.body || r.Length != c.length || r.KeepAlive != c.keepAlive {
			t.Errorf("%s %q: %d, %v, body %d, length %d, keep-alive %v, want %+v", c.request, c.in, n, err, r.Body, r.Length, r.KeepAlive, c)
		}
	}
}

// A 100 (Continue) and the final answer after it, in one buffer.
func TestResponseAfterInterim(t *testing.T) {
	in := []byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	var r Response
	for _, status := range []int{100, 200} {
		r.Reset()
		n, err := r.Parse(in, MethodPost, &DefaultLimits)
		if err != nil || n == 0 || r.Status != status {
			t.Fatalf("%d, %v, status %d, want %d", n, err, r.Status, status)
		}
		in = in[n:]
	}
}
