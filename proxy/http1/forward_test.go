package http1

import "testing"

func TestForwardRequest(t *testing.T) {
	for _, c := range []struct{ name, in, out string }{
		{"row38/as it came", "GET /a//%2e%2e/%2F?x=%zz;y HTTP/1.1\r\nHost: a:80\r\nAccept: */*\r\n\r\n", ""},
		{"row24/nominated", "POST / HTTP/1.1\r\nConnection: keep-alive, X-a\r\nHost: a\r\nX-A: 1\r\nContent-Length: 5\r\nKeep-Alive: 5\r\nx-a: 2\r\nA: b\r\n\r\n",
			"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nA: b\r\n\r\n"},
		{"row25/nominated framing", "POST / HTTP/1.1\r\nConnection: content-length, host, x-forwarded-for\r\nHost: a\r\nContent-Length: 5\r\nX-Forwarded-For: 1\r\n\r\n",
			"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nX-Forwarded-For: 1\r\n\r\n"},
		{"row25/nominated coding", "POST / HTTP/1.1\r\nConnection: transfer-encoding\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
			"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"},
		{"row17/absolute form", "GET http://good/x HTTP/1.1\r\nA: b\r\nHost: evil\r\n\r\n", "GET /x HTTP/1.1\r\nHost: good\r\nA: b\r\n\r\n"},
		{"row17/without a path", "GET http://good HTTP/1.1\r\nHost: evil\r\n\r\n", "GET / HTTP/1.1\r\nHost: good\r\n\r\n"},
		{"row36/absolute *", "OPTIONS http://good HTTP/1.1\r\nHost: evil\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: good\r\n\r\n"},
		{"row15/trailer announced", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:  Chunked \r\nTrailer: X\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n"},
		{"row15/trailer without chunks", "GET / HTTP/1.1\r\nHost: a\r\nTrailer: X\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"row03/length spelled oddly", "POST / HTTP/1.1\r\nContent-length:\t007 \r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n"},
		{"row03/no space before the length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:7\r\nA: b\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nA: b\r\nContent-Length: 7\r\n\r\n"},
		{"row03/tab before the length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\t7\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n"},
		{"row23/alias", "GET / HTTP/1.1\r\nHost: a\r\nContent_Length: 5\r\nX_Forwarded_For: 1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"row26/1.0", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET / HTTP/1.1\r\nHost: \r\n\r\n"},
		{"row30/expect", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n", ""},
		{"row30/expect without body", "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"row32/upgrade", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nTE: trailers\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade, TE\r\nUpgrade: websocket\r\nTE: trailers\r\n\r\n"},
		{"row32/upgrade alone", "GET / HTTP/1.1\r\nHost: a\r\nConnection:, keep-alive, ,upgrade\r\nUpgrade: websocket\r\nA: b\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\nA: b\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"},
		{"row32/upgrade not nominated", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"row32/upgrade in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"row33/h2c", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"row33/h2c in a list", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket, H2C\r\nConnection: Upgrade\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"row33/h2c on a second line", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"TE", "GET / HTTP/1.1\r\nHost: a\r\nTE: deflate;q=0.5, trailers\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nTE: trailers\r\n\r\n"},
		{"row35/max-forwards", "OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 5\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 4\r\n\r\n"},
		{"row35/last hop", "TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1\r\n\r\n", "TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n"},
		{"row35/not for GET", "GET / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 5\r\n\r\n", ""},
		{"row40/coding untouched", "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br,  gzip\r\n\r\n", ""},
		{"proxy fields", "GET / HTTP/1.1\r\nHost: a\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"empty line first", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"another method", "PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n", ""},
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

func TestForwardRequestEdits(t *testing.T) {
	const in = "GET / HTTP/1.1\r\nVia: 1.0 x\r\nHost: a\r\nA: b\r\nX-Forwarded-For: evil\r\n\r\n"
	r, err := parseRequest(t, in)
	if err != nil {
		t.Fatal(err)
	}
	e := Edits{Drop: FieldSet(0).With(FieldXForwardedFor, FieldVia), Extra: []byte("X-Forwarded-For: 192.0.2.1\r\n"), Host: []byte("backend:80")}
	const want = "to GET / HTTP/1.1\r\nHost: backend:80\r\nA: b\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"
	if got := string(r.AppendForward([]byte("to "), []byte(in), &e)); got != want {
		t.Errorf("forwarded\n%q, want\n%q", got, want)
	}
}

func TestForwardResponse(t *testing.T) {
	for _, c := range []struct {
		name, in, out string
		edits         ResponseEdits
	}{
		{"as it came", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX_a: 1\r\n\r\n", "", ResponseEdits{}},
		{"row24/nominated", "HTTP/1.1 200 OK\r\nConnection: X-A, close\r\nContent-Length: 5\r\nX-A: 1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", ResponseEdits{}},
		{"row26/to a 1.0 client", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n", ResponseEdits{KeepAlive: true}},
		{"row27/de-chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", ResponseEdits{Close: true}},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n", "HTTP/1.1 200 OK\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n", ResponseEdits{Chunked: true}},
		{"until close to chunked", "HTTP/1.0 200\r\n\r\n", "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n", ResponseEdits{Chunked: true}},
		{"row29/hop-by-hop in 103", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: keep-alive\r\nKeep-Alive: 5\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", ResponseEdits{}},
		{"no reason", "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\n", ResponseEdits{}},
		{"length to chunked", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ResponseEdits{Chunked: true}},
		{"row28/length in 204", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n", ResponseEdits{}},
		{"row28/odd length in 204", "HTTP/1.1 204 No Content\r\nContent-Length: 05\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n", ResponseEdits{}},
		{"row28/length in 304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 05\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", ResponseEdits{}},
		{"row32/101", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n",
			"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", ResponseEdits{}},
		{"row32/101 that nominates nothing", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
			"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", ResponseEdits{}},
		{"row32/upgrade advertised", "HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ResponseEdits{}},
		{"row32/two lines of Upgrade in 101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\nUpgrade: h2c\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n", ResponseEdits{}},
		{"row33/h2 advertised", "HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: h2,h2c\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ResponseEdits{}},
		{"426", "HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n",
			"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\nConnection: close, upgrade\r\nUpgrade: websocket\r\n\r\n", ResponseEdits{Close: true}},
		{"row41/cookies stay apart", "HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 0\r\n\r\n", "", ResponseEdits{}},
		{"edits", "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nVia: 1.1 y\r\n\r\n",
			ResponseEdits{Drop: FieldSet(0).With(FieldServer), Extra: []byte("Via: 1.1 y\r\n")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r Response
			if _, err := r.Parse([]byte(c.in), MethodGet, &DefaultLimits); err != nil {
				t.Fatal(err)
			}
			want := c.out
			if want == "" {
				want = c.in
			}
			if got := string(r.AppendForward(nil, []byte(c.in), &c.edits)); got != want {
				t.Errorf("forwarded\n%q, want\n%q", got, want)
			}
		})
	}
}
