package behaviours_test

import (
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
)

// RFC 9110 §7.7 and RFC 3986: what a path means is its owner's business.
func TestRow38PathBytes(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	b := start(t, setup{}, o)
	o.serve(echo)
	for _, target := range []string{
		"/a//%2e%2e/%2F?x=%zz;y", "/", "//", "///a", "/%2F", "/%2f%2F", "/%41%zz", "/%", "/%0", "/?", "/??", "/?a=b&&c", "/;a=b", "/a;b/c;d", "/./a", "/a/.", "/a/../b", "/..", "/%00", "/%0d%0aX:%20y",
		"/~!$&'()*+,;=:@-._", "/a\\b", "/\"<>[]^`{|}", "/?x=\"<>[]^`{|}\\", "/a?b/../c", "/a?http://b/", "//evil.test/a", "/http://evil.test/", "/a%20b", "/%E2%82%AC", "/%e2%82%ac", "/:80", "/a%3fb", "/a%23b",
	} {
		t.Run(target, func(t *testing.T) {
			b := b.in(t)
			c := b.dial()
			c.send("GET " + target + " HTTP/1.1\r\nHost: a.test\r\n\r\n")
			if m := c.wants(200, 400); m.status() == 200 && m.body != "GET "+target+" " {
				t.Fatalf("O got %q, expected %q", m.body, target)
			}
			if _, err := url.ParseRequestURI(target); err != nil || strings.ContainsAny(target, "\\\"<>[]^`{|}") || strings.Contains(target, "%00") {
				return
			}
			c = b.dial() // the rest is in order, and passes
			c.send("GET " + target + " HTTP/1.1\r\nHost: a.test\r\n\r\n")
			c.wants(200)
		})
	}
}

// CVE-2021-41773: the rule saw one path, the file system another. Whatever a backend makes of a path, by
// decoding it, by removing dot segments, by taking a backslash for a slash, it must have been routed by the rule for that.
func TestRow39DotSegmentsAgainstPrefixRule(t *testing.T) {
	t.Parallel()
	deviates(t, "compares prefixes byte by byte, unless told to normalize")
	admin, pub, other := newOrigin(t), newOrigin(t), newOrigin(t)
	b := start(t, setup{
		routes: "{path_prefix: /admin, pool: admin}, {path_prefix: /pub, pool: pub}, {pool: web}",
		more: `, {name: admin, backends: ["` + admin.url() + `"], pool: {health: {enabled: false}}}` +
			`, {name: pub, backends: ["` + pub.url() + `"], pool: {health: {enabled: false}}}`,
	}, other)
	for name, o := range map[string]*origin{"admin": admin, "pub": pub, "other": other} {
		o.serve(func(m message) string { return ok(name + " " + m.target()) })
	}
	for _, tt := range []struct{ target, pool string }{
		{"/admin", "admin"}, {"/admin/", "admin"}, {"/admin/x", "admin"}, {"/admin?x", "admin"}, {"/pub", "pub"}, {"/pub/x", "pub"},
		{"/public", "other"}, {"/administrator", "other"}, {"/x/admin", "other"}, {"/", "other"}, {"/ADMIN", "other"}, {"/admi", "other"},
	} {
		t.Run(tt.target, func(t *testing.T) {
			c := b.in(t).dial()
			c.send("GET " + tt.target + " HTTP/1.1\r\nHost: a.test\r\n\r\n")
			if m := c.wants(200); m.body != tt.pool+" "+tt.target {
				t.Fatalf("client got %q, expected %q", m.body, tt.pool+" "+tt.target)
			}
		})
	}
	for _, target := range []string{
		"/pub/%2e%2e/admin", "/pub/../admin", "/pub/%2E%2e/admin", "/pub/.%2e/admin", "/pub/%2e./admin", "/pub/x/../../admin", "/pub/./../admin", "/./admin", "/%2e/admin", "/pub/..%2fadmin", "/pub%2f..%2fadmin",
		"/pub/%2e%2e%2fadmin", "/pub//../admin", "/pub/..//admin", "/%61dmin", "/admi%6e/x", "/%61%64%6d%69%6e", "/pub\\..\\admin", "/pub/..\\admin", "/pub/..%5cadmin", "/pub/..;/admin", "/pub/..;x=y/admin", "/pub/%2e%2e;/admin",
		"/admin/..", "/admin/../pub", "/admin/%2e%2e/pub", "/../admin", "/..%2fadmin", "/x/..%2f..%2fadmin", "/pub/%252e%252e/admin", "/pub/..?/admin", "/pub/.../admin", "/x/../pub/../admin/y",
		"/admin%2fx", "/admin%2f..%2fpub", "/admin;x/y", "/admin;", "//admin", "/pub//admin", "//pub/../admin", "/.//admin", "/pub/..%00/admin", "/admin%00", "/admin%2f%2e%2e",
	} {
		t.Run(target, func(t *testing.T) {
			c := b.in(t).dial()
			c.send("GET " + target + " HTTP/1.1\r\nHost: a.test\r\n\r\n")
			m := c.wants(200, 400, 404)
			if m.status() != 200 {
				return
			}
			pool, forwarded, _ := strings.Cut(m.body, " ")
			for _, reading := range readings(forwarded) {
				if want := poolOf(reading); pool != want {
					t.Errorf("%s got %q, which may be read as %q, of %s", pool, forwarded, reading, want)
				}
			}
		})
	}
}

// readings returns the paths that servers in use make of a target.
func readings(target string) []string {
	p, _, _ := strings.Cut(target, "?")
	var out []string
	add := func(p string) {
		clean := path.Clean("/" + p)
		if !slices.Contains(out, clean) {
			out = append(out, clean)
		}
	}
	add(p)
	decoded, err := url.PathUnescape(p) // as nginx and Apache do
	if err == nil {
		add(decoded)
		add(strings.ReplaceAll(decoded, `\`, "/")) // as IIS does
	}
	var segments []string // as Tomcat does: parameters do not count
	for s := range strings.SplitSeq(p, "/") {
		s, _, _ = strings.Cut(s, ";")
		segments = append(segments, s)
	}
	if decoded, err := url.PathUnescape(strings.Join(segments, "/")); err == nil {
		add(decoded)
	}
	return out
}

func poolOf(p string) string {
	for _, name := range []string{"admin", "pub"} {
		if p == "/"+name || strings.HasPrefix(p, "/"+name+"/") {
			return name
		}
	}
	return "other"
}

// RFC 9110 §7.7.
func TestRow40NoTransformation(t *testing.T) {
	t.Parallel()
	var binary strings.Builder
	for i := range 1 << 16 {
		binary.WriteByte(byte(i ^ i>>8))
	}
	body := binary.String()
	requestFields := []string{
		"Accept-Encoding: gzip;q=0.5, br, *;q=0", "Accept: */*", "Range: bytes=0-1", "If-None-Match: \"x\"", "Content-Type: application/x-strange; charset=\"utf-8\"", "Content-Encoding: gzip",
		"Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==", "Authorization: Basic eDp5", "Origin: null", "User-Agent: t", "Referer: http://r.test/", "Cache-Control: no-transform", "Pragma: no-cache", "X-Custom:  spaced  out", "Warning: 199 - x",
	}
	answerFields := []string{
		"Date: Mon, 23 Nov 2026 20:00:00 GMT", "Server: O", "Content-Type: application/octet-stream", "Content-Encoding: gzip", "Etag: W/\"x\"", "Last-Modified: Mon, 23 Nov 2026 20:00:00 GMT", "Vary: Accept-Encoding",
		"Content-Range: bytes 0-1/2", "Accept-Ranges: bytes", "Cache-Control: no-transform, private", "Age: 5", "WWW-Authenticate: Basic realm=\"x\"", "Location: http://o.test/y", "X-Custom: a", "X-Custom: b", "Alt-Svc: clear",
	}
	framing := func(f string) bool {
		name, _, _ := strings.Cut(strings.ToLower(f), ":")
		return name == "content-length" || name == "transfer-encoding"
	}
	trimmed := func(fields []string) []string { // of the blanks around values
		var out []string
		for _, f := range spelled(fields...) {
			name, value, _ := strings.Cut(f, ":")
			out = append(out, name+": "+strings.Trim(value, " "))
		}
		return out
	}
	for _, tt := range []struct{ name, lines, body string }{
		{"length", "Content-Length: 65536\r\n", body},
		{"chunked", chunked, "10000\r\n" + body + "\r\n0\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			c := start(t, setup{}, o).dial()
			sent := make(chan error, 1)
			go func() { sent <- c.write(post(strings.Join(requestFields, "\r\n")+"\r\n"+tt.lines, tt.body)) }()
			oc := o.accept()
			m := oc.request()
			<-sent
			want := append([]string{"Host: a.test"}, requestFields...)
			if got := slices.DeleteFunc(m.others(), framing); !slices.Equal(trimmed(got), trimmed(want)) || m.body != body {
				t.Errorf("O got %q and a body of %d bytes, expected %q and %d", got, len(m.body), want, len(body))
			}
			go func() {
				sent <- oc.write("HTTP/1.1 200 Fine By Me\r\n" + strings.Join(answerFields, "\r\n") + "\r\n" + tt.lines + "\r\n" + tt.body)
			}()
			a := c.wants(200)
			<-sent
			if got := slices.DeleteFunc(a.others(), framing); !slices.Equal(trimmed(got), trimmed(answerFields)) || a.body != body || a.start != "HTTP/1.1 200 Fine By Me" {
				t.Errorf("client got %q, %q and a body of %d bytes, expected %q and %d", a.start, got, len(a.body), answerFields, len(body))
			}
		})
	}
	t.Run("Accept-Encoding absent", func(t *testing.T) {
		t.Parallel()
		o := newOrigin(t)
		c := start(t, setup{}, o).dial()
		c.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
		oc := o.accept()
		if m := oc.request(); !slices.Equal(m.others(), spelled("Host: a.test")) {
			t.Errorf("O got %q", m.fields)
		}
		oc.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		if a := c.wants(200); !slices.Equal(a.others(), spelled("Content-Length: 0")) {
			t.Errorf("client got %q", a.fields)
		}
	})
}

// RFC 6265 §5.4 and §4.1.2: cookies do not fold into one another like other fields.
func TestRow41Cookies(t *testing.T) {
	t.Parallel()
	var crumbs, set []string
	for i := range 60 {
		crumbs = append(crumbs, "Cookie: c"+strings.Repeat("x", i)+"=1; d=\"a,b\"")
		set = append(set, "Set-Cookie: s"+strings.Repeat("x", i)+"=1; Expires=Mon, 23 Nov 2026 20:00:00 GMT; Path=/; HttpOnly")
	}
	cookies := func(fields []string) []string { return valuesOf(fields, "Cookie") }
	for _, tt := range []struct {
		name   string
		fields []string
	}{
		{"one of 8000 bytes", []string{"Cookie: a=" + strings.Repeat("c", 8000-len("Cookie: a="))}},
		{"60 lines", crumbs},
		{"pairs without names", []string{"Cookie: =a; b; ;; c=d=e; \"f\"=g"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			c := start(t, setup{}, o).dial()
			c.send(get(strings.Join(tt.fields, "\r\n") + "\r\n"))
			oc := o.accept()
			m := oc.request()
			joined := strings.Join(cookies(tt.fields), "; ")
			if got := cookies(m.fields); !slices.Equal(got, cookies(tt.fields)) && !slices.Equal(got, []string{joined}) {
				t.Errorf("O got %q", got)
			}
			oc.send("HTTP/1.1 200 OK\r\n" + strings.Join(set, "\r\n") + "\r\nContent-Length: 0\r\n\r\n")
			if a := c.wants(200); !slices.Equal(a.values("Set-Cookie"), valuesOf(set, "Set-Cookie")) {
				t.Errorf("client got %q", a.values("Set-Cookie"))
			}
		})
	}
}
