package serve

import (
	"github.com/lbctl/lbctl/config/strict"
)

// Probe is the probe: block: what a health probe does, and what it takes for a good answer. It
// can be compared.
type Probe struct {
	Kind    string    `yaml:"kind" enum:"http,tcp,ping,grpc" doc:"http: a request; tcp: a connection; ping: an ICMP echo; grpc: grpc.health.v1"`
	Method  string    `yaml:"method" enum:"GET,HEAD,OPTIONS,POST" doc:"http: the method"`
	Path    string    `yaml:"path" maxlen:"1024" pattern:"^/[!-~]*$" doc:"http: path and query"`
	Host    string    `yaml:"host" maxlen:"253" doc:"http and grpc: the Host, in place of the backend's own"`
	Status  StatusSet `yaml:"status" doc:"http: good statuses, such as 200-299,304"`
	Body    string    `yaml:"body" maxlen:"1024" doc:"http: text that a good answer holds"`
	Service string    `yaml:"service" maxlen:"256" doc:"grpc: the service asked about; absent: the server as a whole"`
	Port    int       `yaml:"port" min:"0" max:"65535" doc:"port to probe; 0: the backend's own"`
}

// Defaults is GET / with any answer that is no error.
func (p *Probe) Defaults() {
	*p = Probe{Kind: "http", Method: "GET", Path: "/"}
	p.Status.add(200, 399)
}

// Check refuses what the kind of probe has no use for.
func (p *Probe) Check(r *strict.Reporter) {
	var plain Probe
	plain.Defaults()
	http, grpc := p.Kind == "http", p.Kind == "grpc"
	for _, key := range []struct {
		name       string
		given, use bool
	}{
		{"method", p.Method != plain.Method, http},
		{"path", p.Path != plain.Path, http},
		{"host", p.Host != plain.Host, http || grpc},
		{"status", p.Status != plain.Status, http},
		{"body", p.Body != plain.Body, http},
		{"service", p.Service != plain.Service, grpc},
		{"port", p.Port != plain.Port, p.Kind != "ping"},
	} {
		if key.given && !key.use {
			r.Errorf(key.name, "of no use to a probe of kind %s", p.Kind)
		}
	}
	if http && p.Method == "HEAD" && p.Body != "" {
		r.Errorf("body", "the answer to HEAD has no body: take GET")
	}
	if p.Host != "" && !isAuthority(p.Host) {
		r.Errorf("host", "expected a host, with a port or without; got %q", p.Host)
	}
}

// isAuthority tells whether s can be the value of a Host field.
func isAuthority(s string) bool {
	if host, _, err := splitHostPort(s); err == nil {
		return isHost(host)
	}
	return isHost(s)
}
