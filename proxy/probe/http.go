package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// healthAgent is the User-Agent of health probes, by which access logs can leave them out.
const healthAgent = "lbctl-health"

// HTTPConfig says what a probe by an HTTP request sends and expects.
type HTTPConfig struct {
	Method  string   // "" means GET
	Path    string   // path and query, beginning with "/"
	Host    string   // in place of the target's, unless ""
	Status  Statuses // of a good answer; required
	Body    string   // what a good answer's body holds somewhere; "" takes any body, unread
	MaxBody int      // how much of the body is searched, bytes; 0 means MaxBody
}

// MaxBody is how much of an answer's body is searched unless HTTPConfig says otherwise, in bytes.
const MaxBody = 64 << 10

// Statuses is a set of final HTTP statuses, and how it is written.
type Statuses interface {
	Has(status int) bool
	String() string
}

// HTTP returns a prober that makes a request in HTTP/1.1. Redirects are
// answers like any other: they are not followed. The error is a Path or a Method that cannot be sent, or no Status.
func HTTP(c HTTPConfig) (Prober, error) {
	u, err := url.ParseRequestURI(c.Path)
	if err != nil || u.Host != "" || u.Scheme != "" {
		return nil, fmt.Errorf(`probe: expected a path like "/healthz"; got %q`, c.Path)
	}
	if c.Status == nil {
		return nil, errors.New("probe: the statuses of a good answer are missing")
	}
	if c.MaxBody == 0 {
		c.MaxBody = MaxBody
	}
	if _, err := http.NewRequest(c.Method, "/", nil); err != nil {
		return nil, fmt.Errorf("probe: expected a method like GET; got %q", c.Method)
	}
	return &httpProber{config: c, url: *u}, nil
}

type httpProber struct {
	config HTTPConfig
	url    url.URL // path and query
}

// http1Only keeps ALPN from agreeing on HTTP/2: the probe is to use what requests will use.
var http1Only = func() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	return p
}()

func (p *httpProber) Probe(ctx context.Context, t Target) error {
	conn, err := t.connect(ctx, http1Only)
	if err != nil {
		return err
	}
	defer conn.Close()

	answer, err := conn.RoundTrip(p.request(ctx, t))
	if err != nil {
		return explain("no answer", err)
	}
	defer answer.Body.Close()

	if c := &p.config; !c.Status.Has(answer.StatusCode) {
		return fmt.Errorf("status %d, expected %s", answer.StatusCode, c.Status)
	}
	return p.checkBody(answer.Body)
}

func (p *httpProber) request(ctx context.Context, t Target) *http.Request {
	host := p.config.Host
	if host == "" {
		host = t.authority()
	}
	u := p.url
	u.Scheme, u.Host = t.scheme(), t.hostPort()
	req := &http.Request{
		Method: p.config.Method,
		URL:    &u,
		Host:   host,
		Header: http.Header{"User-Agent": {healthAgent}},
		Close:  true,
	}
	return req.WithContext(ctx)
}

func (p *httpProber) checkBody(body io.Reader) error {
	want := []byte(p.config.Body)
	if len(want) == 0 {
		return nil
	}
	got, err := io.ReadAll(io.LimitReader(body, int64(p.config.MaxBody)))
	switch {
	case err != nil:
		return explain("no whole body", err)
	case bytes.Contains(got, want):
		return nil
	case len(got) == p.config.MaxBody:
		return fmt.Errorf("no %q in the first %d bytes of the body", want, len(got))
	}
	return fmt.Errorf("no %q in the body of %d bytes", want, len(got))
}
