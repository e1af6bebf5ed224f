package main

import (
	"log/slog"
	"math/rand/v2"
	"net/http"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/proxy"
)

// newEngine returns the proxy for a configuration.
func newEngine(c *serve.Config, log *slog.Logger) (engine, error) {
	s, err := proxy.New(c, proxy.Options{Logger: log, Seed: rand.Uint64()})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// newAdmin returns what the admin listener answers with.
func newAdmin(engine, func() error) http.Handler { return http.NotFoundHandler() }
