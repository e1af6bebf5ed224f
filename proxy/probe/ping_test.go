package probe

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
)

func TestPing(t *testing.T) {
	p, err := Ping()
	if err != nil {
		t.Skip(err)
	}
	addresses := []string{"127.0.0.1:80", "[::ffff:127.0.0.1]:80"}
	if l, err := net.Listen("tcp6", "[::1]:0"); err == nil {
		l.Close()
		addresses = append(addresses, "[::1]:80")
	}
	for _, address := range addresses {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if err := p.Probe(ctx, Target{Network: "tcp", Address: address}); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestPingNotPermitted(t *testing.T) {
	denied := os.NewSyscallError("socket", syscall.EPERM)
	_, err := newPing(func(network, _ string) (packetConn, error) { return nil, denied })
	if !errors.Is(err, syscall.EPERM) {
		t.Fatalf("got %v", err)
	}
	for _, choice := range []string{"net.ipv4.ping_group_range", "CAP_NET_RAW", "probe: {kind: tcp}"} {
		if !strings.Contains(err.Error(), choice) {
			t.Errorf("%q does not name %s", err, choice)
		}
	}
}

// TestPingSockets: the socket that needs no privilege goes first, and one family is enough.
func TestPingSockets(t *testing.T) {
	for _, c := range []struct {
		permitted, v4, v6 string
	}{
		{"udp4 udp6 ip4:icmp ip6:ipv6-icmp", "udp4", "udp6"},
		{"ip4:icmp ip6:ipv6-icmp", "ip4:icmp", "ip6:ipv6-icmp"},
		{"udp4", "udp4", ""},
	} {
		p, err := newPing(func(network, _ string) (packetConn, error) {
			if strings.Contains(c.permitted, network) {
				return &fakeICMP{}, nil
			}
			return nil, syscall.EACCES
		})
		if err != nil {
			t.Fatal(err)
		}
		if p.v4.network != c.v4 || p.v6.network != c.v6 {
			t.Errorf("with %s: %q and %q, want %q and %q", c.permitted, p.v4.network, p.v6.network, c.v4, c.v6)
		}
		if c.v6 != "" {
			continue
		}
		if err := p.Probe(t.Context(), Target{Network: "tcp", Address: "[::1]:80"}); err == nil || !strings.Contains(err.Error(), "not permitted") {
			t.Errorf("IPv6 without a socket for it: %v", err)
		}
	}
}

// TestPingReply: of all that a raw socket hears, only the reply to this request counts.
func TestPingReply(t *testing.T) {
	here, elsewhere := &net.IPAddr{IP: net.IPv4(127, 0, 0, 1)}, &net.IPAddr{IP: net.IPv4(127, 0, 0, 2)}
	reply := func(edit func(*icmp.Message, *icmp.Echo)) func([]byte) []byte {
		return func(request []byte) []byte {
			m, err := icmp.ParseMessage(1, request)
			if err != nil {
				t.Fatal(err)
			}
			m.Type = ipv4.ICMPTypeEchoReply
			edit(m, m.Body.(*icmp.Echo))
			b, err := m.Marshal(nil)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	for _, c := range []struct {
		name string
		from net.Addr
		make func([]byte) []byte
		ok   bool
	}{
		{"reply", here, reply(func(*icmp.Message, *icmp.Echo) {}), true},
		{"own request", here, func(b []byte) []byte { return b }, false},
		{"from elsewhere", elsewhere, reply(func(*icmp.Message, *icmp.Echo) {}), false},
		{"other id", here, reply(func(_ *icmp.Message, e *icmp.Echo) { e.ID++ }), false},
		{"other number", here, reply(func(_ *icmp.Message, e *icmp.Echo) { e.Seq++ }), false},
		{"other payload", here, reply(func(_ *icmp.Message, e *icmp.Echo) { e.Data[3]++ }), false},
		{"unreachable", here, reply(func(m *icmp.Message, e *icmp.Echo) {
			m.Type, m.Body = ipv4.ICMPTypeDestinationUnreachable, &icmp.DstUnreach{Data: e.Data}
		}), false},
		{"rubbish", here, func([]byte) []byte { return []byte{0} }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := newPing(func(network, _ string) (packetConn, error) {
				if network != "ip4:icmp" {
					return nil, syscall.EACCES
				}
				return &fakeICMP{from: c.from, answer: c.make}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			err = p.Probe(t.Context(), Target{Network: "tcp", Address: "127.0.0.1:80"})
			if c.ok != (err == nil) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// fakeICMP answers the request with one message, after which its deadline is over.
type fakeICMP struct {
	from    net.Addr
	answer  func([]byte) []byte
	pending []byte
}

func (f *fakeICMP) WriteTo(b []byte, _ net.Addr) (int, error) {
	f.pending = f.answer(b)
	return len(b), nil
}

func (f *fakeICMP) ReadFrom(b []byte) (int, net.Addr, error) {
	if f.pending == nil {
		return 0, nil, os.ErrDeadlineExceeded
	}
	n := copy(b, f.pending)
	f.pending = nil
	return n, f.from, nil
}

func (*fakeICMP) SetDeadline(time.Time) error { return nil }
func (*fakeICMP) Close() error                { return nil }

// TestPingInTime: a host that does not reply ends the probe with its context. A raw socket on the loopback
// would reply, so the wait is a UDP socket's.
func TestPingInTime(t *testing.T) {
	open := func(network, _ string) (packetConn, error) {
		if network != "udp4" {
			return nil, syscall.EACCES
		}
		return net.ListenPacket("udp4", "127.0.0.1:0")
	}
	p, err := newPing(open)
	if err != nil {
		t.Fatal(err)
	}
	sink, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	p.open = func(network, local string) (packetConn, error) {
		c, err := open(network, local)
		return redirected{c, sink.LocalAddr()}, err
	}
	expiring := NewExpiring(t.Context())
	go func() {
		sink.ReadFrom(make([]byte, 1))
		expiring.Expire()
	}()
	err = p.Probe(expiring, Target{Network: "tcp", Address: "127.0.0.1:80"})
	if err == nil || err.Error() != "no echo reply in time" || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Probe(ctx, Target{Network: "tcp", Address: "127.0.0.1:80"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// redirected sends everything to one address.
type redirected struct {
	packetConn
	to net.Addr
}

func (r redirected) WriteTo(b []byte, _ net.Addr) (int, error) { return r.packetConn.WriteTo(b, r.to) }

func TestPingNeedsAnAddress(t *testing.T) {
	p, err := newPing(func(string, string) (packetConn, error) { return &fakeICMP{}, nil })
	if err != nil {
		t.Fatal(err)
	}
	err = p.Probe(t.Context(), Target{Network: "unix", Address: "/run/app.sock"})
	if want := "nothing to ping: /run/app.sock is not an IP address"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
