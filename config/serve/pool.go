package serve

import (
	"time"

	"github.com/lbctl/lbctl/config"
	"github.com/lbctl/lbctl/config/strict"
	"github.com/lbctl/lbctl/lb"
)

// Pool is a set of backends that answer alike.
type Pool struct {
	Name        string        `yaml:"name" required:"true" maxlen:"64" pattern:"^[A-Za-z0-9][A-Za-z0-9_.-]*$" doc:"name of the pool"`
	Backends    Backends      `yaml:"backends" required:"true" minitems:"1" maxitems:"4096" doc:"who answers; a plain value is the URL"`
	Pool        config.Pool   `yaml:"pool" doc:"policy, health and slow start: the very block of a scenario"`
	Key         Key           `yaml:"key" doc:"what ring_hash, maglev and rendezvous hash: client (which it is when absent), path, header NAME or cookie NAME"`
	Probe       Probe         `yaml:"probe" doc:"how health probes are made; pool.health says whether and when"`
	Connections Connections   `yaml:"connections" doc:"connections to each backend"`
	TLS         BackendTLS    `yaml:"tls" doc:"how https backends are verified"`
	Resolve     time.Duration `yaml:"resolve" min:"100ms" max:"24h" doc:"names of backends are looked up again so often"`
	LoadPath    string        `yaml:"load_path" maxlen:"1024" pattern:"^/[!-~]*$" doc:"where backends tell their load (ORCA as text), for policies that ask: prequal, c3 with feedback probes, p2c with load polled, join_idle_queue with source reports"`
}

// Defaults sets what a pool need not say.
func (p *Pool) Defaults() {
	p.Pool.Defaults()
	p.Probe.Defaults()
	p.Connections.Defaults()
	p.Resolve = 30 * time.Second
}

// Connections is the connections: block, for each backend.
type Connections struct {
	Max             int           `yaml:"max" min:"1" max:"65536" doc:"open at once to one backend"`
	MaxIdle         int           `yaml:"max_idle" min:"0" max:"65536" doc:"kept for further requests; at most max"`
	IdleTimeout     time.Duration `yaml:"idle_timeout" min:"1ms" max:"24h" doc:"an unused one is closed after so long; keep it below the backend's own keep-alive"`
	MaxAge          time.Duration `yaml:"max_age" min:"1s" max:"8760h" doc:"one older than this is not used again"`
	ConnectTimeout  time.Duration `yaml:"connect_timeout" min:"1ms" max:"1h" doc:"to have a connection, TLS included; longer counts as refused"`
	ConnectAttempts int           `yaml:"connect_attempts" min:"1" max:"16" doc:"backends tried for a request until one gives a connection; a request that was sent is not tried again"`
	ResponseTimeout time.Duration `yaml:"response_timeout" min:"1ms" max:"24h" doc:"from the end of the request to the head of the answer; longer is answered with 504"`
	ReadTimeout     time.Duration `yaml:"read_timeout" min:"1ms" max:"24h" doc:"between two arrivals of an answer's bytes"`
}

// Defaults keep as many connections as some hundred busy clients need.
func (c *Connections) Defaults() {
	*c = Connections{
		Max: 1024, MaxIdle: 512, IdleTimeout: 30 * time.Second, MaxAge: time.Hour,
		ConnectTimeout: 2 * time.Second, ConnectAttempts: 3, ResponseTimeout: time.Minute, ReadTimeout: time.Minute,
	}
}

// BackendTLS is the tls: block of a pool.
type BackendTLS struct {
	ServerName         string `yaml:"server_name" maxlen:"253" doc:"name asked for and verified, in place of the host of the URL"`
	CAFile             string `yaml:"ca_file" maxlen:"4096" doc:"PEM file with the authorities that are believed, relative to this file; absent: the system's"`
	InsecureSkipVerify bool   `yaml:"insecure_skip_verify" doc:"believe any certificate: only for tests"`
}

// Check refuses names that no certificate can have.
func (t *BackendTLS) Check(r *strict.Reporter) {
	if t.ServerName != "" && !isHost(t.ServerName) {
		r.Errorf("server_name", "expected a host name, got %q", t.ServerName)
	}
}

// AsksForLoad says whether the pool's policy wants to hear of the backends' load apart from
// answers, for which LoadPath is needed.
func (p *Pool) AsksForLoad() bool {
	c := p.Pool.LB(1)
	c.Health = nil // everybody is healthy: only what the policy wants is of interest
	b, control := lb.New(c, 0)
	if err := control.Step(0, lb.Add{Spec: lb.Spec{Name: "any", Weight: 1}}); err != nil {
		panic("serve: the core refuses a backend: " + err.Error())
	}
	control.Advance(0, nil)
	return b.Probes() || b.ListensForIdle()
}

// Check applies the rules that concern several parts of a pool.
func (p *Pool) Check(r *strict.Reporter) {
	https, unix := 0, 0
	for _, b := range p.Backends {
		if b.URL.Scheme == "https" {
			https++
		}
		if b.URL.Unix != "" {
			unix++
		}
	}
	if https == 0 && p.TLS != (BackendTLS{}) {
		r.Errorf("tls", "of no use: no backend has an https URL")
	}
	if p.LoadPath == "" && p.AsksForLoad() {
		r.Errorf("load_path", "policy %s asks backends for their load: say at which path they tell it, or choose another policy", p.Pool.Policy.Use)
	}
	if unix > 0 && p.Pool.Health.Enabled {
		switch {
		case p.Probe.Kind == "ping":
			r.Errorf("probe.kind", "a backend on a Unix socket cannot be pinged; expected http, tcp or grpc")
		case p.Probe.Port != 0:
			r.Errorf("probe.port", "a backend on a Unix socket has no other port")
		}
	}
}

// Pools is the pools: block, in the order of the file.
type Pools []Pool

// Check sees to it that pools are told apart.
func (l *Pools) Check(r *strict.Reporter) {
	seen := map[string]bool{}
	for i, p := range *l {
		if seen[p.Name] {
			r.Errorf(at(i, "name"), "another pool is called %q", p.Name)
		}
		seen[p.Name] = true
	}
}
