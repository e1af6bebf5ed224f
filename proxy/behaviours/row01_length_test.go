package behaviours_test

import (
	"strings"
	"testing"
)

var badRequest = []int{400}

// RFC 9112 §6.1: a request with both could be two requests to somebody else.
func TestRow01ContentLengthWithTransferEncoding(t *testing.T) {
	t.Parallel()
	const zero = "0\r\n\r\n" + smuggled
	refused(t, setup{}, badRequest, laxer("passes on the chunked reading alone, as RFC 9112 §6.1 allows",
		one("length first", post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", zero)),
		one("coding first", post("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n", zero)),
		one("length of all", post("Content-Length: 43\r\nTransfer-Encoding: chunked\r\n", zero)),
		one("length zero", post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", zero)),
		one("lower case", post("content-length: 6\r\ntransfer-encoding: CHUNKED\r\n", zero)),
		one("fields between", post("Content-Length: 6\r\nA: b\r\nC: d\r\nTransfer-Encoding: chunked\r\n", zero)),
		one("tab", post("Content-Length:\t6\r\nTransfer-Encoding:\tchunked\r\n", zero)),
		one("GET", get("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n")+zero),
	)...)
	refused(t, setup{}, []int{400, 501},
		one("identity", post("Content-Length: 6\r\nTransfer-Encoding: identity\r\n", "hello!"+smuggled)),
		one("xchunked", post("Content-Length: 6\r\nTransfer-Encoding: xchunked\r\n", "hello!"+smuggled)),
		one("coding empty", post("Content-Length: 6\r\nTransfer-Encoding:\r\n", "hello!"+smuggled)),
		one("coding twice", post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", zero)),
	)
}

// RFC 9110 §8.6.
func TestRow02DuplicateContentLength(t *testing.T) {
	t.Parallel()
	const body = "12345" + smuggled
	refused(t, setup{}, badRequest,
		one("5 then 10", post("Content-Length: 5\r\nContent-Length: 10\r\n", body)),
		one("10 then 5", post("Content-Length: 10\r\nContent-Length: 5\r\n", body)),
		one("cases", post("content-length: 5\r\nCONTENT-LENGTH: 10\r\n", body)),
		one("list", post("Content-Length: 5, 10\r\n", body)),
		one("second malformed", post("Content-Length: 5\r\nContent-Length: abc\r\n", body)),
		one("second empty", post("Content-Length: 5\r\nContent-Length:\r\n", body)),
		one("0 then 40", get("Content-Length: 0\r\nContent-Length: 40\r\n")+smuggled),
		one("far apart", post("Content-Length: 5\r\n"+strings.Repeat("X: y\r\n", 50)+"Content-Length: 6\r\n", body)),
	)
	refused(t, setup{}, badRequest, laxer("makes one of equal ones, as RFC 9110 §8.6 allows",
		one("equal", post("Content-Length: 5\r\nContent-Length: 5\r\n", body)),
		one("equal numbers", post("Content-Length: 5\r\nContent-Length: 05\r\n", body)),
	)...)
}

// RFC 9110 §8.6: 1*DIGIT. CVE-2023-40225: haproxy passed an empty one on.
func TestRow03MalformedContentLength(t *testing.T) {
	t.Parallel()
	var attacks []attack
	for _, v := range []string{
		"+5", "-5", "-1", "5_0", "0x5", "5h", "5.0", "5e0", "5;q=1", "'5'", `"5"`, "",
		"5 5", "5, 5", "5 ,5", "5 , 5", ",5", "5,", "5,5", ", ,5",
		"99999999999999999999", "9223372036854775808", "18446744073709551616", "18446744073709551621",
		"340282366920938463463374607431768211461", "\x0b5", "5\x0c", "\xa05", "5\x00", "\u0665",
	} {
		send := post("Content-Length: "+v+"\r\n", "12345"+smuggled)
		attacks = append(attacks, one(v, send))
	}
	attacks = append(attacks, one("nothing after the colon", post("Content-Length:\r\n", "12345"+smuggled)))
	for i, a := range attacks {
		switch a.name {
		case "5, 5", "5,5", "5 ,5", "5 , 5":
			attacks[i] = laxer("makes one of equal ones, as RFC 9110 §8.6 allows", a)[0]
		case "18446744073709551616":
			attacks[i] = laxer("2.6 overlooks this overflow", a)[0]
		}
	}
	refused(t, setup{}, badRequest, attacks...)

	t.Run("spaces around", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		c := start(t, setup{}, o).dial()
		c.send(post("Content-Length: \t 5 \t\r\n", "12345"))
		oc := o.accept()
		if m := oc.request(); m.body != "12345" || m.value("Content-Length") != "5" {
			t.Fatalf("O got %q with body %q", m.fields, m.body)
		}
		oc.send(ok(""))
		c.wants(200)
	})
}

// RFC 9112 §6.1 and §6.3: where the last coding is not chunked, the end of the body cannot be told.
func TestRow04TransferEncodingNotChunked(t *testing.T) {
	t.Parallel()
	var attacks []attack
	for _, v := range []string{
		"identity", "chunked, identity", "identity, chunked", "xchunked", "chunkedx", "chunked, chunked", "gzip", "gzip, chunked",
		"chunked, gzip", "chunked;q=1", `"chunked"`, "'chunked'", "chunked chunked", "chun ked",
		"\x0bchunked", "chunked\x0b", "\x00chunked", "chunked\x00", "cow, chunked", "", "chunked, cow", "chunked\xa0", "[chunked]",
	} {
		attacks = append(attacks, one(v, post("Transfer-Encoding: "+v+"\r\n", "0\r\n\r\n"+smuggled)))
	}
	for _, v := range [][2]string{{"chunked", "chunked"}, {"chunked", "identity"}, {"identity", "chunked"}, {"chunked", "x"}, {"", "chunked"}} {
		attacks = append(attacks, one(v[0]+"+"+v[1],
			post("Transfer-Encoding: "+v[0]+"\r\nTransfer-Encoding: "+v[1]+"\r\n", "0\r\n\r\n"+smuggled)))
	}
	for i, a := range attacks {
		switch a.name {
		case "gzip, chunked", "cow, chunked", "identity, chunked", "identity+chunked", "+chunked":
			attacks[i] = laxer("passes codings on that come before chunked", a)[0]
		}
	}
	refused(t, setup{}, []int{400, 501}, attacks...)
	refused(t, setup{}, []int{400, 501}, laxer("ignores empty elements",
		one("comma after", post("Transfer-Encoding: chunked,\r\n", "0\r\n\r\n"+smuggled)),
		one("comma before", post("Transfer-Encoding: , chunked\r\n", "0\r\n\r\n"+smuggled)),
	)...)
}

// RFC 9112 §6.1: such a request may have come through somebody who knows no chunks.
func TestRow05TransferEncodingWithHTTP10(t *testing.T) {
	t.Parallel()
	const head = "POST / HTTP/1.0\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n"
	refused(t, setup{}, badRequest, laxer("treats the framing as chunked and closes, as RFC 9112 §6.1 allows",
		one("plain", head+"\r\n0\r\n\r\n"+smuggled),
		one("keep-alive", head+"Connection: keep-alive\r\n\r\n0\r\n\r\n"+smuggled),
		one("with a length", head+"Content-Length: 5\r\n\r\n0\r\n\r\n"+smuggled),
		one("GET", "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"+smuggled),
	)...)
}
