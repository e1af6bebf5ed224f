package behaviours_test

import (
	"strings"
	"testing"
	"time"
)

// soon are limits that a test can wait for.
const soon = "connect_timeout: 1s, response_timeout: 1s, read_timeout: 1s"

// within wants an answer by the proxy once such a limit is reached.
func within(t *testing.T, c *conn, status ...int) {
	t.Helper()
	began := time.Now()
	c.wants(status...)
	if took := time.Since(began); took > patience/2 {
		t.Errorf("answered after %v", took)
	}
}

func TestRow49BackendsOutOfReach(t *testing.T) {
	t.Parallel()
	t.Run("refused", backendRefuses)
	t.Run("black hole", backendBlackHole)
	t.Run("no head", answerMissing)
	t.Run("no head after a body", answerMissingAfterBody)
	t.Run("half a head", answerHalfHead)
	t.Run("a head drop by drop", answerDripping)
	t.Run("silence in the body", answerStalls)
	t.Run("silence in a chunked body", answerStallsInChunks)
	t.Run("a slow but steady answer", answerSteady)
	t.Run("one of two refuses", oneRefuses)
}

func backendRefuses(t *testing.T) {
	t.Parallel()
	b := start(t, setup{connections: soon}, refusing(t))
	c := b.dial()
	c.send(get(""))
	within(t, c, 502, 503)
	c = b.dial()
	c.send(post("Content-Length: 5\r\n", "hello"))
	within(t, c, 502, 503)
	b.counts("two failed or more, as they may be tried again", func(got outcomes) bool {
		return got.failed >= 2 && got.success+got.canceled == 0
	})
}

func backendBlackHole(t *testing.T) {
	t.Parallel()
	b := start(t, setup{connections: soon}, blackHole(t))
	c := b.dial()
	c.send(get(""))
	within(t, c, 502, 503, 504)
}

func answerMissing(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	b := start(t, setup{connections: soon}, o)
	c := b.dial()
	c.send(get(""))
	oc := o.accept()
	oc.request()
	within(t, c, 504)
	oc.over() // what comes late must meet nobody
	b.unseen(o)
	b.blames(outcomes{success: 1, failed: 1})
}

func answerMissingAfterBody(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	b := start(t, setup{connections: soon}, o)
	c := b.dial()
	c.send(post("Content-Length: 5\r\n", "hello"))
	oc := o.accept()
	oc.request()
	within(t, c, 504)
	oc.over()
	b.unseen(o)
}

func answerHalfHead(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	b := start(t, setup{connections: soon}, o)
	c := b.dial()
	c.send(get(""))
	oc := o.accept()
	oc.request()
	oc.send("HTTP/1.1 200 OK\r\nContent-Len")
	within(t, c, 502, 504)
	oc.over()
	b.unseen(o)
}

func answerDripping(t *testing.T) {
	t.Parallel()
	deviates(t, "begins to wait anew with each byte")
	o := newOrigin(t)
	b := start(t, setup{connections: soon}, o)
	c := b.dial()
	c.send(get(""))
	oc := o.accept()
	oc.request()
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		oc.offer("HTTP/1.1 200 OK\r\nX: ")
		for {
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Millisecond):
				oc.offer("y")
			}
		}
	}()
	within(t, c, 502, 504)
	close(stop)
	<-done
	oc.over()
}

func answerStalls(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	b := start(t, setup{connections: soon}, o)
	c := b.dial()
	c.send(get(""))
	oc := o.accept()
	oc.request()
	oc.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
	c.head()
	c.expect("hello")
	c.over()
	oc.over()
	b.unseen(o)
}

func answerStallsInChunks(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	b := start(t, setup{connections: soon}, o)
	c := b.dial()
	c.send(get(""))
	oc := o.accept()
	oc.request()
	oc.send("HTTP/1.1 200 OK\r\n" + chunked + "\r\n5\r\nhello\r\n")
	c.head()
	if got, _ := c.rest(); !strings.HasPrefix("5\r\nhello\r\n", got) {
		t.Errorf("client got %q", got)
	}
	oc.over()
}

func answerSteady(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	b := start(t, setup{connections: "read_timeout: 2s, response_timeout: 1s"}, o)
	c := b.dial()
	c.send(get(""))
	oc := o.accept()
	oc.request()
	oc.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
	for range 8 { // 4 s in all
		oc.silentFor(500 * time.Millisecond)
		oc.send("x")
	}
	if m := c.wants(200); m.body != "xxxxxxxx" {
		t.Fatalf("client got %q", m.body)
	}
}

func oneRefuses(t *testing.T) {
	t.Parallel()
	deviates(t, "retries on the same server, and then on another only if told")
	o := newOrigin(t)
	o.serve(echo)
	b := start(t, setup{connections: soon}, refusing(t), o)
	for range 10 { // what was not sent may be sent elsewhere, whatever it is
		c := b.dial()
		c.send(post("Content-Length: 5\r\n", "hello") + get("Connection: close\r\n"))
		if m := c.wants(200); m.body != "POST / hello" {
			t.Fatalf("client got %q", m.body)
		}
		c.wants(200)
	}
}

// RFC 9110 §10.2.3.
func TestRow51AllBackendsUnavailable(t *testing.T) {
	t.Parallel()
	const busy = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy"
	const clients = 20
	origins := []*origin{newOrigin(t), newOrigin(t), newOrigin(t)}
	attempts := make(chan struct{}, 10*clients)
	for _, o := range origins {
		o.serve(func(message) string {
			attempts <- struct{}{}
			return busy
		})
	}
	b := start(t, setup{}, origins...)
	for range clients {
		c := b.dial()
		c.send(get("Connection: close\r\n"))
		if m := c.wants(503); m.value("Retry-After") != "7" || m.body != "busy" {
			t.Fatalf("client got %q with %q", m.fields, m.body)
		}
	}
	if n := len(attempts); n < clients || n > 2*clients {
		t.Errorf("%d requests became %d attempts", clients, n)
	}
}
