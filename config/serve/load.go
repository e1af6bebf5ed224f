package serve

import (
	"path/filepath"

	"github.com/lbctl/lbctl/config/strict"
)

// Load reads a server file. Its name serves messages, and relative paths in the file start from its
// directory. Files that it names are not looked at; LoadWithFiles does. The error is strict.Errors:
// everything that is wrong.
func Load(file string, data []byte) (*Config, error) {
	return LoadWithFiles(file, data, nil)
}

// LoadWithFiles is Load, and makes sure that the certificates and keys that the file names are
// what they should be. It has readFile read them, which should refuse more than MaxPEMBytes. When it is
// nil they are not looked at.
func LoadWithFiles(file string, data []byte, readFile func(name string) ([]byte, error)) (*Config, error) {
	doc, err := strict.Parse(file, data)
	if err != nil {
		return nil, err
	}
	return decode(doc, filepath.Dir(file), readFile)
}

// decode returns what a document says, complete.
func decode(doc *strict.Document, dir string, readFile func(string) ([]byte, error)) (*Config, error) {
	c := &Config{}
	c.Defaults()
	within := doc.Decode(c)
	between := doc.Decode(&outline{config: c, faulty: within, dir: dir, readFile: readFile})
	if err := joined(within, between); err != nil {
		return nil, err
	}
	c.complete(dir)
	return c, nil
}

// complete fills in names that the file left out, and makes paths independent of where the file is.
func (c *Config) complete(dir string) {
	for i := range c.Listeners {
		l := &c.Listeners[i]
		l.Name = l.name()
		if l.TLS != nil {
			for j := range l.TLS.Certificates {
				cert := &l.TLS.Certificates[j]
				cert.Cert, cert.Key = from(dir, cert.Cert), from(dir, cert.Key)
			}
		}
	}
	if len(c.Routes) == 0 {
		c.Routes = Routes{{PathPrefix: "/", Pool: c.Pools[0].Name}}
	}
	for i := range c.Pools {
		p := &c.Pools[i]
		p.Connections.MaxIdle = min(p.Connections.MaxIdle, p.Connections.Max)
		p.TLS.CAFile = from(dir, p.TLS.CAFile)
		for j := range p.Backends {
			p.Backends[j].Name = p.Backends[j].name()
		}
	}
	if !c.AccessLog.isStream() {
		c.AccessLog.Path = from(dir, c.AccessLog.Path)
	}
}

// isStream says that the log goes to no file.
func (a *AccessLog) isStream() bool {
	return a.Path == "" || a.Path == "stdout" || a.Path == "stderr"
}

// from returns where a file is that another one in dir names.
func from(dir, name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}
