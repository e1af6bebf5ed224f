package main

import (
	"log/slog"
	"math/rand/v2"
	"net/http"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/proxy"
	"github.com/lbctl/lbctl/proxy/admin"
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
func newAdmin(e engine, reload func() error, log *slog.Logger) http.Handler {
	return admin.New(admin.Options{Engine: e, Reload: reload, Version: moduleVersion(), Logger: log})
}
