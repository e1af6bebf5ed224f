package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/config/strict"
	"github.com/lbctl/lbctl/proxy/admin"
)

// engine is what lbctl serve needs of the proxy.
type engine interface {
	admin.Engine
	Start() error
	Addr(listener string) net.Addr
	Reload(cfg *serve.Config) error
	ReopenLog() error
	Shutdown(ctx context.Context) error
	Close() error
}

// supervisor runs one server: starts it, reloads it, stops it. One goroutine does all of it.
type supervisor struct {
	load         func() (*loaded, error)
	newEngine    func(cfg *serve.Config, log *slog.Logger) (engine, error)
	newAdmin     func(e engine, reload func() error, log *slog.Logger) http.Handler
	log          *slog.Logger
	notify       notifier
	hangups      <-chan os.Signal
	looks        <-chan time.Time // when to look whether the file has changed
	secondSignal func() (signals <-chan os.Signal, stop func())

	current *loaded
	watch   watcher
	engine  engine
	admin   adminListener
	asked   chan chan<- error // reloads that the admin listener wants, and where to tell how they went
	ended   chan struct{}     // closed once nobody listens to asked
}

// run serves until ctx ends.
func (sv *supervisor) run(ctx context.Context) error {
	var err error
	if sv.current, err = sv.load(); err != nil {
		return usage(err)
	}
	sv.watch.reset(sv.current.seen)
	sv.asked, sv.ended = make(chan chan<- error), make(chan struct{})
	if err := sv.start(); err != nil {
		return exitError{exitFailed, err}
	}
	defer sv.engine.Close()
	defer sv.admin.close()
	sv.announce()
	sv.notify.ready()
	for {
		select {
		case <-ctx.Done():
			return sv.stop(ctx)
		case <-sv.hangups:
			_ = sv.reload("SIGHUP") // it has been logged
			sv.reopenLog()
		case answer := <-sv.asked:
			answer <- sv.reload("the admin listener was asked to")
		case <-sv.looks:
			if c := sv.current; c.file != "" && c.Watch && sv.watch.changed(c) {
				_ = sv.reload("a file changed")
			}
		}
	}
}

// start makes the engine and lets it and the admin listener listen.
func (sv *supervisor) start() error {
	var err error
	if sv.engine, err = sv.newEngine(sv.current.Config, sv.log); err != nil {
		return err
	}
	sv.admin = adminListener{handler: sv.newAdmin(sv.engine, sv.askToReload, sv.log), log: sv.log}
	socket, err := sv.admin.prepare(sv.current.Admin.Address)
	if err == nil {
		err = sv.engine.Start()
	}
	if err != nil {
		socket.abandon()
		return errors.Join(err, sv.engine.Close())
	}
	sv.admin.commit(socket)
	return nil
}

// announce logs what runs.
func (sv *supervisor) announce() {
	c := sv.current
	for _, l := range c.Listeners {
		protocol := "http"
		if l.TLS != nil {
			protocol = "https"
		}
		sv.log.Info("listening", "listener", l.Name, "protocol", protocol, "address", fmt.Sprint(sv.engine.Addr(l.Name)))
	}
	for _, p := range c.Pools {
		sv.log.Info("balancing", "pool", p.Name, "policy", p.Pool.Policy.Use, "backends", len(p.Backends))
	}
	sv.log.Info("ready", "config", c.origin(), "admin", sv.admin.String())
}

// origin says where the configuration is from.
func (c *loaded) origin() string {
	if c.file == "" {
		return "command line"
	}
	return c.file
}

// reload loads the configuration anew. When that fails, what runs runs on, and the log says why.
func (sv *supervisor) reload(why string) error {
	sv.notify.reloading()
	defer sv.notify.ready()
	next, err := sv.replace()
	if err != nil {
		sv.watch.refuse()
		sv.refuse(why, err)
		return err
	}
	sv.current = next
	sv.watch.reset(next.seen)
	sv.log.Info("reloaded", "config", next.origin(), "because", why, "holds", serverSummary(next.Config))
	return nil
}

// replace puts a new configuration in place, all of it or nothing.
func (sv *supervisor) replace() (*loaded, error) {
	next, err := sv.load()
	var socket move
	if err == nil {
		socket, err = sv.admin.prepare(next.Admin.Address)
	}
	if err != nil {
		sv.engine.Metrics().Reloaded(false, time.Now())
		return nil, err
	}
	if err := sv.engine.Reload(next.Config); err != nil { // which counts itself
		socket.abandon()
		return nil, err
	}
	sv.admin.commit(socket)
	return next, nil
}

// reopenLog is for whoever rotates the access log: even where the configuration is refused.
func (sv *supervisor) reopenLog() {
	if err := sv.engine.ReopenLog(); err != nil {
		sv.log.Error("the access log cannot be opened again", "error", err)
	}
}

// askToReload reloads on behalf of another goroutine.
func (sv *supervisor) askToReload() error {
	answer := make(chan error, 1)
	select {
	case sv.asked <- answer:
		return <-answer
	case <-sv.ended:
		return errStopping
	}
}

var errStopping = errors.New("the server is stopping")

// refuse logs why a configuration was not taken, each mistake on a line of its own.
func (sv *supervisor) refuse(why string, err error) {
	var mistakes strict.Errors
	if !errors.As(err, &mistakes) {
		sv.log.Error("not reloaded: the old configuration runs on", "because", why, "error", err)
		return
	}
	for i, m := range mistakes {
		if i == strict.MaxErrors {
			break
		}
		sv.log.Error("not reloaded: the old configuration runs on", "because", why, "error", m)
	}
}

// stop lets requests finish: until drain_timeout, or another signal.
func (sv *supervisor) stop(ctx context.Context) error {
	close(sv.ended)
	signals, done := sv.secondSignal()
	defer done()
	sv.notify.stopping()
	limit := sv.current.DrainTimeout
	sv.log.Info("stopping", "because", context.Cause(ctx), "drain_timeout", limit)

	drain, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), limit, errDrainTimeout)
	defer cancel()
	finished := make(chan error, 1)
	go func() { finished <- sv.engine.Shutdown(drain) }()
	select {
	case err := <-finished:
		return sv.stopped(drain, err)
	case s := <-signals:
		sv.log.Warn("stopping at once", "because", s)
		cancel()
		<-finished
		again, end := context.WithCancelCause(context.Background())
		end(stopSignal{s})
		return stopped(again, fmt.Errorf("stopped at once by a second signal (%v)", s))
	}
}

var errDrainTimeout = errors.New("drain_timeout was over")

// stopped says how a stop without a second signal went.
func (sv *supervisor) stopped(drain context.Context, err error) error {
	switch {
	case err == nil:
		sv.log.Info("stopped")
		return nil
	case context.Cause(drain) == errDrainTimeout:
		return exitError{exitFailed, fmt.Errorf("requests were cut off: drain_timeout (%v) was over", sv.current.DrainTimeout)}
	}
	return exitError{exitFailed, err}
}
