package behaviours_test

import (
	"slices"
	"strings"
	"testing"
)

// RFC 7239, and the older fields that came before it.
func TestRow37ForwardedFields(t *testing.T) {
	t.Parallel()
	const claims = "X-Forwarded-For: 6.6.6.6, 7.7.7.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: claimed.test\r\nX-Real-IP: 6.6.6.6\r\n" +
		"Forwarded: for=6.6.6.6;proto=https;host=claimed.test\r\nX-Request-Id: claimed-id\r\nX-Forwarded-Port: 443\r\n"
	asked := func(t *testing.T, listener, lines string) message {
		t.Helper()
		o := newOrigin(t)
		c := start(t, setup{listener: listener}, o).dial()
		c.send(get(lines))
		oc := o.accept()
		m := oc.request()
		oc.send(ok("x"))
		c.wants(200)
		return m
	}
	optional := func(t *testing.T, m message, name, want string) {
		t.Helper()
		if got := m.values(name); len(got) > 0 && !slices.Equal(got, []string{want}) {
			t.Errorf("O got %s: %q, expected %q", name, got, want)
		}
	}
	fromClient := func(t *testing.T, m message) {
		t.Helper()
		if got := m.values("X-Forwarded-For"); !slices.Equal(got, []string{"127.0.0.1"}) {
			t.Errorf("O got X-Forwarded-For: %q, expected one, of 127.0.0.1", got)
		}
		optional(t, m, "X-Forwarded-Proto", "http")
		optional(t, m, "X-Forwarded-Host", "a.test")
		optional(t, m, "X-Real-IP", "127.0.0.1")
		if f := m.values("Forwarded"); len(f) > 1 || len(f) == 1 && !strings.Contains(f[0], "for=127.0.0.1") {
			t.Errorf("O got Forwarded: %q", f)
		}
	}
	for _, tt := range []struct{ name, listener, lines string }{
		{"no claims", "", ""},
		{"untrusted", "", claims},
		{"others are trusted", "trusted_proxies: [10.0.0.0/8, 192.168.1.1]", claims},
		{"claims twice", "", claims + claims},
		{"claims in other cases", "", strings.ToUpper(strings.ReplaceAll(claims, "\r\n", "\r\n"))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := asked(t, tt.listener, tt.lines)
			fromClient(t, m)
			for _, f := range m.fields {
				for _, claim := range []string{"6.6.6.6", "7.7.7.7", "claimed", "CLAIMED", "https", "HTTPS"} {
					if strings.Contains(f, claim) && (*peer != "haproxy" || !strings.HasPrefix(f, "x-forwarded-port")) {
						t.Errorf("O got %q", f)
					}
				}
			}
		})
	}
	for _, trusted := range []string{"127.0.0.0/8", "127.0.0.1", "10.0.0.0/8, 127.0.0.1/32"} {
		t.Run("trusted "+trusted, func(t *testing.T) {
			t.Parallel()
			m := asked(t, "trusted_proxies: ["+trusted+"]", claims)
			if got := strings.ReplaceAll(m.value("X-Forwarded-For"), " ", ""); got != "6.6.6.6,7.7.7.7,127.0.0.1" {
				t.Errorf("O got X-Forwarded-For %q", got)
			}
			optional(t, m, "X-Forwarded-Proto", "https")
			optional(t, m, "X-Forwarded-Host", "claimed.test")
			optional(t, m, "X-Request-Id", "claimed-id")
			f := m.value("Forwarded")
			if i, j := strings.Index(f, "for=6.6.6.6"), strings.Index(f, "for=127.0.0.1"); *peer != "haproxy" && (i < 0 || j >= 0 && j < i) {
				t.Errorf("O got Forwarded %q", f)
			}
		})
	}
	t.Run("trusted, no claims", func(t *testing.T) {
		t.Parallel()
		fromClient(t, asked(t, "trusted_proxies: [127.0.0.0/8]", ""))
	})
	t.Run("trusted, several lines", func(t *testing.T) {
		t.Parallel()
		m := asked(t, "trusted_proxies: [127.0.0.0/8]", "X-Forwarded-For: 6.6.6.6\r\nX: y\r\nX-Forwarded-For: 7.7.7.7\r\n")
		if got := strings.ReplaceAll(m.value("X-Forwarded-For"), " ", ""); got != "6.6.6.6,7.7.7.7,127.0.0.1" {
			t.Errorf("O got X-Forwarded-For %q", got)
		}
	})
}

// RFC 9112 §3.2.2: the target is what is asked for, whatever Host says.
func TestRow17AbsoluteForm(t *testing.T) {
	t.Parallel()
	deviates(t, "passes the absolute form on, or refuses where Host differs")
	for _, tt := range []struct{ target, host, want, wantHost string }{
		{"http://good.test/", "evil.test", "/", "good.test"},
		{"http://good.test/x?y", "evil.test", "/x?y", "good.test"},
		{"http://good.test:8080/x", "evil.test", "/x", "good.test:8080"},
		{"http://good.test", "evil.test", "/", "good.test"},
		{"HTTP://good.test/", "evil.test", "/", "good.test"},
		{"http://GOOD.test/", "evil.test", "/", "GOOD.test"},
		{"http://good.test//evil.test/", "evil.test", "//evil.test/", "good.test"},
		{"http://good.test/", "good.test", "/", "good.test"},
	} {
		t.Run(tt.target, func(t *testing.T) {
			t.Parallel()
			good, evil := newOrigin(t), newOrigin(t)
			b := start(t, setup{
				routes: "{host: good.test, pool: web}, {host: evil.test, pool: evil}, {pool: evil}",
				more:   `, {name: evil, backends: ["` + evil.url() + `"], pool: {health: {enabled: false}}}`,
			}, good)
			c := b.dial()
			c.send("GET " + tt.target + " HTTP/1.1\r\nHost: " + tt.host + "\r\n\r\n")
			evil.serve(func(m message) string {
				t.Errorf("evil got %q", m.start)
				return ok("evil")
			})
			answered := make(chan message, 1)
			go func() {
				m, _ := c.readAnswer("GET")
				answered <- m
			}()
			var oc *conn
			select {
			case nc := <-good.accepted:
				oc = &conn{Conn: nc, t: t, who: "good"}
			case m := <-answered:
				t.Fatalf("client got %q with %q", m.start, m.body)
			}
			if m := oc.request(); m.start != "GET "+tt.want+" HTTP/1.1" || !slices.Equal(m.values("Host"), []string{tt.wantHost}) || len(m.values("X-Forwarded-Host")) > 0 && m.value("X-Forwarded-Host") != tt.wantHost {
				t.Fatalf("O got %q and %q", m.start, m.fields)
			}
			oc.send(ok("good"))
			if m := <-answered; m.body != "good" {
				t.Fatalf("client got %q with %q", m.start, m.body)
			}
		})
	}
	var attacks []attack
	for _, target := range []string{"http://user@good.test/", "http://user:pass@good.test/", "http:///x", "http://", "http://good.test?x", "http:/x", "http:x", "ftp://good.test/", "good.test/x", "http://good.test:80x/", "http://a b/", "http://good.test\\@evil.test/", "//good.test/\x00"} {
		attacks = append(attacks, one(target, "GET "+target+" HTTP/1.1\r\nHost: good.test\r\n\r\n"))
	}
	attacks = append(attacks, one("no Host", "GET http://good.test/ HTTP/1.1\r\n\r\n"), one("two Hosts", "GET http://good.test/ HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n"))
	refused(t, setup{}, badRequest, attacks...)
}

// RFC 9110 §7.6.3: each hop adds itself, after those before.
func TestVia(t *testing.T) {
	t.Parallel()
	deviates(t, "adds no Via")
	o := newOrigin(t)
	c := start(t, setup{}, o).dial()
	for _, before := range []string{"", "1.0 fred", "1.1 a, 1.1 b"} {
		lines := ""
		if before != "" {
			lines = "Via: " + before + "\r\n"
		}
		c.send(get(lines))
		oc := o.accept()
		m := oc.request()
		got, ok := strings.CutPrefix(m.value("Via"), before)
		if got = strings.TrimLeft(got, ", "); !ok || !strings.HasPrefix(got, "1.1 ") || strings.Contains(got, ",") {
			t.Errorf("O got Via %q, expected %q and one more", m.values("Via"), before)
		}
		oc.send("HTTP/1.1 200 OK\r\nConnection: close\r\n" + lines + "Content-Length: 0\r\n\r\n")
		if a := c.wants(200); before != "" && !strings.HasPrefix(a.value("Via"), before) {
			t.Errorf("client got Via %q, expected %q first", a.values("Via"), before)
		}
		_ = oc.Close()
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	deviates(t, "adds none unless told")
	o := newOrigin(t)
	b := start(t, setup{}, o)
	seen := map[string]bool{}
	for range 3 {
		c := b.dial()
		for range 3 {
			c.send(get("X-Request-Id: mine\r\n"))
			oc := o.accept()
			id := oc.request().values("X-Request-Id")
			if len(id) != 1 || id[0] == "" || id[0] == "mine" || seen[id[0]] {
				t.Errorf("O got X-Request-Id %q, after %v", id, seen)
			}
			seen[strings.Join(id, ", ")] = true
			oc.send(lastly("x"))
			c.wants(200)
			_ = oc.Close()
		}
	}
}
