package main

import (
	"errors"
	"log/slog"

	"github.com/lbctl/lbctl/config/serve"
)

// newEngine returns the proxy for a configuration.
func newEngine(*serve.Config, *slog.Logger) (engine, error) {
	return nil, errors.New("this build has no proxy")
}
