package behaviours_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Nobody may ever get a byte of somebody else's answer, whatever clients and backends do to their connections:
// clients leave in the middle, pipeline and split their requests; backends close, reset, cut answers short, answer
// early and send more than they should. What is asked and answered carries a name, so that each byte can be told.
func TestNoCrosstalk(t *testing.T) {
	t.Parallel()
	deviates(t, "2.6.12 fails this: it answers a pipelined request behind an answer that its server has cut short")
	const clients, rounds = 8, 150
	o := newOrigin(t)
	b := start(t, setup{connections: "response_timeout: 2s"}, o)
	go func() {
		for n := uint64(0); ; n++ {
			nc, ok := <-o.accepted
			if !ok {
				return
			}
			go (&rude{conn: &conn{Conn: nc, t: t, who: "O"}, luck: rand.New(rand.NewPCG(1, n))}).serve()
		}
	}()
	var whole atomic.Int64
	var done sync.WaitGroup
	for i := range clients {
		done.Go(func() {
			luck := rand.New(rand.NewPCG(2, uint64(i)))
			for round := range rounds {
				c, err := b.connect("web")
				if err != nil {
					t.Error(err)
					return
				}
				whole.Add(int64(c.converse(fmt.Sprintf("%d.%d", i, round), luck)))
			}
		})
	}
	done.Wait()
	if n := whole.Load(); n < clients*rounds/4 {
		t.Errorf("%d answers came whole, of some %d requests", n, 2*clients*rounds)
	}
	b.counts("nothing in flight", func(got outcomes) bool { return got.inFlight == 0 && got.busy == 0 })
}

// rude is an origin's connection that misbehaves now and then.
type rude struct {
	*conn
	luck *rand.Rand
}

func (r *rude) serve() {
	defer r.Close()
	for {
		m, err := r.readHead()
		if err != nil {
			return
		}
		id := m.value("X-Id")
		early := r.luck.IntN(10) == 0
		if !early && (r.readBody(&m) != nil || m.body != "" && m.body != bodyOf(id, len(m.body))) {
			if !strings.HasPrefix(bodyOf(id, len(m.body)), m.body) {
				r.t.Errorf("O got %s in the request %s", short(m.body), id)
			}
			return
		}
		body := bodyOf(id, r.luck.IntN(3)*r.luck.IntN(40_000))
		answer := fmt.Sprintf("HTTP/1.1 200 OK\r\nX-Id: %s\r\nContent-Length: %d\r\n\r\n%s", id, len(body), body)
		if r.luck.IntN(2) == 0 && len(body) > 0 {
			answer = fmt.Sprintf("HTTP/1.1 200 OK\r\nX-Id: %s\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", id, chunked, len(body), body)
		}
		switch r.luck.IntN(12) {
		case 0:
			return
		case 1:
			r.reset()
			return
		case 2:
			r.offer(answer[:r.luck.IntN(len(answer))])
			return
		case 3:
			answer += ok("nobody's")
		case 4:
			answer = "HTTP/1.1 103 Early Hints\r\nLink: " + id + "\r\n\r\n" + answer
		case 5:
			answer = strings.Replace(answer, "\r\n", "\r\nConnection: close\r\n", 1)
		}
		for answer != "" { // in pieces
			n := min(len(answer), 1+r.luck.IntN(30_000))
			if r.write(answer[:n]) != nil {
				return
			}
			answer = answer[n:]
		}
		if early {
			return
		}
	}
}

// converse sends a few requests, all at once or one after another, and reads their answers, or leaves. It returns
// how many answers came whole.
func (c *conn) converse(name string, luck *rand.Rand) (whole int) {
	defer c.Close()
	n := 1 + luck.IntN(3)
	var ids []string
	var all strings.Builder
	for i := range n {
		id := fmt.Sprintf("%s.%d", name, i)
		ids = append(ids, id)
		body := bodyOf(id, luck.IntN(3)*luck.IntN(20_000))
		switch luck.IntN(3) {
		case 0:
			all.WriteString(get("X-Id: " + id + "\r\n"))
		case 1:
			all.WriteString(post(fmt.Sprintf("X-Id: %s\r\nContent-Length: %d\r\n", id, len(body)), body))
		default:
			if body == "" {
				body = bodyOf(id, 1)
			}
			all.WriteString(post("X-Id: "+id+"\r\n"+chunked, fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)))
		}
	}
	send := all.String()
	leaves := luck.IntN(8) == 0
	if leaves {
		send = send[:luck.IntN(len(send))]
	}
	cuts := luck.IntN(4)
	for range cuts {
		k := luck.IntN(len(send) + 1)
		c.offer(send[:k])
		send = send[k:]
	}
	c.offer(send)
	if leaves && luck.IntN(2) == 0 {
		return 0
	}
	if luck.IntN(8) == 0 {
		c.closeWriteIfOpen()
	} else if leaves {
		return 0
	}
	for _, id := range ids {
		m, err := c.readAnswer("GET")
		for _, hint := range m.interim {
			if hint.status() == 103 && hint.value("Link") != id {
				c.t.Errorf("%s got a hint for %s", id, hint.value("Link"))
			}
		}
		if m.status() == 200 && (m.value("X-Id") != id || !strings.HasPrefix(bodyOf(id, len(m.body)), m.body)) {
			c.t.Errorf("%s got the answer to %q, with %s", id, m.values("X-Id"), short(m.body))
		}
		if err != nil || m.status() != 200 && m.status() != 502 {
			if err != nil && !isEnd(err) {
				c.t.Errorf("%s: %v", id, err)
			}
			return whole
		}
		whole++
	}
	return whole
}

func (c *conn) closeWriteIfOpen() {
	_ = c.Conn.(interface{ CloseWrite() error }).CloseWrite()
}

// bodyOf is a body of n bytes that cannot be taken for another's.
func bodyOf(id string, n int) string {
	return strings.Repeat("<"+id+">", n/(len(id)+2)+1)[:n]
}
