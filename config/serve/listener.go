package serve

import (
	"time"

	"github.com/lbctl/lbctl/config/strict"
)

// Listener is a place where clients connect.
type Listener struct {
	Name           string         `yaml:"name" maxlen:"128" pattern:"^[!-~]+$" doc:"its name in logs and metrics; the address when absent"`
	Address        Address        `yaml:"address" required:"true" doc:"host:port, :port for all addresses of the machine, or unix:/path"`
	TLS            *ListenerTLS   `yaml:"tls" doc:"present: HTTPS"`
	ReusePort      bool           `yaml:"reuse_port" doc:"SO_REUSEPORT: other processes may listen on the same port"`
	ProxyProtocol  *ProxyProtocol `yaml:"proxy_protocol" doc:"present: trusted peers begin with a PROXY protocol header (version 1 or 2)"`
	TrustedProxies []Prefix       `yaml:"trusted_proxies" maxitems:"1024" doc:"peers whose X-Forwarded-*, Forwarded and X-Request-Id are believed and added to; those of others are replaced"`
	Limits         Limits         `yaml:"limits" doc:"what one client, or all of them, may take"`
}

// Defaults sets the limits.
func (l *Listener) Defaults() { l.Limits.Defaults() }

// Check refuses what a Unix socket does not have: ports, and addresses of peers.
func (l *Listener) Check(r *strict.Reporter) {
	if l.Address.Network != "unix" {
		return
	}
	if l.ReusePort {
		r.Errorf("reuse_port", "a Unix socket has no port")
	}
	if l.ProxyProtocol != nil {
		r.Errorf("proxy_protocol", "peers on a Unix socket have no address to trust")
	}
}

// ListenerTLS is the tls: block of a listener.
type ListenerTLS struct {
	Certificates []Certificate `yaml:"certificates" required:"true" minitems:"1" maxitems:"1024" doc:"chosen by the name that the client asks for; the first is for those that ask for none or another"`
	MinVersion   string        `yaml:"min_version" enum:"1.2,1.3" doc:"oldest version of TLS that is spoken"`
}

// Defaults is TLS 1.2 and later.
func (t *ListenerTLS) Defaults() { t.MinVersion = "1.2" }

// Certificate is a chain and its key, in PEM files.
type Certificate struct {
	Cert string `yaml:"cert" required:"true" maxlen:"4096" pattern:"." doc:"PEM file with the certificate and its chain, relative to this file"`
	Key  string `yaml:"key" required:"true" maxlen:"4096" pattern:"." doc:"PEM file with its private key, relative to this file"`
}

// ProxyProtocol is the proxy_protocol: block.
type ProxyProtocol struct {
	Trusted       []Prefix      `yaml:"trusted" required:"true" minitems:"1" maxitems:"1024" doc:"peers that send the header: addresses or prefixes; others are taken for clients"`
	HeaderTimeout time.Duration `yaml:"header_timeout" min:"1ms" max:"1h" doc:"a trusted peer that has not sent its header by then is cut off"`
}

// Defaults is five seconds for the header.
func (p *ProxyProtocol) Defaults() { p.HeaderTimeout = 5 * time.Second }

// Limits bounds what clients may take. Sizes are in bytes.
type Limits struct {
	HeadBytes            int           `yaml:"head_bytes" min:"1024" max:"1048576" unit:"bytes" doc:"request line and header fields of a request, or of an answer; more is refused with 431, or 502"`
	HeaderFields         int           `yaml:"header_fields" min:"8" max:"10000" doc:"number of header fields; more is refused with 431"`
	FieldBytes           int           `yaml:"field_bytes" min:"256" max:"1048576" unit:"bytes" doc:"one header field with its name; more is refused with 431"`
	URIBytes             int           `yaml:"uri_bytes" min:"64" max:"1048576" unit:"bytes" doc:"request target; more is refused with 414"`
	BodyBytes            int64         `yaml:"body_bytes" min:"0" max:"1152921504606846976" unit:"bytes" doc:"body of a request; more is refused with 413; 0: no limit, since bodies are passed on as they come"`
	Connections          int           `yaml:"connections" min:"1" max:"1000000" doc:"open connections of all clients of the listener; further ones are closed at once"`
	ConnectionsPerClient int           `yaml:"connections_per_client" min:"0" max:"1000000" doc:"open connections of one client's address; 0: only the listener's limit counts"`
	HeaderTimeout        time.Duration `yaml:"header_timeout" min:"1ms" max:"1h" doc:"from a request's first byte to the end of its header; longer is refused with 408"`
	BodyTimeout          time.Duration `yaml:"body_timeout" min:"1ms" max:"24h" doc:"between two arrivals of a body's bytes"`
	IdleTimeout          time.Duration `yaml:"idle_timeout" min:"1ms" max:"24h" doc:"a connection without a request for so long is closed"`
	RequestTimeout       time.Duration `yaml:"request_timeout" min:"1ms" max:"168h" doc:"a whole exchange, from the request's first byte to the answer's last"`
	WriteTimeout         time.Duration `yaml:"write_timeout" min:"1ms" max:"24h" doc:"a client that takes nothing of its answer for so long is cut off"`
	TunnelIdleTimeout    time.Duration `yaml:"tunnel_idle_timeout" min:"1ms" max:"168h" doc:"a tunnel (WebSocket, Upgrade) in which nothing moves for so long is closed"`
	BufferBytes          int           `yaml:"buffer_bytes" min:"4096" max:"1048576" unit:"bytes" doc:"each of the two buffers of a busy connection; holds head_bytes at least"`
}

// Defaults are what nginx and Apache have, roughly: four times nginx's 8 KiB for a head would be
// more than browsers and proxies agree to send.
func (l *Limits) Defaults() {
	*l = Limits{
		HeadBytes: 16 << 10, HeaderFields: 100, FieldBytes: 8 << 10, URIBytes: 8 << 10,
		Connections:   65536,
		HeaderTimeout: 10 * time.Second, BodyTimeout: 30 * time.Second, IdleTimeout: time.Minute,
		RequestTimeout: time.Hour, WriteTimeout: 30 * time.Second, TunnelIdleTimeout: time.Hour,
		BufferBytes: 32 << 10, // one read takes a body of 16 KiB and its head
	}
}

// Check sees to it that the limits fit each other.
func (l *Limits) Check(r *strict.Reporter) {
	if l.BufferBytes < l.HeadBytes {
		r.Errorf("buffer_bytes", "expected at least head_bytes (%d), got %d", l.HeadBytes, l.BufferBytes)
	}
}

// Listeners is the listeners: block, in the order of the file.
type Listeners []Listener

// Check sees to it that listeners are told apart.
func (l *Listeners) Check(r *strict.Reporter) {
	for i, li := range *l {
		for _, before := range (*l)[:i] {
			if before.name() == li.name() {
				r.Errorf(at(i, "name"), "another listener is called %q", li.name())
			}
			if before.Address.clashes(li.Address) && !(before.ReusePort && li.ReusePort) {
				r.Errorf(at(i, "address"), "another listener has %q", before.Address)
			}
		}
	}
}

// name returns the name that the listener goes by.
func (l *Listener) name() string {
	if l.Name == "" {
		return l.Address.String()
	}
	return l.Name
}
