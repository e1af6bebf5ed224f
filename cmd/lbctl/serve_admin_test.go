package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lbctl/lbctl/config/serve"
)

// TestAdminMoves reloads through the admin listener, with a file that moves it, and with one that cannot.
func TestAdminMoves(t *testing.T) {
	r := newRig(t)
	dir := t.TempDir()
	first, second := filepath.Join(dir, "1"), filepath.Join(dir, "2")
	at := func(path string) string { return strings.Replace(backends(1), `"off"`, `"unix:`+path+`"`, 1) }
	r.write(at(first))
	r.start()
	r.state()
	if status, _ := post(t, first); status != http.StatusOK {
		t.Errorf("got %d", status)
	}
	r.reloaded()
	r.write(at(second))
	if status, _ := post(t, first); status != http.StatusOK {
		t.Errorf("got %d", status)
	}
	r.reloaded()
	if _, err := net.Dial("unix", first); err == nil {
		t.Error("the old address still answers")
	}
	r.write(at(filepath.Join(dir, "none", "3")))
	if status, text := post(t, second); status != http.StatusConflict || !strings.Contains(text, "no such file or directory") {
		t.Errorf("got %d, %s", status, text)
	}
	r.reloaded()
	r.expect("start, reload 1, reload 1")
	r.cancel(stopSignal{syscall.SIGTERM})
	r.end()
}

// post asks for a reload through a Unix socket.
func post(t *testing.T, socket string) (status int, text string) {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}}
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport}).Post("http://admin/reload", "", nil)
	check(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	check(t, err)
	return answer.StatusCode, string(body)
}

// TestAStaleSocketIsReplaced is for a process that was killed and left its socket behind.
func TestAStaleSocketIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	check(t, err)
	l.SetUnlinkOnClose(false)
	a := adminListener{}
	to := serve.AdminAddress{Address: serve.Address{Network: "unix", Addr: path}}
	if _, err := a.prepare(to); err == nil {
		t.Error("took over a socket that is in use")
	}
	check(t, l.Close())
	m, err := a.prepare(to)
	check(t, err)
	m.abandon()
}

func TestAnAdminListenerForAllIsExposed(t *testing.T) {
	for address, want := range map[string]bool{"127.0.0.1": false, "127.1.2.3": false, "::1": false, "0.0.0.0": true, "::": true, "192.0.2.1": true} {
		if got := exposed(&net.TCPAddr{IP: net.ParseIP(address), Port: 9901}); got != want {
			t.Errorf("%s: got %v, want %v", address, got, want)
		}
	}
	if exposed(&net.UnixAddr{Net: "unix", Name: "/run/lbctl.sock"}) {
		t.Error("a Unix socket is guarded by its permissions")
	}
}
