package serve

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lbctl/lbctl/config/strict"
)

// Load reads a server file. Its name serves messages, and relative paths in the file start from its
// directory. Files that it names are not looked at; LoadWithFiles does. The error is strict.Errors:
// everything that is wrong.
func Load(file string, data []byte) (*Config, error) {
	return LoadWithFiles(file, data, nil)
}

// LoadWithFiles is Load, and reads the certificates and keys that the file names, to be sure that
// they will do. readFile nil: it does not.
func LoadWithFiles(file string, data []byte, readFile func(name string) ([]byte, error)) (*Config, error) {
	doc, err := strict.Parse(file, data)
	if err != nil {
		return nil, err
	}
	return decode(doc, filepath.Dir(file), readFile)
}

// decode returns what a document says, complete.
func decode(doc *strict.Document, dir string, readFile func(string) ([]byte, error)) (*Config, error) {
	c := &checked{dir: dir, readFile: readFile}
	c.Config.Defaults()
	if err := doc.Decode(c); err != nil {
		return nil, err
	}
	c.Config.complete(dir)
	return &c.Config, nil
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

// checked is a file as it is decoded: with the rules that concern more than one of its sections.
type checked struct {
	Config Config `yaml:",inline"`

	dir      string
	readFile func(name string) ([]byte, error)
}

// Check applies the rules that concern several sections.
func (c *checked) Check(r *strict.Reporter) {
	f := &c.Config
	var names []string
	for _, p := range f.Pools {
		names = append(names, p.Name)
	}
	f.Routes.checkPools(r, names)
	for _, l := range f.Listeners {
		if a := f.Admin.Address; !a.Off() && l.Address.clashes(a.Address) {
			r.Errorf("admin.address", "listener %q has %s already", l.name(), a)
		}
	}
}

// checkPools sees to it that every route leads somewhere.
func (l Routes) checkPools(r *strict.Reporter, pools []string) {
	if len(l) == 0 && len(pools) > 1 {
		r.Errorf("routes", "needed where there is more than one pool: say which requests go where")
	}
	known := map[string]bool{}
	for _, p := range pools {
		known[p] = true
	}
	for i, rt := range l {
		if known[rt.Pool] {
			continue
		}
		msg := fmt.Sprintf("expected one of %s; got %q", shortList(pools), rt.Pool)
		if near := strict.Nearest(rt.Pool, pools); near != "" {
			msg += fmt.Sprintf("; did you mean %q?", near)
		}
		r.Errorf("routes"+at(i, "pool"), "%s", msg)
	}
}

// maxNamed is the number of valid names that a message lists.
const maxNamed = 16

func shortList(names []string) string {
	if len(names) > maxNamed {
		return strings.Join(names[:maxNamed], ", ") + " …"
	}
	return strings.Join(names, ", ")
}

// at is the path of a key of the i-th element of a list; "": the element itself.
func at(i int, key string) string {
	path := "[" + strconv.Itoa(i) + "]"
	if key != "" {
		path += "." + key
	}
	return path
}
