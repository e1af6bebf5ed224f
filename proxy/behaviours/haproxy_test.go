package behaviours_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lbctl/lbctl/config/serve"
)

// haproxyPeer is haproxy in a process of its own.
type haproxyPeer struct{ addrs map[string]net.Addr }

func (h haproxyPeer) addr(listener string) net.Addr { return h.addrs[listener] }

func (h haproxyPeer) outcomes() (o outcomes, known bool) { return outcomes{}, false }

// startHAProxy starts haproxy as a server file has it, in the way that its users would write it. Its listeners
// are opened here and inherited, so that there is no wait for them.
func startHAProxy(t *testing.T, cfg *serve.Config) running {
	t.Helper()
	h := haproxyPeer{map[string]net.Addr{}}
	var files []*os.File
	for _, l := range cfg.Listeners {
		ln, err := net.Listen(l.Address.Network, l.Address.Addr)
		if err != nil {
			t.Fatal(err)
		}
		h.addrs[l.Name] = ln.Addr()
		if u, ok := ln.(*net.UnixListener); ok {
			u.SetUnlinkOnClose(false)
		}
		f, err := ln.(interface{ File() (*os.File, error) }).File()
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
		_ = ln.Close()
	}
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(file, []byte(haproxyFile(t, cfg)), 0o600); err != nil {
		t.Fatal(err)
	}
	var output bytes.Buffer
	cmd := exec.Command("haproxy", "-db", "-f", file)
	cmd.ExtraFiles = files
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		_ = f.Close()
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("haproxy: %s", output.String())
		}
	})
	return h
}

// haproxyFile is a server file as haproxy's.
func haproxyFile(t *testing.T, cfg *serve.Config) string {
	t.Helper()
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	ms := func(d time.Duration) int64 { return d.Milliseconds() }

	first := cfg.Listeners[0].Limits
	line("global\n maxconn 2000\n tune.bufsize %d\n tune.http.maxhdr %d", first.BufferBytes, first.HeaderFields)
	line("defaults\n mode http\n option http-keep-alive\n http-reuse always\n retries 2")
	line(" retry-on conn-failure empty-response\n timeout tunnel %d", ms(first.TunnelIdleTimeout))
	for i, l := range cfg.Listeners {
		line("frontend %s\n bind fd@%d%s", l.Name, 3+i, haproxyTLS(t, l))
		line(" timeout client %d\n timeout http-request %d", ms(min(l.Limits.BodyTimeout, l.Limits.WriteTimeout)), ms(l.Limits.HeaderTimeout))
		line(" timeout http-keep-alive %d\n maxconn %d", ms(l.Limits.IdleTimeout), min(l.Limits.Connections, 2000))
		if p := l.ProxyProtocol; p != nil {
			line(" tcp-request connection expect-proxy layer4 if { src %s }", prefixes(p.Trusted))
		}
		trusted := ""
		if len(l.TrustedProxies) > 0 {
			trusted = " unless { src " + prefixes(l.TrustedProxies) + " }"
		}
		for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "X-Request-Id"} {
			line(" http-request del-header %s%s", name, trusted)
		}
		line(" http-request disable-l7-retry unless { method GET HEAD OPTIONS PUT DELETE TRACE }")
		line(" option forwardfor\n http-request deny deny_status 405 if METH_CONNECT")
		for _, rt := range cfg.Routes {
			line(" use_backend %s%s", rt.Pool, haproxyMatch(rt))
		}
	}
	for _, p := range cfg.Pools {
		c := p.Connections
		line("backend %s\n balance roundrobin", p.Name)
		line(" timeout connect %d\n timeout server %d", ms(c.ConnectTimeout), ms(min(c.ResponseTimeout, c.ReadTimeout)))
		for i, be := range p.Backends {
			line(" server s%d %s maxconn %d pool-max-conn %d%s", i, be.URL.Address(), c.Max, c.MaxIdle, haproxyVerify(be.URL, p.TLS))
		}
	}
	return b.String()
}

func haproxyMatch(rt serve.Route) string {
	var match string
	if rt.PathPrefix != "/" {
		match += fmt.Sprintf(" { path_beg %s }", rt.PathPrefix)
	}
	if rt.Host != "" {
		match += fmt.Sprintf(" { hdr(host),host_only -i %s }", rt.Host)
	}
	if match == "" {
		return ""
	}
	return " if" + match
}

func haproxyTLS(t *testing.T, l serve.Listener) string {
	if l.TLS == nil {
		return ""
	}
	var pem []byte
	for _, name := range []string{l.TLS.Certificates[0].Cert, l.TLS.Certificates[0].Key} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		pem = append(pem, text...)
	}
	file := filepath.Join(t.TempDir(), "haproxy.pem")
	if err := os.WriteFile(file, pem, 0o600); err != nil {
		t.Fatal(err)
	}
	return " ssl crt " + file
}

func haproxyVerify(u serve.URL, c serve.BackendTLS) string {
	switch {
	case u.Scheme != "https":
		return ""
	case c.InsecureSkipVerify:
		return " ssl verify none"
	}
	name := c.ServerName
	if name == "" {
		name = u.Host
	}
	return fmt.Sprintf(" ssl verify required ca-file %s verifyhost %s", c.CAFile, name)
}

func prefixes(list []serve.Prefix) string {
	var out []string
	for _, p := range list {
		out = append(out, p.String())
	}
	return strings.Join(out, " ")
}
