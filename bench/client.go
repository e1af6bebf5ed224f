package bench

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/lbctl/lbctl/fakebackends"
	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

// client makes requests as the scenario's clients do: it gives up at a deadline and tries again after a failure.
// To vegeta it is the transport (http.RoundTripper) that carries a request, all tries included, out.
type client struct {
	model    *scenarios.Model
	retries  scenarios.Retries
	schedule schedule
	grace    time.Duration // a try is waited for so much longer than it may take
	clock    clock
	over     context.Context // done: the run is over, whatever has not ended has not finished
	base     http.RoundTripper
	journal  *journal
	visits   *visits
	refusals *refusals
	sent     []time.Duration // how late, by number
	path     []time.Duration // what a request took beyond its service, by number; 0: not known
}

// RoundTrip makes request n, which its header names, and journals how it ended.
func (c *client) RoundTrip(req *http.Request) (*http.Response, error) {
	n, err := strconv.ParseUint(req.Header.Get(fakebackends.RequestHeader), 10, 64)
	if err != nil || n >= uint64(len(c.schedule)) {
		return nil, errors.New("bench: a request without its number")
	}
	start := c.schedule[n]
	c.sent[n] = max(0, c.clock.now().Sub(start))
	deadline := lb.Never
	if d := c.model.Request(n).Deadline; d > 0 {
		deadline = start.Add(d)
	}
	at, how, tries := c.make(req, n, deadline)
	c.journal.add(entry{at: max(at, start), note: noteEnd, start: start, ending: how, retries: uint8(tries)})
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: req}, nil
}

// giveUp ends the requests from number n on, which could not even be sent before the run was over.
func (c *client) giveUp(n uint64) {
	now := c.clock.now()
	for ; n < uint64(len(c.schedule)); n++ {
		start := c.schedule[n]
		c.sent[n] = max(0, now.Sub(start))
		c.journal.add(entry{at: max(now, start), note: noteEnd, start: start, ending: measure.Unfinished})
	}
}

// make tries until a try succeeds, no further one is allowed, or the deadline has come. It returns when and how
// the request ended, and after how many retries.
func (c *client) make(req *http.Request, n uint64, deadline lb.Time) (at lb.Time, how measure.Ending, retries int) {
	for due, try := c.schedule[n], 0; ; try++ {
		at, how = c.try(req, n, try, c.limit(due, deadline))
		if how == measure.OK || how == measure.Unfinished || at >= deadline || try >= c.retries.Max || !c.retries.On[how] {
			return at, how, try
		}
		due = at.Add(c.model.Backoff(n, try+1))
		if !c.clock.waitUntil(c.over, due.Min(deadline)) {
			return c.clock.now(), measure.Unfinished, try
		}
		if due >= deadline {
			return deadline, measure.TimedOut, try
		}
	}
}

// limit returns until when a try that is due may take.
func (c *client) limit(due, deadline lb.Time) lb.Time {
	if d := c.retries.AttemptTimeout; d > 0 {
		return deadline.Min(due.Add(d))
	}
	return deadline
}

// try makes one attempt, and returns when and how it ended. One that takes too long ended when its time was up.
func (c *client) try(req *http.Request, n uint64, try int, limit lb.Time) (at lb.Time, how measure.Ending) {
	status, signed, err := c.exchange(req, try, limit)
	at = c.clock.now()
	seen, picked := c.visits.take(visitKey{n, try})
	how = c.judge(status, signed, picked, err)
	if at >= limit && how != measure.Unfinished || how == measure.TimedOut {
		at, how = at.Min(limit), measure.TimedOut
	}
	if how == measure.Refused && !picked {
		seen.backend = c.refusals.backend(at)
		if picked = seen.backend >= 0; picked {
			c.journal.add(entry{at: at, note: noteAttempt, backend: int32(seen.backend)})
		}
	}
	switch {
	case how == measure.OK && try == 0 && seen.service > 0:
		c.path[n] = at.Sub(c.schedule[n]) - seen.service
	case how != measure.OK && how != measure.Unfinished && picked:
		c.journal.add(entry{at: at, note: noteFailure, backend: int32(seen.backend)})
	}
	return at, how
}

// exchange sends a request and reads its answer; signed says that a backend gave it.
func (c *client) exchange(req *http.Request, try int, limit lb.Time) (status int, signed bool, err error) {
	ctx := c.over
	if limit != lb.Never {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, c.clock.wall(limit.Add(c.grace)))
		defer cancel()
	}
	req = req.WithContext(ctx)
	if try > 0 {
		req.Header = req.Header.Clone()
		req.Header.Set(fakebackends.AttemptHeader, strconv.Itoa(try))
	}
	resp, err := c.base.RoundTrip(req)
	if err != nil {
		return 0, false, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Header.Get(fakebackends.BackendHeader) != "", err
}

// judge says how an attempt ended; arrived: a backend has seen it.
func (c *client) judge(status int, signed, arrived bool, err error) measure.Ending {
	switch {
	case err == nil:
		return verdict(status, signed, arrived)
	case c.over.Err() != nil:
		return measure.Unfinished
	case errors.Is(err, context.DeadlineExceeded):
		return measure.TimedOut
	case errors.Is(err, syscall.ECONNREFUSED):
		return measure.Refused
	}
	return measure.Reset
}

// verdict says how an attempt ended by the status of its answer: signed by a backend, or the balancer's own. Of the
// balancer's own a 502 says that it lost the backend, if that had got the request, or else could not reach it.
func verdict(status int, signed, arrived bool) measure.Ending {
	switch {
	case status >= 200 && status < 400 && (signed || arrived): // else it is somebody else's answer
		return measure.OK
	case status == http.StatusServiceUnavailable && signed:
		return measure.Rejected
	case signed:
		return measure.Failed
	case status == http.StatusGatewayTimeout:
		return measure.TimedOut
	case status == http.StatusServiceUnavailable:
		return measure.NoBackend
	case status == http.StatusBadGateway && arrived:
		return measure.Reset
	case status == http.StatusBadGateway:
		return measure.Refused
	}
	return measure.Failed
}
