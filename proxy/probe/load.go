package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/orca"
)

// loadAgent is the User-Agent of load probes, by which access logs can leave them out.
const loadAgent = "lbctl-load"

// Limits of a LoadClient.
const (
	MaxLoadProbes = 256 // at a time, waits for idleness included
	MaxKeptLoads  = 16  // idle connections that are kept
)

// ErrBusy says that a load probe was not made because MaxLoadProbes are out: the
// backend answers too late to be of use.
var ErrBusy = errors.New("as many load probes as allowed are waiting for an answer")

// LoadClient asks a backend for its load, over kept connections. Have one for each
// backend, and Close it when the backend is gone. Any goroutine may call it.
//
// The answer is a status of 2xx with a report as package orca reads it, in the header or else in
// the body.
type LoadClient struct {
	path, waitPath string
	conns          loadConns
}

// NewLoadClient returns a client that asks by GET at path, which may hold a query. The error is a path that cannot be sent.
func NewLoadClient(path string) (*LoadClient, error) {
	u, err := url.ParseRequestURI(path)
	if err != nil || u.Host != "" || u.Scheme != "" {
		return nil, fmt.Errorf(`probe: expected a path like "/load"; got %q`, path)
	}
	c := &LoadClient{path: u.RequestURI()}
	c.waitPath = c.path + "?" + waitQuery
	if strings.Contains(c.path, "?") {
		c.waitPath = c.path + "&" + waitQuery
	}
	return c, nil
}

// waitQuery asks the load endpoint to answer no sooner than the backend is idle.
const waitQuery = "wait=idle"

// Ask returns what t says of its load now.
func (c *LoadClient) Ask(ctx context.Context, t Target) (lb.Report, error) {
	return c.ask(ctx, t, c.path)
}

// WaitIdle is a long poll: it asks t to answer once it is idle, and returns what it says then.
//
// A backend that is idle already answers at once, and so does, idle or not, one that does not know the
// query. So ask again only after the backend was given something to do, and not right after a
// report that is not Idle.
func (c *LoadClient) WaitIdle(ctx context.Context, t Target) (lb.Report, error) {
	return c.ask(ctx, t, c.waitPath)
}

// Close closes the kept connections, and those in use as soon as they have their answer.
func (c *LoadClient) Close() { c.conns.close() }

func (c *LoadClient) ask(ctx context.Context, t Target, path string) (lb.Report, error) {
	if !c.conns.enter() {
		return lb.Report{}, ErrBusy
	}
	defer c.conns.leave()

	if conn := c.conns.take(t); conn != nil {
		// The backend may have closed a kept connection meanwhile (RFC 9112 §9.3.1).
		if rep, err := c.exchange(ctx, conn, path); !errors.Is(err, errStale) {
			return rep, err
		}
	}
	raw, err := t.dial(ctx)
	if err != nil {
		return lb.Report{}, err
	}
	return c.exchange(ctx, newLoadConn(raw, t), path)
}

// exchange asks over conn, which is then kept or closed.
func (c *LoadClient) exchange(ctx context.Context, conn *loadConn, path string) (lb.Report, error) {
	rep, reusable, err := conn.exchange(ctx, path)
	if reusable {
		c.conns.keep(conn)
	} else {
		conn.raw.Close()
	}
	return rep, err
}

// readReport reads the report out of an answer, and its body to the end if that is not far.
func readReport(answer *http.Response) (lb.Report, error) {
	body, err := io.ReadAll(io.LimitReader(answer.Body, orca.MaxBytes))
	if err != nil {
		return lb.Report{}, explain("no whole answer", err)
	}
	if answer.StatusCode/100 != 2 {
		return lb.Report{}, fmt.Errorf("status %d, expected 200", answer.StatusCode)
	}
	text := body
	if carried := answer.Header.Get(orca.Header); carried != "" {
		text = []byte(carried)
	}
	rep, ok := orca.Parse(text)
	if !ok {
		return lb.Report{}, fmt.Errorf("no load report in the answer: %.64q", text)
	}
	return rep, nil
}
