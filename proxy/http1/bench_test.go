package http1

import (
	"strings"
	"testing"
)

// Heads as clients and servers send them.
var (
	headsOfRequests = []struct{ name, head string }{
		{"curl", "GET /api/v1/items HTTP/1.1\r\nHost: shop.example:8080\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n"},
		{"service", "POST /api/v1/orders?dry_run=false HTTP/1.1\r\nHost: orders.internal.example\r\n" +
			"User-Agent: orders-client/2.3.1 (linux; amd64)\r\nContent-Length: 348\r\nContent-Type: application/json\r\n" +
			"Authorization: Bearer 4f1c0a9e7d3b4a52b1a0c8f2f4e6d7a9\r\nX-Request-Id: 0d9b7a1c-33ce-4b5f-9d53-a4c2b2f1e0aa\r\n" +
			"Accept-Encoding: gzip\r\n\r\n"},
		{"browser", "GET /articles/2024/load-balancing HTTP/1.1\r\nHost: www.example.org\r\nConnection: keep-alive\r\n" +
			"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36\r\n" +
			"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Encoding: gzip, deflate, br\r\n" +
			"Accept-Language: en-GB,en;q=0.9\r\nCookie: session=8c1d7f; theme=dark\r\n\r\n"},
	}
	headsOfAnswers = []struct{ name, head string }{
		{"plain", "HTTP/1.1 200 OK\r\nContent-Length: 128\r\nContent-Type: text/plain\r\n\r\n"},
		{"nginx", "HTTP/1.1 200 OK\r\nServer: nginx/1.24.0\r\nDate: Mon, 06 May 2024 09:15:04 GMT\r\nContent-Type: text/html\r\n" +
			"Content-Length: 16384\r\nLast-Modified: Mon, 06 May 2024 09:00:00 GMT\r\nConnection: keep-alive\r\n" +
			"ETag: \"66389d60-4000\"\r\nAccept-Ranges: bytes\r\n\r\n"},
		{"app", "HTTP/1.1 200 OK\r\nDate: Mon, 06 May 2024 09:15:04 GMT\r\nContent-Type: application/json; charset=utf-8\r\n" +
			"Transfer-Encoding: chunked\r\nCache-Control: no-store, max-age=0\r\nVary: Accept-Encoding, Origin\r\n" +
			"Set-Cookie: session=8c1d7f6a; Path=/; HttpOnly; SameSite=Lax\r\nX-Content-Type-Options: nosniff\r\n\r\n"},
	}
	usualEdits = Edits{
		Drop: FieldSet(0).With(FieldXForwardedFor, FieldXForwardedProto, FieldXForwardedHost, FieldXRealIP, FieldForwarded, FieldVia),
		Extra: []byte("X-Forwarded-For: 192.0.2.17\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: www.example.org\r\n" +
			"X-Real-IP: 192.0.2.17\r\nVia: 1.1 lbctl\r\n"),
	}
)

func BenchmarkRequest(b *testing.B) {
	for _, c := range headsOfRequests {
		in := []byte(c.head)
		var r Request
		var dst []byte
		b.Run("parse/"+c.name, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for range b.N {
				r.Reset()
				if n, err := r.Parse(in, &DefaultLimits); n == 0 || err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("forward/"+c.name, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for range b.N {
				dst = r.AppendForward(dst[:0], in, &usualEdits)
			}
		})
	}
}

func BenchmarkResponse(b *testing.B) {
	for _, c := range headsOfAnswers {
		in := []byte(c.head)
		var r Response
		var dst []byte
		b.Run("parse/"+c.name, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for range b.N {
				r.Reset()
				if n, err := r.Parse(in, MethodGet, &DefaultLimits); n == 0 || err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("forward/"+c.name, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			edits := ResponseEdits{Chunked: r.Body == BodyChunked, Extra: []byte("Via: 1.1 lbctl\r\n")}
			for range b.N {
				dst = r.AppendForward(dst[:0], in, &edits)
			}
		})
	}
}

func BenchmarkChunks(b *testing.B) {
	in := AppendChunkLine(nil, 1024)
	in = append(append(in, make([]byte, 1024)...), "\r\n"+FinalChunk...)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for range b.N {
		var c Chunks
		for p := in; len(p) > 0; {
			n, what, err := c.Scan(p)
			if err != nil || what == PieceNeedMore {
				b.Fatal(what, err)
			}
			p = p[n:]
		}
	}
}

// BenchmarkDrip parses a head of one long field that comes byte by byte.
func BenchmarkDrip(b *testing.B) {
	in := []byte("GET / HTTP/1.1\r\nHost: a\r\nCookie: " + strings.Repeat("x", 8000) + "\r\n\r\n")
	b.SetBytes(int64(len(in)))
	var r Request
	for range b.N {
		r.Reset()
		for i := range len(in) + 1 {
			if _, err := r.Parse(in[:i], &DefaultLimits); err != nil {
				b.Fatal(err)
			}
		}
	}
}
