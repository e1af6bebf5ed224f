package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cockroachdb/datadriven"
)

// TestFiles shows server files, and what comes of them or what is wrong with them.
//
//	load                  reads a file; certificates come from the pem directory of testCertificates
//	<server file>
//
//	view                  like load; shows every value that is in effect
//	<server file>
//
//	shorthand listen=:8080 backends=(http://a:1)
//	<path=value, a line each, as if from a flag of that name>
func TestFiles(t *testing.T) {
	pem := certificates(t)
	datadriven.Walk(t, "testdata/files", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "load", "view":
				c, err := LoadWithFiles("conf/my.yaml", []byte(d.Input), pem.read)
				if err == nil && d.Cmd == "view" {
					return indented(t, c)
				}
				return told(c, err)
			case "shorthand":
				return shorthand(t, d)
			}
			d.Fatalf(t, "unknown command %q", d.Cmd)
			return ""
		})
	})
}

func shorthand(t *testing.T, d *datadriven.TestData) string {
	var listen string
	var backends []string
	var more []Setting
	d.MaybeScanArgs(t, "listen", &listen)
	for _, arg := range d.CmdArgs {
		if arg.Key == "backends" {
			backends = arg.Vals
		}
	}
	for line := range strings.Lines(d.Input) {
		path, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		more = append(more, Setting{path, value, "--flag " + value})
	}
	return told(Shorthand(listen, backends, more...))
}

// told describes a configuration in brief, or what is wrong with it.
func told(c *Config, err error) string {
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	for _, l := range c.Listeners {
		fmt.Fprintf(&b, "listener %s: %s %s", l.Name, l.Address.Network, l.Address.Addr)
		if l.TLS != nil {
			fmt.Fprintf(&b, ", TLS from %s with %+v", l.TLS.MinVersion, l.TLS.Certificates)
		}
		if l.ProxyProtocol != nil {
			fmt.Fprintf(&b, ", PROXY from %v", l.ProxyProtocol.Trusted)
		}
		if l.TrustedProxies != nil {
			fmt.Fprintf(&b, ", believes %v", l.TrustedProxies)
		}
		b.WriteByte('\n')
	}
	for _, r := range c.Routes {
		fmt.Fprintf(&b, "route %s to %s\n", r.Name(), r.Pool)
	}
	for _, p := range c.Pools {
		fmt.Fprintf(&b, "pool %s: %s by %s, probe %s", p.Name, p.Pool.Policy.Use, p.Key, p.Probe.Kind)
		if p.TLS.CAFile != "" {
			fmt.Fprintf(&b, ", authorities in %s", p.TLS.CAFile)
		}
		b.WriteByte('\n')
		for _, x := range p.Backends {
			fmt.Fprintf(&b, "  %s: %s %s, %s, weight %v\n", x.Name, x.URL.Network(), x.URL.Address(), x.URL.Scheme, x.Weight)
		}
	}
	fmt.Fprintf(&b, "admin %s, log %q\n", c.Admin.Address, c.AccessLog.Path)
	return b.String()
}

func indented(t *testing.T, c *Config) string {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	return out.String() + "\n"
}

// TestViewsLoad takes the view of every good file for a file, and gets the same configuration.
func TestViewsLoad(t *testing.T) {
	good := 0
	datadriven.Walk(t, "testdata/files", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(_ *testing.T, d *datadriven.TestData) string {
			c, err := Load("my.yaml", []byte(d.Input))
			if d.Cmd == "shorthand" || err != nil {
				return d.Expected
			}
			good++
			view := indented(t, c)
			again, err := Load("my.json", []byte(view))
			if err != nil {
				t.Errorf("%s: the view does not load: %v\n%s", d.Pos, err, view)
			} else if got := indented(t, again); got != view {
				t.Errorf("%s: got\n%swant\n%s", d.Pos, got, view)
			}
			return d.Expected
		})
	})
	if good < 5 {
		t.Errorf("only %d good files", good)
	}
}

// pemFiles are files by name.
type pemFiles struct{ fs.FS }

func (p pemFiles) read(name string) ([]byte, error) {
	text, err := fs.ReadFile(p.FS, name)
	var onPath *fs.PathError
	if errors.As(err, &onPath) {
		return nil, fmt.Errorf("%s: %w", name, onPath.Err)
	}
	return text, err
}

func TestFilesListsAll(t *testing.T) {
	c, err := Load("conf/my.yaml", []byte(`
listeners: [{address: ":1", tls: {certificates: [{cert: a.pem, key: /k/a.pem}, {cert: b.pem, key: b.key}]}}, {address: ":2"}]
pools: [{name: p, backends: ["https://b"], tls: {ca_file: ../ca.pem}}]`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(c.Files(), " "), "conf/a.pem /k/a.pem conf/b.pem conf/b.key ca.pem"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func certificates(t *testing.T) pemFiles {
	t.Helper()
	good, key := selfSigned(t, "good.example")
	_, otherKey := selfSigned(t, "other.example")
	return pemFiles{fstest.MapFS{
		"conf/good.pem": {Data: good}, "conf/good.key": {Data: key}, "conf/other.key": {Data: otherKey},
		"conf/text.pem": {Data: []byte("no certificate\n")}, "conf/broken.pem": {Data: []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")},
	}}
}
