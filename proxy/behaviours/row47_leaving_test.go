package behaviours_test

import (
	"strings"
	"testing"
	"time"
)

// gone is how soon O must see that a client has left: the rule says 2 s, the rest is for a machine that is busy.
const gone = 5 * time.Second

func TestRow47ClientGoesAway(t *testing.T) {
	t.Parallel()
	leave := map[string]func(c *conn){"FIN": func(c *conn) { _ = c.Close() }, "RST": (*conn).reset}
	for how, leave := range leave {
		t.Run("before the answer "+how, func(t *testing.T) {
			t.Parallel()
			deviates(t, "waits for the answer, unless told option abortonclose")
			o := newOrigin(t)
			b := start(t, setup{}, o)
			c := b.dial()
			c.send(get(""))
			oc := o.accept()
			oc.request()
			leave(c)
			oc.overWithin(gone)
			b.unseen(o)
			b.blames(outcomes{success: 1, canceled: 1})
		})
		t.Run("with a pipelined request "+how, func(t *testing.T) {
			t.Parallel()
			deviates(t, "waits for the answer, unless told option abortonclose")
			o := newOrigin(t)
			b := start(t, setup{}, o)
			c := b.dial()
			c.send(get("") + get(""))
			oc := o.accept()
			oc.request()
			leave(c)
			oc.overWithin(gone)
			b.unseen(o)
		})
		t.Run("in the answer's body "+how, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			b := start(t, setup{}, o)
			c := b.dial()
			c.send(get(""))
			oc := o.accept()
			oc.request()
			oc.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nbegins")
			c.head()
			c.expect("begins")
			leave(c)
			began := time.Now()
			for oc.write(strings.Repeat("b", 1000)) == nil {
				if time.Since(began) > gone {
					t.Fatalf("O could write for %v after the client had left", gone)
				}
				time.Sleep(time.Millisecond)
			}
			b.unseen(o)
			b.blames(outcomes{success: 1, canceled: 1})
		})
		for name, part := range map[string]string{
			"length":  post("Content-Length: 1000\r\n", "hello"),
			"chunked": post(chunked, "5\r\nhello\r\n"),
		} {
			t.Run("in the request's body "+name+" "+how, func(t *testing.T) {
				t.Parallel()
				o := newOrigin(t)
				b := start(t, setup{}, o)
				c := b.dial()
				c.send(part)
				oc := o.accept()
				oc.head()
				leave(c)
				began := time.Now()
				if got, _ := oc.rest(); strings.HasSuffix(got, "0\r\n\r\n") {
					t.Errorf("O got %q, which has an end", got)
				}
				if took := time.Since(began); took > gone {
					t.Errorf("O saw it after %v", took)
				}
				b.unseen(o)
				b.blames(outcomes{success: 1, canceled: 1})
			})
		}
	}
	t.Run("in the answer's silence", leavesInSilence)
	t.Run("in the request's head", leavesInHead)
}

// A FIN would say nothing here: the client may still listen, and only bytes, of which there are none, would tell.
func leavesInSilence(t *testing.T) {
	t.Parallel()
	deviates(t, "notices when it has something to write")
	o := newOrigin(t)
	b := start(t, setup{}, o)
	c := b.dial()
	c.send(get(""))
	oc := o.accept()
	oc.request()
	oc.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nbegins")
	c.head()
	c.expect("begins")
	c.reset()
	oc.overWithin(gone)
	b.unseen(o)
	b.blames(outcomes{success: 1, canceled: 1})
}

func leavesInHead(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	b := start(t, setup{}, o)
	for _, part := range []string{"", "G", "GET / HTTP/1.1\r\nHost: a.te", strings.TrimSuffix(get(""), "\r\n"), strings.TrimSuffix(get(""), "\n")} {
		c := b.dial()
		c.offer(part)
		_ = c.Close()
	}
	b.unseen(o)
}

// RFC 9112 §9.6 lets a client finish sending and go on listening; many do.
func TestRow48HalfClose(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, send string }{
		{"GET", get("")},
		{"POST", post("Content-Length: 5\r\n", "hello")},
		{"POST in chunks", post(chunked, "5\r\nhello\r\n0\r\n\r\n")},
		{"close", get("Connection: close\r\n")},
		{"1.0", "GET / HTTP/1.0\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			b := start(t, setup{}, o)
			c := b.dial()
			c.send(tt.send)
			c.closeWrite()
			oc := o.accept()
			oc.request()
			oc.silentFor(1500 * time.Millisecond) // time enough to take the client for gone
			oc.send(ok("late"))
			if m := c.wants(200); m.body != "late" {
				t.Fatalf("client got %q", m.body)
			}
			c.over()
			oc.reset()
			b.unseen(o)
			b.blames(outcomes{success: 2})
		})
	}
	t.Run("two requests", halfCloseAfterTwo)
	t.Run("in the answer's body", halfCloseInAnswer)
	for _, part := range []string{post("Content-Length: 1000\r\n", "hello"), post(chunked, "5\r\nhello\r\n"), post(chunked, "5\r\nhello\r\n0\r\n"), post(chunked, "")} {
		t.Run("in the request's body", func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			b := start(t, setup{}, o)
			c := b.dial()
			c.send(part)
			oc := o.accept()
			oc.head()
			c.closeWrite()
			if got, _ := oc.rest(); strings.HasSuffix(got, "0\r\n\r\n") {
				t.Errorf("O got %q, which has an end", got)
			}
			if got, _ := c.rest(); got != "" && !strings.HasPrefix(got, "HTTP/1.1 400 ") {
				t.Errorf("client got %q", got)
			}
			b.unseen(o)
		})
	}
}

func halfCloseAfterTwo(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	b := start(t, setup{}, o)
	c := b.dial()
	c.send(get("") + get(""))
	c.closeWrite()
	o.serve(echo)
	c.wants(200)
	c.wants(200)
	c.over()
}

func halfCloseInAnswer(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	b := start(t, setup{}, o)
	c := b.dial()
	c.send(get(""))
	oc := o.accept()
	oc.request()
	oc.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
	c.head()
	c.expect("hello")
	c.closeWrite()
	oc.silentFor(1500 * time.Millisecond)
	oc.send("world")
	c.expect("world")
	c.over()
}
