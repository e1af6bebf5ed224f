package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/proxy/probe"
)

// plan is what a pool is to become. Making it can fail; carrying it out cannot.
type plan struct {
	conf   serve.Pool
	tls    *tls.Config // for https backends
	prober probe.Prober
}

func newPlan(conf serve.Pool) (plan, error) {
	p := plan{conf: conf}
	var err error
	if p.prober, err = newProber(conf); err != nil {
		return p, err
	}
	p.tls, err = backendTLS(conf.TLS)
	return p, err
}

func newProber(conf serve.Pool) (probe.Prober, error) {
	c := conf.Probe
	switch c.Kind {
	case "tcp":
		return probe.TCP(), nil
	case "grpc":
		return probe.GRPC(c.Service), nil
	case "ping":
		if !conf.Pool.Health.Enabled {
			return nil, nil
		}
		return probe.Ping()
	}
	return probe.HTTP(probe.HTTPConfig{Method: c.Method, Path: c.Path, Host: c.Host, Status: &c.Status, Body: c.Body})
}

// backendTLS returns how backends are verified. The name is set for each
// backend, unless one is given for all.
func backendTLS(conf serve.BackendTLS) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: conf.ServerName, InsecureSkipVerify: conf.InsecureSkipVerify, NextProtos: []string{"http/1.1"}}
	if conf.CAFile == "" {
		return c, nil
	}
	pem, err := os.ReadFile(conf.CAFile)
	if err != nil {
		return nil, err
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, errors.New(conf.CAFile + ": holds no certificate")
	}
	return c, nil
}

// forBackend returns the configuration for one backend, nil if it is spoken to
// without TLS. gRPC health probes negotiate a protocol of their own.
func (p *plan) forBackend(u serve.URL) *tls.Config {
	if u.Scheme != "https" {
		return nil
	}
	c := p.tls.Clone()
	if c.ServerName == "" {
		c.ServerName = u.Host
	}
	return c
}
