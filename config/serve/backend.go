package serve

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/lbctl/lbctl/config/strict"
)

// MinWeight and MaxWeight bound a weight, wherever it is given.
const (
	MinWeight = 1e-6
	MaxWeight = 1e6
)

// Backend is one target of a pool; as a plain value it is the URL.
type Backend struct {
	URL    URL     `yaml:"url" required:"true" doc:"http://host:port, https://host:port or unix:/path"`
	Name   string  `yaml:"name" maxlen:"253" pattern:"^[!-~]+$" doc:"its name in logs, metrics and hashes; host:port when absent"`
	Weight float64 `yaml:"weight" min:"0.000001" max:"1000000" doc:"relative capacity"`
}

// Defaults is a weight of 1.
func (b *Backend) Defaults() { b.Weight = 1 }

// UnmarshalScalar takes the shorthand "http://10.0.0.1:8080".
func (b *Backend) UnmarshalScalar(s string) error { return b.URL.UnmarshalScalar(s) }

// name returns the name that the backend goes by.
func (b *Backend) name() string {
	if b.Name == "" {
		return b.URL.Address()
	}
	return b.Name
}

// Backends are the backends of a pool, in the order of the file.
type Backends []Backend

// Check sees to it that backends are told apart.
func (l *Backends) Check(r *strict.Reporter) {
	seen := map[string]bool{}
	for i, b := range *l {
		if seen[b.name()] {
			r.Errorf(at(i, "name"), "another backend is called %q", b.name())
		}
		seen[b.name()] = true
	}
}

// URL is where a backend listens.
type URL struct {
	Scheme string // "http" or "https"
	Host   string // IP address without brackets, or DNS name; "" with Unix
	Port   uint16 // 0 with Unix
	Unix   string // path of a Unix socket, else ""
}

// Network returns what net.Dial takes first: "tcp" or "unix".
func (u URL) Network() string {
	if u.Unix != "" {
		return "unix"
	}
	return "tcp"
}

// Address returns what net.Dial takes second: "host:port", or a path.
func (u URL) Address() string {
	if u.Unix != "" {
		return u.Unix
	}
	return joinHostPort(u.Host, u.Port)
}

func (u URL) String() string {
	if u.Unix != "" {
		return "unix:" + u.Unix
	}
	return u.Scheme + "://" + u.Address()
}

const urlForms = `expected a URL like "http://10.0.0.1:8080", "https://app.example:8443" or "unix:/run/app.sock"`

// UnmarshalScalar reads a URL that has no path: requests have their own.
func (u *URL) UnmarshalScalar(s string) error {
	if socket, ok := strings.CutPrefix(s, "unix:"); ok {
		if err := checkSocket(s, socket); err != nil {
			return err
		}
		*u = URL{Scheme: "http", Unix: socket}
		return nil
	}
	got, err := url.Parse(s)
	if err != nil || got.Scheme != "http" && got.Scheme != "https" || got.Host == "" || got.Opaque != "" {
		return fmt.Errorf("%s; got %q%s", urlForms, s, orURL(s))
	}
	if got.User != nil || got.RawQuery != "" || got.ForceQuery || got.Fragment != "" || got.Path != "" && got.Path != "/" {
		return fmt.Errorf("expected a URL of scheme, host and port alone, got %q; did you mean %q?", s, got.Scheme+"://"+got.Host)
	}
	host, port := got.Hostname(), uint64(80)
	if got.Scheme == "https" {
		port = 443
	}
	if text := got.Port(); text != "" || strings.HasSuffix(got.Host, ":") {
		if port, err = strconv.ParseUint(text, 10, 16); err != nil || port == 0 {
			return fmt.Errorf("expected a port from 1 to 65535; got %q", s)
		}
	}
	if !isHost(host) {
		return fmt.Errorf("expected an IP address or a host name in the URL; got %q", s)
	}
	*u = URL{Scheme: got.Scheme, Host: strings.ToLower(host), Port: uint16(port)}
	return nil
}

// orURL suggests the URL that an address without a scheme was meant to be.
func orURL(s string) string {
	if i := strings.Index(s, "+unix://"); i >= 0 {
		return fmt.Sprintf("; did you mean %q?", "unix:"+s[i+len("+unix://"):])
	}
	var u URL
	if !strings.Contains(s, "://") && u.UnmarshalScalar("http://"+s) == nil {
		return fmt.Sprintf("; did you mean %q?", u)
	}
	return ""
}
