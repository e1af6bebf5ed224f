package behaviours_test

import (
	"slices"
	"strings"
	"testing"
)

// RFC 9112 §5.2.
func TestRow06ObsoleteFolding(t *testing.T) {
	t.Parallel()
	refused(t, setup{}, badRequest, laxer("unfolds, as RFC 9112 §5.2 allows",
		one("space", get("X: a\r\n b\r\n")),
		one("tab", get("X: a\r\n\tb\r\n")),
		one("nothing but a space", get("X: a\r\n \r\n")),
		one("length", post("Content-Length:\r\n 5\r\n", "12345"+smuggled)),
		one("coding", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"+smuggled)),
		one("coding continued", post("Transfer-Encoding: chunked\r\n , identity\r\n", "0\r\n\r\n"+smuggled)),
		one("name hidden", get("X: a\r\n Content-Length: 40\r\n")+smuggled),
		one("host", "GET / HTTP/1.1\r\nHost: a.test\r\n evil.test\r\n\r\n"),
	)...)
	refused(t, setup{}, badRequest,
		one("before the first field", "GET / HTTP/1.1\r\n X: a\r\nHost: a.test\r\n\r\n"),
		one("before the first field, tab", "GET / HTTP/1.1\r\n\tHost: a.test\r\n\r\n"),
	)
}

// RFC 9112 §5.1, CVE-2019-16276.
func TestRow07SpaceBeforeColon(t *testing.T) {
	t.Parallel()
	refused(t, setup{}, badRequest,
		one("field", get("X : a\r\n")),
		one("tab", get("X\t: a\r\n")),
		one("host", "GET / HTTP/1.1\r\nHost : a.test\r\n\r\n"),
		one("length", post("Content-Length : 5\r\n", "12345"+smuggled)),
		one("coding", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"+smuggled)),
		one("coding after a length", post("Content-Length: 5\r\nTransfer-Encoding : chunked\r\n", "0\r\n\r\n"+smuggled)),
		one("vertical tab", post("Transfer-Encoding\x0b: chunked\r\n", "0\r\n\r\n"+smuggled)),
		one("no-break space", post("Transfer-Encoding\xa0: chunked\r\n", "0\r\n\r\n"+smuggled)),
		one("many", get("X"+strings.Repeat(" ", 1000)+": a\r\n")),
	)
}

// RFC 9112 §2.2. That no bare LF reaches O is looked after by every test that reads what O gets.
func TestRow08BareLineEnds(t *testing.T) {
	t.Parallel()
	refused(t, setup{}, badRequest, laxer("takes a LF for a line end, as RFC 9112 §2.2 allows, and sends CRLF",
		one("all LF", "GET / HTTP/1.1\nHost: a.test\n\n"),
		one("request line", "GET / HTTP/1.1\nHost: a.test\r\n\r\n"),
		one("field", "GET / HTTP/1.1\r\nHost: a.test\nX: y\r\n\r\n"),
		one("empty line", "GET / HTTP/1.1\r\nHost: a.test\r\n\n"+smuggled),
		one("two LF", "GET / HTTP/1.1\r\nHost: a.test\n\n"+smuggled),
		one("hidden length", "GET / HTTP/1.1\r\nHost: a.test\r\nX: y\nContent-Length: 40\r\n\r\n"+smuggled),
		one("hidden coding", post("Content-Length: 5\r\nX: y\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"+smuggled)),
	)...)
	refused(t, setup{}, badRequest,
		one("CR in the request line", "GET /\rx HTTP/1.1\r\nHost: a.test\r\n\r\n"),
		one("CR for the request line's end", "GET / HTTP/1.1\rHost: a.test\r\n\r\n"),
		one("CR for a field's end", "GET / HTTP/1.1\r\nHost: a.test\rX: y\r\n\r\n"),
		one("CR CR LF", "GET / HTTP/1.1\r\nHost: a.test\r\r\n\r\n"),
		one("CR before the end", "GET / HTTP/1.1\r\nHost: a.test\r\n\r\r\n"+smuggled),
		one("empty line of CR and a space", "GET / HTTP/1.1\r\nHost: a.test\r\n\r X: y\r\n\r\n"),
		one("CR in a name", get("X\rY: a\r\n")),
		one("LF CR", "GET / HTTP/1.1\r\nHost: a.test\n\rX: y\r\n\r\n"),
	)

	t.Run("empty line before the request", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		c := start(t, setup{}, o).dial()
		c.send("\r\n" + get("")) // RFC 9112 §2.2: old clients send one after a body
		oc := o.accept()
		if m := oc.request(); m.start != "GET / HTTP/1.1" {
			t.Fatalf("O got %q", m.start)
		}
		oc.send(ok("x"))
		c.wants(200)
	})
}

// RFC 9110 §5.5.
func TestRow09ForbiddenBytesInValues(t *testing.T) {
	t.Parallel()
	refused(t, setup{}, badRequest,
		one("CR", get("X: a\rb\r\n")),
		one("CR first", get("X: \rb\r\n")),
		one("CR last", get("X: a\r\r\n")),
		one("CR makes a field", get("X: a\rSet-Cookie: b\r\n")),
	)
	refused(t, setup{}, badRequest, laxer("takes a LF for a line end", one("LF", get("X: a\nY: b\r\n")))...)
	refused(t, setup{}, badRequest, laxer("of this version passes control bytes on",
		one("NUL", get("X: a\x00b\r\n")),
		one("NUL first", get("X: \x00\r\n")),
		one("NUL last", get("X: a\x00\r\n")),
		one("NUL in Host", "GET / HTTP/1.1\r\nHost: a.test\x00evil\r\n\r\n"),
		one("NUL in Cookie", get("Cookie: a=\x00\r\n")),
		one("SOH", get("X: a\x01b\r\n")),
		one("BS", get("X: a\x08b\r\n")),
		one("VT", get("X: a\x0bb\r\n")),
		one("ESC", get("X: a\x1bb\r\n")),
		one("DEL", get("X: a\x7fb\r\n")),
	)...)

	t.Run("allowed", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		c := start(t, setup{}, o).dial()
		fields := []string{"X-Tab: a\tb", "X-Eight-Bit: \x80\xff\xc3\xa9", "X-Empty:", "X-Signs: \"'(),/:;<=>?@[\\]{}~^`|", "X-Inner:  a  b "}
		c.send(get(strings.Join(fields, "\r\n") + "\r\n"))
		oc := o.accept()
		m := oc.request()
		for _, f := range fields {
			name, value, _ := strings.Cut(f, ":")
			if got, want := m.values(name), strings.Trim(value, " "); !slices.Equal(got, []string{want}) {
				t.Errorf("O got %s: %q, expected %q", name, got, want)
			}
		}
		oc.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + strings.Join(fields, "\r\n") + "\r\n\r\n")
		a := c.wants(200)
		for _, f := range fields {
			name, value, _ := strings.Cut(f, ":")
			if got, want := a.values(name), strings.Trim(value, " "); !slices.Equal(got, []string{want}) {
				t.Errorf("client got %s: %q, expected %q", name, got, want)
			}
		}
	})
}

// RFC 9110 §5.1; CVE-2023-25725: an empty name ended haproxy's list of fields.
func TestRow10MalformedNames(t *testing.T) {
	t.Parallel()
	var attacks []attack
	for _, line := range []string{
		": a", ":", ":a", "X Y: a", "X(: a", "X): a", "X,Y: a", "X/Y: a", "X;Y: a", "X<: a", "X=Y: a", "X>: a", "X?: a",
		"X@Y: a", "[X]: a", "X\\: a", "{X}: a", `"X": a`, "X\x00: a", "X\x01: a", "X\x7f: a", "X\x80: a", "\xc3\xa9: a",
		"no colon", "no-colon-at-all", "Content-Length\x00: 5", "Content-Length\x80: 5", "(Content-Length): 5",
	} {
		attacks = append(attacks, one(line, get(line+"\r\n")+smuggled))
	}
	refused(t, setup{}, badRequest, attacks...)
	refused(t, setup{}, badRequest,
		one("empty name hides a length", post("Content-Length: 5\r\n: x\r\nContent-Length: 10\r\n", "12345"+smuggled)),
		one("empty name hides a coding", post(": x\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"+smuggled)),
	)
}

// RFC 9112 §3.2.
func TestRow16Host(t *testing.T) {
	t.Parallel()
	head := func(lines string) string { return "GET / HTTP/1.1\r\n" + lines + "\r\n" }
	refused(t, setup{}, badRequest,
		one("two", head("Host: a.test\r\nHost: b.test\r\n")),
		one("two far apart", head("Host: a.test\r\nX: y\r\nhost: b.test\r\n")),
	)
	refused(t, setup{}, badRequest, laxer("lets a request pass without Host, and with two that are equal",
		one("missing", head("")),
		one("missing, other fields", head("X: y\r\n")),
		one("two equal", head("Host: a.test\r\nHost: a.test\r\n")),
	)...)
	var attacks []attack
	for _, v := range []string{
		"a b", "a/b", "user@a", "a:80x", "a:-1", "a:80:80", "[::1", "::1", "[::1]x", "[zz::1]", "a?b", "a#b", `a\b`, "a\tb", "<a>", `"a"`, "a%", "a\x80",
		"a, b", "http://a", "a:80/", "[]", "a|b", "^", "{a}",
	} {
		attacks = append(attacks, one(v, head("Host: "+v+"\r\n")))
	}
	refused(t, setup{}, badRequest, laxer("does not look into Host", attacks...)...)

	for _, v := range []string{"a.test", "A.Test", "a.test:8080", "127.0.0.1", "[::1]", "[::1]:80", "a_b-c.test", "a.test.", "x"} {
		t.Run("allowed "+v, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			c := start(t, setup{}, o).dial()
			c.send(head("Host: " + v + "\r\n"))
			oc := o.accept()
			if m := oc.request(); m.value("Host") != v {
				t.Fatalf("O got %q, expected Host: %s", m.fields, v)
			}
			oc.send(ok("x"))
			c.wants(200)
		})
	}
}

// RFC 9112 §3, CVE-2023-45539: haproxy passed a fragment on, which rules on paths did not expect.
func TestRow18BytesInTarget(t *testing.T) {
	t.Parallel()
	var attacks []attack
	for _, target := range []string{
		"/a b", "/\x00", "/\x01", "/\t", "/a\x7f", "/\x80", "/\xc3\xa9", "/\x0b", "/\x1f", "", " ", "/ ", " /",
		"a", "?x", "*", "a.test:80", "admin/x", "\\", "%2f",
	} {
		attacks = append(attacks, one(target, "GET "+target+" HTTP/1.1\r\nHost: a.test\r\n\r\n"+smuggled))
	}
	for i, a := range attacks {
		switch a.name {
		case "*", "a.test:80", "a", "?x", "admin/x", "\\", "%2f":
			attacks[i] = laxer("passes targets on that begin otherwise", a)[0]
		case " ", "/ ", " /", "/\t":
			attacks[i] = laxer("skips further blanks", a)[0]
		}
	}
	refused(t, setup{}, badRequest, attacks...)
	attacks = nil
	for _, target := range []string{"/a#b", "/#", "/?a#b", "/pub#/../admin", "http://a.test/#x"} {
		attacks = append(attacks, one(target, "GET "+target+" HTTP/1.1\r\nHost: a.test\r\n\r\n"+smuggled))
	}
	refused(t, setup{}, badRequest, laxer("of this version passes # on unless told otherwise", attacks...)...)
}

// RFC 9112 §3: what else can be wrong with a request line.
func TestRequestLine(t *testing.T) {
	t.Parallel()
	rest := "\r\nHost: a.test\r\n\r\n" + smuggled
	refused(t, setup{}, []int{400, 501, 505},
		one("no version", "GET /"+rest),
		one("version of letters", "GET / HTTP/a.b"+rest),
		one("no minor version", "GET / HTTP/1"+rest),
		one("long version", "GET / HTTP/1.10"+rest),
		one("zero before", "GET / HTTP/01.1"+rest),
		one("other protocol", "GET / ICY/1.1"+rest),
		one("lower case", "GET / http/1.1"+rest),
		one("no method", "/ HTTP/1.1"+rest),
		one("method of no token", "G@T / HTTP/1.1"+rest),
		one("method with NUL", "GE\x00T / HTTP/1.1"+rest),
		one("method in brackets", "(GET) / HTTP/1.1"+rest),
		one("TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"+strings.Repeat("\xaa", 64)+"\r\n\r\n"),
	)
	refused(t, setup{}, []int{400, 505}, laxer("skips further blanks, takes HTTP/1.2 for 1.1, and speaks HTTP/2",
		one("two spaces", "GET  / HTTP/1.1"+rest),
		one("two spaces later", "GET /  HTTP/1.1"+rest),
		one("space at the end", "GET / HTTP/1.1 "+rest),
		one("space at the start", " GET / HTTP/1.1"+rest),
		one("word at the end", "GET / HTTP/1.1 x"+rest),
		one("HTTP/2.0", "GET / HTTP/2.0"+rest),
		one("tab", "GET\t/ HTTP/1.1"+rest),
		one("preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+smuggled),
		one("HTTP/1.2", "GET / HTTP/1.2"+rest),
		one("HTTP/0.9", "GET / HTTP/0.9"+rest),
	)...)
}

// CVE-2021-40346: a name of more than 255 bytes overflowed into the length of its field, and what was left
// read as Content-Length: 0.
func TestRow20LongNames(t *testing.T) {
	t.Parallel()
	tail := func(n int) string { return "Content-Length0" + strings.Repeat("a", n-len("Content-Length0")) }
	refused(t, setup{}, []int{400, 431},
		one("100 KB", get(tail(100_000)+": x\r\n")),
		one("100 KB before a length", post(tail(100_000)+":\r\nContent-Length: 60\r\n", smuggled)),
	)
	refused(t, setup{}, []int{400, 431}, laxer("has room for longer names now",
		one("300 B", get(tail(300)+": x\r\n")),
		one("270 B before a length", post(tail(270)+":\r\nContent-Length: 60\r\n", smuggled)),
		one("256 B before a length", post(tail(256)+":\r\nContent-Length: 60\r\n", smuggled)),
	)...)

	t.Run("200 B", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		c := start(t, setup{}, o).dial()
		c.send(post(tail(200)+":\r\nContent-Length: 5\r\n", "12345"))
		oc := o.accept()
		m := oc.request()
		if m.body != "12345" || m.value("Content-Length") != "5" || !m.names(tail(200)) {
			t.Fatalf("O got %q with body %q", m.fields, m.body)
		}
		oc.send(ok("x"))
		c.wants(200)
	})
}

// Servers with CGI in their ancestry take "_" for "-".
func TestRow23UnderscoreAliases(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"Content_Length: 40", "Transfer_Encoding: chunked", "X_Forwarded_For: 6.6.6.6", "X-Forwarded_For: 6.6.6.6", "x_forwarded-for: 6.6.6.6",
		"X_Forwarded_Proto: https", "X_Forwarded_Host: evil.test", "X_Real_IP: 6.6.6.6", "X_Request_Id: 1", "CONTENT_LENGTH: 40",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			deviates(t, "passes names with _ on")
			o := newOrigin(t)
			c := start(t, setup{}, o).dial()
			o.serve(func(m message) string {
				for _, f := range m.fields {
					if name, _, _ := strings.Cut(f, ":"); strings.Contains(name, "_") || strings.Contains(f, "6.6.6.6") || strings.Contains(f, "evil") {
						t.Errorf("O got %q", f)
					}
				}
				if m.value("X-Before") != "1" || m.value("X-After") != "2" {
					t.Errorf("O got %q, expected X-Before and X-After", m.fields)
				}
				return ok("x")
			})
			c.send(get("X-Before: 1\r\n" + line + "\r\nX-After: 2\r\n"))
			c.wants(200, 400)
		})
	}
}
