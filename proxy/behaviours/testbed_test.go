package behaviours_test

import (
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lbctl/lbctl/config/serve"
)

var peer = flag.String("peer", "lbctl", "proxy that the tests run against: lbctl, or haproxy, which must be installed")

// parallel is how many tests run at once, by peer: most of them wait most of the time, but
// for haproxy each starts a process.
var parallel = map[string]string{"lbctl": "16", "haproxy": "4"}

func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue && parallel[*peer] != "" {
		_ = f.Value.Set(parallel[*peer])
	}
	os.Exit(m.Run())
}

// testbed is a proxy that runs.
type testbed struct {
	t *testing.T
	running
}

// running is what tests need of a proxy.
type running interface {
	addr(listener string) net.Addr
	outcomes() (o outcomes, known bool)
}

// outcomes counts how attempts ended, as policies and statistics see it.
type outcomes struct {
	success, canceled, failed int
	inFlight                  int
	busy                      int // connections to backends that are not idle
}

// blames waits for the proxy to have counted exactly want: who failed must be blamed, and nobody else.
func (b *testbed) blames(want outcomes) {
	b.t.Helper()
	b.counts(fmt.Sprintf("%+v", want), func(got outcomes) bool { return got == want })
}

// blamesNobody waits until nothing is in flight, and wants no attempt to have failed.
func (b *testbed) blamesNobody() {
	b.t.Helper()
	b.counts("none failed", func(got outcomes) bool { return got.inFlight == 0 && got.busy == 0 && got.failed == 0 })
}

func (b *testbed) counts(want string, good func(outcomes) bool) {
	b.t.Helper()
	for limit := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		got, known := b.outcomes()
		switch {
		case !known || good(got):
			return
		case time.Now().After(limit):
			b.t.Fatalf("the proxy counts %+v, expected %s", got, want)
		}
	}
}

// setup is a server file of one listener and one pool, in parts: each is the inside of a flow mapping.
type setup struct {
	listener    string // further keys of the listener
	limits      string
	routes      string // the inside of a flow sequence
	pool        string // further keys of the pool
	connections string
	more        string // further pools, each with a comma before it
}

// yaml returns the file, with o as the backends of its pool "web". The policy is round_robin, and nothing is probed.
func (s setup) yaml(o ...*origin) string {
	var urls []string
	for _, o := range o {
		urls = append(urls, fmt.Sprintf("%q", o.url()))
	}
	listener := `address: "127.0.0.1:0"`
	if strings.Contains(s.listener, "address:") {
		listener = s.listener
	} else if s.listener != "" {
		listener += ", " + s.listener
	}
	pool := ""
	if s.pool != "" {
		pool = ", " + s.pool
	}
	return fmt.Sprintf(`
listeners: [{name: web, %s, limits: {%s}}]
routes: [%s]
pools: [{name: web, backends: [%s], pool: {policy: round_robin, health: {enabled: false}}, connections: {%s}%s}%s]
admin: "off"
watch: false
`, listener, s.limits, s.routes, strings.Join(urls, ", "), s.connections, pool, s.more)
}

// start runs a proxy before o.
func start(t *testing.T, s setup, o ...*origin) *testbed {
	t.Helper()
	return startFile(t, s.yaml(o...))
}

// startFile runs a proxy with a server file.
func startFile(t *testing.T, yaml string) *testbed {
	t.Helper()
	cfg := load(t, yaml)
	switch *peer {
	case "lbctl":
		return &testbed{t, startLbctl(t, cfg)}
	case "haproxy":
		return &testbed{t, startHAProxy(t, cfg)}
	}
	t.Fatalf("-peer: expected lbctl or haproxy, got %q", *peer)
	return nil
}

func load(t *testing.T, yaml string) *serve.Config {
	t.Helper()
	cfg, err := serve.Load(filepath.Join(t.TempDir(), "lbctl.yaml"), []byte(yaml))
	if err != nil {
		t.Fatalf("%v\n%s", err, yaml)
	}
	return cfg
}

// in is the same proxy for a subtest.
func (b *testbed) in(t *testing.T) *testbed { return &testbed{t, b.running} }

// dial connects a client.
func (b *testbed) dial() *conn {
	b.t.Helper()
	return b.dialTo("web")
}

func (b *testbed) dialTo(listener string) *conn {
	b.t.Helper()
	c, err := b.connect(listener)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = c.Close() })
	return c
}

// connect is dialTo for any goroutine; who calls it closes the connection.
func (b *testbed) connect(listener string) (*conn, error) {
	a := b.addr(listener)
	nc, err := net.DialTimeout(a.Network(), a.String(), patience)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: nc, t: b.t, who: "client"}, nil
}

// clean sends a flawless request on a new connection, and wants O to get it, and nothing else, on a
// new connection of its own, and its answer to come back: the proxy works, and nothing of what was
// sent before has been left behind to meet this request. It returns what O got on connections
// that were made before and not taken by the test; the proxy must have closed those.
func (b *testbed) clean(o *origin) (before []string) {
	b.t.Helper()
	c := b.dial()
	defer c.Close()
	const line = "GET /clean HTTP/1.1"
	c.send(line + "\r\nHost: clean.test\r\n\r\n")
	for {
		oc := o.accept()
		first, err := oc.readThrough("\r\n")
		if err != nil && !isEnd(err) {
			b.t.Fatal(err)
		}
		if first != line+"\r\n" {
			all, _ := oc.rest()
			before = append(before, first+all)
			continue
		}
		if got, err := oc.readThrough("\r\n\r\n"); err != nil || len(oc.got) > 0 || !strings.Contains(got, "clean.test") {
			b.t.Fatalf("O got %s, then %s: %v", short(line+"\r\n"+got), short(string(oc.got)), err)
		}
		oc.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nclean")
		_ = oc.Close()
		if m := c.answer(); m.status() != 200 || m.body != "clean" {
			b.t.Fatalf("a clean request was answered with %q and %s", m.start, short(m.body))
		}
		o.untouched()
		return before
	}
}

// unseen is clean, and wants O to have got nothing before.
func (b *testbed) unseen(o *origin) {
	b.t.Helper()
	for _, got := range b.clean(o) {
		b.t.Errorf("O got %s, expected nothing", short(got))
	}
}

// deviates skips a test that haproxy decides otherwise, for a reason.
func deviates(t *testing.T, why string) {
	t.Helper()
	if *peer == "haproxy" {
		t.Skip("haproxy " + why)
	}
}
