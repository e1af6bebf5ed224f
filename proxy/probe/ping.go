package probe

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/netip"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// Ping returns a prober that sends an ICMP echo request (RFC 792, RFC 4443 §4.1) to the target's host and waits for
// the reply. It shows that the host is there, and nothing of what runs on it.
//
// The error says that this system lets the process send none over IPv4 or IPv6, and what can
// be done about it.
func Ping() (Prober, error) { return newPing(openICMP) }

func openICMP(network, address string) (packetConn, error) {
	return icmp.ListenPacket(network, address)
}

// packetConn is what a ping needs of an ICMP socket.
type packetConn interface {
	ReadFrom(b []byte) (int, net.Addr, error)
	WriteTo(b []byte, to net.Addr) (int, error)
	SetDeadline(t time.Time) error
	Close() error
}

// family is how echo requests are sent over one version of IP.
type family struct {
	network, local string // of the socket
	datagram       bool   // the socket is unprivileged: the kernel numbers and demultiplexes
	proto          int    // IANA protocol number, for parsing
	echo, reply    icmp.Type
	refused        error // why no socket could be opened, or nil
}

type pinger struct {
	open   func(network, address string) (packetConn, error)
	v4, v6 family
}

func newPing(open func(network, address string) (packetConn, error)) (*pinger, error) {
	p := &pinger{
		open: open,
		v4:   family{local: "0.0.0.0", proto: 1, echo: ipv4.ICMPTypeEcho, reply: ipv4.ICMPTypeEchoReply},
		v6:   family{local: "::", proto: 58, echo: ipv6.ICMPTypeEchoRequest, reply: ipv6.ICMPTypeEchoReply},
	}
	p.try(&p.v4, "udp4", "ip4:icmp")
	p.try(&p.v6, "udp6", "ip6:ipv6-icmp")
	if p.v4.refused != nil && p.v6.refused != nil {
		return nil, fmt.Errorf("ping is not permitted to this process (%w): either widen sysctl net.ipv4.ping_group_range "+
			"to one of its groups, or give it CAP_NET_RAW, or take probe: {kind: tcp}", p.v4.refused)
	}
	return p, nil
}

// try finds the kind of socket that the system permits: the one that needs no privilege, or the raw one.
func (p *pinger) try(f *family, datagram, raw string) {
	for _, network := range []string{datagram, raw} {
		conn, err := p.open(network, f.local)
		if err == nil {
			conn.Close()
			f.network, f.datagram, f.refused = network, network == datagram, nil
			return
		}
		f.refused = err
	}
}

func (p *pinger) Probe(ctx context.Context, t Target) error {
	to, err := address(ctx, t)
	if err != nil {
		return err
	}
	f := &p.v6
	if to.Is4() {
		f = &p.v4
	}
	if f.refused != nil {
		return fmt.Errorf("ping is not permitted: %w", f.refused)
	}
	conn, err := p.open(f.network, f.local)
	if err != nil {
		return explain("no ICMP socket", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()

	err = newEcho().exchange(conn, f, to)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err() // it is what struck the deadline
	}
	if err != nil {
		return explain("no echo reply", err)
	}
	return nil
}

// address returns the IP address of t.
func address(ctx context.Context, t Target) (netip.Addr, error) {
	host, _, err := net.SplitHostPort(t.Address)
	if err != nil || t.Network == "unix" {
		return netip.Addr{}, fmt.Errorf("nothing to ping: %s is not an IP address", t.Address)
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap(), nil
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, explain("no address", err)
	}
	return found[0].Unmap(), nil
}

// address turns a into what the family's kind of socket takes.
func (f *family) address(a netip.Addr) net.Addr {
	if f.datagram {
		return &net.UDPAddr{IP: a.AsSlice(), Zone: a.Zone()}
	}
	return &net.IPAddr{IP: a.AsSlice(), Zone: a.Zone()}
}

// source is the inverse of address.
func source(from net.Addr) netip.Addr {
	var ip net.IP
	switch from := from.(type) {
	case *net.UDPAddr:
		ip = from.IP
	case *net.IPAddr:
		ip = from.IP
	}
	a, _ := netip.AddrFromSlice(ip)
	return a.Unmap()
}

// echo is one echo request. A raw socket sees every ICMP message that the host gets, so the reply is
// told by a random payload, which nobody off the path can guess either.
type echo struct {
	id, seq int
	payload [16]byte
}

func newEcho() *echo {
	var e echo
	rand.Read(e.payload[:])
	e.id, e.seq = int(e.payload[0])<<8|int(e.payload[1]), 1
	return &e
}

func (e *echo) request(f *family) []byte {
	m := icmp.Message{Type: f.echo, Body: &icmp.Echo{ID: e.id, Seq: e.seq, Data: e.payload[:]}}
	b, err := m.Marshal(nil) // the kernel sets the checksum of ICMPv6
	if err != nil {
		panic("probe: echo request: " + err.Error())
	}
	return b
}

// exchange sends the request and returns when its reply has come, or the connection's deadline strikes.
func (e *echo) exchange(conn packetConn, f *family, to netip.Addr) error {
	if _, err := conn.WriteTo(e.request(f), f.address(to)); err != nil {
		return err
	}
	return e.await(conn, f, to)
}

// await reads until the reply comes from the given address.
func (e *echo) await(conn packetConn, f *family, from netip.Addr) error {
	buf := make([]byte, 256) // longer messages are cut, and not ours
	for {
		n, peer, err := conn.ReadFrom(buf)
		if err != nil {
			return err
		}
		if source(peer) == from.WithZone("") && e.isReply(f, buf[:n]) {
			return nil
		}
	}
}

func (e *echo) isReply(f *family, b []byte) bool {
	m, err := icmp.ParseMessage(f.proto, b)
	if err != nil || m.Type != f.reply {
		return false
	}
	got, ok := m.Body.(*icmp.Echo)
	return ok && got.Seq == e.seq && bytes.Equal(got.Data, e.payload[:]) &&
		(f.datagram || got.ID == e.id) // of a datagram socket the kernel sets, and checks, the ID
}
