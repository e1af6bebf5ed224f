package serve

import (
	"time"

	"github.com/lbctl/lbctl/config/strict"
)

// Config is a server file, checked and complete. It is not changed after Load: any goroutine may
// read it.
type Config struct {
	Listeners    Listeners     `yaml:"listeners" required:"true" minitems:"1" maxitems:"64" doc:"where clients connect"`
	Routes       Routes        `yaml:"routes" maxitems:"4096" doc:"which requests go to which pool; the most specific wins, in whatever order they stand; none: all go to the only pool"`
	Pools        Pools         `yaml:"pools" required:"true" minitems:"1" maxitems:"256" doc:"who answers"`
	Admin        Admin         `yaml:"admin" doc:"the admin listener: health, metrics, backends, drain; off switches it off"`
	AccessLog    AccessLog     `yaml:"access_log" doc:"a line for each request"`
	DrainTimeout time.Duration `yaml:"drain_timeout" max:"24h" doc:"at a stop, requests in flight may take so long to finish; 0s: none may"`
	Watch        bool          `yaml:"watch" doc:"reload when this file, or a certificate that it names, changes"`
}

// Defaults sets what a file need not say.
func (c *Config) Defaults() {
	*c = Config{DrainTimeout: 30 * time.Second, Watch: true}
	c.Admin.Defaults()
	c.AccessLog.Defaults()
}

// Admin is the admin: block; a plain value is the address.
type Admin struct {
	Address AdminAddress `yaml:"address" doc:"host:port or unix:/path; it has no passwords, so keep it on loopback; off: none"`
}

// Defaults is a port on loopback.
func (a *Admin) Defaults() {
	a.Address = AdminAddress{Address{Network: "tcp", Addr: "127.0.0.1:9901"}}
}

// UnmarshalScalar takes the shorthand "admin: 127.0.0.1:9901".
func (a *Admin) UnmarshalScalar(s string) error { return a.Address.UnmarshalScalar(s) }

// AccessLog is the access_log: block; a plain value is the path. Without a path there is no log.
type AccessLog struct {
	Path        string  `yaml:"path" maxlen:"4096" doc:"stdout, stderr, or a file, relative to this one; absent: no log"`
	Format      string  `yaml:"format" enum:"json,combined" doc:"json: one object a line; combined: as Apache and nginx have it"`
	SamplePct   float64 `yaml:"sample_pct" min:"0" max:"100" unit:"%" doc:"share of the requests that get a line"`
	BufferBytes int     `yaml:"buffer_bytes" min:"4096" max:"1073741824" unit:"bytes" doc:"lines that wait to be written; what does not fit is dropped and counted"`
}

// Defaults is no log; once it has a path, all requests as JSON.
func (a *AccessLog) Defaults() {
	*a = AccessLog{Format: "json", SamplePct: 100, BufferBytes: 4 << 20}
}

// UnmarshalScalar takes the shorthand "access_log: stdout".
func (a *AccessLog) UnmarshalScalar(s string) error {
	a.Path = s
	return nil
}

// SchemaJSON returns the JSON Schema (2020-12) of server files, for editors.
func SchemaJSON() ([]byte, error) {
	var c Config
	c.Defaults()
	return strict.Schema(&c, "lbctl server file", "Listeners, routes and pools of lbctl serve.")
}
