package behaviours_test

import (
	"strings"
	"testing"
)

// smuggled is what an attacker hides behind a message: O must never take it for a request.
const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n"

// attack is something that a client may send and a proxy must not pass on.
type attack struct {
	name    string
	send    []string // each part is written by itself
	haproxy string   // why haproxy does otherwise, if it does
}

// one is an attack in one write.
func one(name, send string) attack { return attack{name: name, send: []string{send}} }

// laxer marks attacks that haproxy copes with in another way.
func laxer(why string, attacks ...attack) []attack {
	for i := range attacks {
		attacks[i].haproxy = why
	}
	return attacks
}

// get is a GET with further lines of its head, each with its CRLF.
func get(lines string) string { return "GET / HTTP/1.1\r\nHost: a.test\r\n" + lines + "\r\n" }

// post is a POST with the lines that frame its body.
func post(lines, body string) string {
	return "POST / HTTP/1.1\r\nHost: a.test\r\n" + lines + "\r\n" + body
}

// refused wants each attack to be answered with one of the statuses and a close, and O to get nothing of it.
func refused(t *testing.T, s setup, status []int, attacks ...attack) {
	t.Helper()
	each(t, s, attacks, func(b *testbed, o *origin, c *conn) {
		c.wants(status...)
		c.over()
		b.unseen(o)
	})
}

// spoiled wants each attack, whose head is in order and whose body is not, to be answered with one of the
// statuses and a close. O may have got the beginning of the request, but neither its end nor a second one.
func spoiled(t *testing.T, s setup, status []int, attacks ...attack) {
	t.Helper()
	each(t, s, attacks, func(b *testbed, o *origin, c *conn) {
		c.wants(status...)
		c.over()
		for _, got := range b.clean(o) {
			if strings.Count(got, "HTTP/1.1\r\n") > 1 || strings.HasSuffix(got, "\r\n0\r\n\r\n") {
				b.t.Errorf("O got %s, expected less", short(got))
			}
		}
		b.blamesNobody()
	})
}

// each runs check for each attack by itself: a proxy, O, and a client that has sent the attack.
func each(t *testing.T, s setup, attacks []attack, check func(b *testbed, o *origin, c *conn)) {
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			if a.haproxy != "" {
				deviates(t, a.haproxy)
			}
			o := newOrigin(t)
			b := start(t, s, o)
			c := b.dial()
			c.offer(a.send...)
			check(b, o, c)
		})
	}
}
