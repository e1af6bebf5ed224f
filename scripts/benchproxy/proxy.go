package main

import (
	"embed"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"text/template"
)

//go:embed templates
var templates embed.FS

// deployment is what a proxy's configuration depends on.
type deployment struct {
	Dir            string // for sockets, process ids and logs; nobody else uses it
	Address, Admin netip.AddrPort
	Origins        []netip.AddrPort
	Logged         bool
	Log            string // the access log's file; HAProxy writes to its standard output, which is this file
	MaxConnections int
	Descriptors    int // file descriptors that the process may open
}

// product is a proxy as it is started.
type product struct {
	binary  string
	config  string                       // the template, and the name of the file made from it
	command func(config string) []string // arguments
	env     []string                     // beyond what every process gets
	stdout  bool                         // it writes its access log to standard output
	metrics bool                         // its admin listener counts allocations at /metrics
}

var products = map[string]product{
	"lbctl": {
		binary: "lbctl", config: "lbctl.yaml", metrics: true, env: []string{"GOMAXPROCS=1"},
		command: func(c string) []string { return []string{"serve", "-c", c} },
	},
	"haproxy": {
		binary: "haproxy", config: "haproxy.cfg", stdout: true,
		command: func(c string) []string { return []string{"-db", "-f", c} },
	},
	"nginx": {
		binary: "nginx", config: "nginx.conf",
		command: func(c string) []string { return []string{"-e", "stderr", "-c", c} },
	},
}

// writeConfig renders the product's configuration into the deployment's directory.
func (p product) writeConfig(d deployment) (file string, err error) {
	t, err := template.ParseFS(templates, "templates/"+p.config)
	if err != nil {
		return "", err
	}
	file = filepath.Join(d.Dir, p.config)
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return "", err
	}
	if err := t.Execute(f, d); err != nil {
		f.Close()
		return "", fmt.Errorf("%s: %w", p.config, err)
	}
	return file, f.Close()
}
