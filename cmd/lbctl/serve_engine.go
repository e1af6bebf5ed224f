package main

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/lbctl/lbctl/config/serve"
)

// newEngine returns the proxy for a configuration.
func newEngine(*serve.Config, *slog.Logger) (engine, error) {
	return nil, errors.New("this build has no proxy")
}

// newAdmin returns what the admin listener answers with.
func newAdmin(engine, func() error) http.Handler { return http.NotFoundHandler() }
