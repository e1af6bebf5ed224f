package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/lbctl/lbctl/config/serve"
)

// The limits of the admin listener. Its answers are small, but /explain and /metrics may take a while to read.
const (
	adminHeaderTimeout = 5 * time.Second
	adminTimeout       = 30 * time.Second // to read a request, and to write its answer
	adminIdleTimeout   = 2 * time.Minute
	adminHeaderBytes   = 16 << 10
	adminStopTimeout   = time.Second // for requests in flight at a stop
)

// adminListener is where the admin handler listens. A reload may move it.
type adminListener struct {
	handler http.Handler
	log     *slog.Logger
	address serve.AdminAddress
	server  *http.Server // nil: switched off
	bound   net.Addr     // where server listens
}

// move is a socket that the admin listener is to take over.
type move struct {
	to     serve.AdminAddress
	socket net.Listener // nil: there is none, or it stays where it is
}

// prepare opens the socket for an address. It is the part of a move that can fail.
func (a *adminListener) prepare(to serve.AdminAddress) (move, error) {
	if to.Off() || to == a.address {
		return move{to: to}, nil
	}
	if to.Network == "unix" {
		removeStaleSocket(to.Addr)
	}
	socket, err := net.Listen(to.Network, to.Addr)
	if err != nil {
		return move{}, fmt.Errorf("admin: %w", err)
	}
	return move{to, socket}, nil
}

// removeStaleSocket removes a Unix socket on which nobody listens: a process that was killed has left
// it. When it cannot, listening will say why.
func removeStaleSocket(path string) {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&os.ModeSocket == 0 {
		return
	}
	if c, err := net.Dial("unix", path); err == nil {
		_ = c.Close() // somebody does
		return
	}
	_ = os.Remove(path)
}

// abandon gives up a move.
func (m move) abandon() {
	if m.socket != nil {
		_ = m.socket.Close() // nobody has used it
	}
}

// commit carries out a move.
func (a *adminListener) commit(m move) {
	if m.to == a.address {
		return
	}
	a.close()
	a.address = m.to
	if m.socket == nil {
		return
	}
	server := &http.Server{
		Handler: a.handler, ReadHeaderTimeout: adminHeaderTimeout, ReadTimeout: adminTimeout, WriteTimeout: adminTimeout,
		IdleTimeout: adminIdleTimeout, MaxHeaderBytes: adminHeaderBytes,
		ErrorLog: slog.NewLogLogger(a.log.With("listener", "admin").Handler(), slog.LevelWarn),
	}
	a.server, a.bound = server, m.socket.Addr()
	if exposed(a.bound) {
		a.log.Warn("the admin listener has no passwords, and others than this machine may reach it", "address", a.bound)
	}
	go func() {
		if err := server.Serve(m.socket); !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("the admin listener has failed", "error", err)
		}
	}()
}

// exposed says whether others than this machine's own processes may reach an address.
func exposed(bound net.Addr) bool {
	tcp, ok := bound.(*net.TCPAddr)
	return ok && !tcp.IP.IsLoopback()
}

// String says where it listens, or off.
func (a *adminListener) String() string {
	if a.server == nil {
		return "off"
	}
	return a.bound.String()
}

// close stops listening, and lets requests finish in the background, within a limit: one of them may
// be for the reload that closes the listener.
func (a *adminListener) close() {
	if a.server == nil {
		return
	}
	server := a.server
	a.server = nil
	over, cancel := context.WithCancel(context.Background())
	cancel()
	_ = server.Shutdown(over) // closes the socket, and waits for nobody
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), adminStopTimeout)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close()
		}
	}()
}
