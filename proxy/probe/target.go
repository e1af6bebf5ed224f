package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// Prober carries one kind of health probe out. Any goroutine may call it.
type Prober interface {
	// Probe returns nil if t is healthy, and otherwise why not, in one line. The end of ctx
	// ends it, with an error that wraps context.DeadlineExceeded, another time-out, or context.Canceled.
	Probe(ctx context.Context, t Target) error
}

// Target is where to probe.
type Target struct {
	Network string      // "tcp" or "unix", as net.Dial takes it
	Address string      // "127.0.0.1:80", "[::1]:80", or a path
	Host    string      // host or host:port for Host, :authority and, without its port, SNI; "" means Address ("localhost" on a Unix socket)
	TLS     *tls.Config // nil: no TLS. Its ServerName, when set, goes before Host's
}

// authority returns what the target is called in requests.
func (t Target) authority() string {
	switch {
	case t.Host != "":
		return t.Host
	case t.Network == "unix":
		return "localhost"
	}
	return t.Address
}

func (t Target) scheme() string {
	if t.TLS != nil {
		return "https"
	}
	return "http"
}

// hostPort is authority with a port, which connections of net/http have to have. Nothing
// is dialled by it, but SNI is what stands before the port.
func (t Target) hostPort() string {
	a := t.authority()
	if _, _, err := net.SplitHostPort(a); err == nil {
		return a
	}
	if len(a) > 1 && a[0] == '[' && a[len(a)-1] == ']' {
		a = a[1 : len(a)-1]
	}
	return net.JoinHostPort(a, "0")
}

// dial opens a connection to t for HTTP/1.1, with the TLS handshake done if t has TLS.
func (t Target) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, t.Network, t.Address)
	if err != nil {
		return nil, explain("no connection", err)
	}
	if t.TLS == nil {
		return conn, nil
	}
	config := t.TLS.Clone()
	config.NextProtos = []string{"http/1.1"}
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(t.hostPort())
	}
	session := tls.Client(conn, config)
	if err := session.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, explain("no TLS session", err)
	}
	return session, nil
}

// connect opens the only connection for one HTTP exchange with t.
func (t Target) connect(ctx context.Context, p *http.Protocols) (*http.ClientConn, error) {
	transport := t.transport(p)
	conn, err := transport.NewClientConn(ctx, t.scheme(), t.hostPort())
	if err != nil {
		return nil, explain("no connection", err)
	}
	return conn, nil
}

func (t Target) transport(p *http.Protocols) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, t.Network, t.Address)
		},
		TLSClientConfig:        t.TLS,
		Protocols:              p,
		DisableCompression:     true,
		MaxResponseHeaderBytes: MaxHead,
	}
}

// MaxHead bounds the head of an HTTP answer to a probe, in bytes.
const MaxHead = 64 << 10

// explain says what did not come about, and why.
func explain(what string, err error) error {
	if isLate(err) {
		return &lateError{what: what, err: err}
	}
	return fmt.Errorf("%s: %w", what, err)
}

// isLate says whether err, or what it wraps, is a deadline that passed.
func isLate(err error) bool {
	var timed net.Error
	return errors.As(err, &timed) && timed.Timeout()
}

// lateError is something that did not come in time. What it wraps names the layer that noticed, which
// is chance, and so is not printed.
type lateError struct {
	what string
	err  error
}

func (e *lateError) Error() string { return e.what + " in time" }
func (e *lateError) Unwrap() error { return e.err }
