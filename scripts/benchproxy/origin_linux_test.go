package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
)

// startTestOrigins returns the addresses of origins that live as long as the test.
func startTestOrigins(t *testing.T) []netip.AddrPort {
	t.Helper()
	lifelineEnd, lifeline, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	said, addressesEnd := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- serveOrigins(lifelineEnd, addressesEnd)
		lifelineEnd.Close()
	}()
	t.Cleanup(func() {
		lifeline.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	var addresses []netip.AddrPort
	if err := json.NewDecoder(said).Decode(&addresses); err != nil {
		t.Fatal(err)
	}
	if len(addresses) != origins {
		t.Fatalf("%d origins, want %d", len(addresses), origins)
	}
	return addresses
}

func dialOrigin(t *testing.T, a netip.AddrPort) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp4", a.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

func expectAnswer(t *testing.T, r *bufio.Reader, status, bytesOfBody int) {
	t.Helper()
	answer, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != status || len(body) != bytesOfBody || answer.Close {
		t.Fatalf("status %d with %d bytes, closing %t, error %v; want %d with %d, kept", answer.StatusCode, len(body), answer.Close, err, status, bytesOfBody)
	}
}

func TestOriginAnswersOnEveryAddress(t *testing.T) {
	for _, a := range startTestOrigins(t) {
		conn, r := dialOrigin(t, a)
		for _, b := range bodies {
			io.WriteString(conn, "GET "+b.path()+" HTTP/1.1\r\nHost: a\r\n\r\n")
			expectAnswer(t, r, http.StatusOK, b.bytes)
		}
		io.WriteString(conn, "GET /health HTTP/1.0\r\n\r\nGET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
		expectAnswer(t, r, http.StatusOK, 0)
		expectAnswer(t, r, http.StatusNotFound, 0)
	}
}

// TestOriginHeadInPieces has the end of a head, and the beginning of the next, cut anywhere.
func TestOriginHeadInPieces(t *testing.T) {
	const head = "GET /128B HTTP/1.1\r\nHost: a\r\n\r\n"
	addresses := startTestOrigins(t)
	for cut := range head {
		conn, r := dialOrigin(t, addresses[0])
		if tcp := conn.(*net.TCPConn); tcp.SetNoDelay(true) != nil {
			t.Fatal("no TCP_NODELAY")
		}
		io.WriteString(conn, head+head[:cut])
		expectAnswer(t, r, http.StatusOK, 128) // so that the piece has arrived
		io.WriteString(conn, head[cut:])
		expectAnswer(t, r, http.StatusOK, 128)
	}
}

// TestOriginWaitsForSlowReaders asks for more than sockets hold before it reads anything.
func TestOriginWaitsForSlowReaders(t *testing.T) {
	conn, r := dialOrigin(t, startTestOrigins(t)[0])
	const asked = 1000 // 16 MB of answers
	go io.WriteString(conn, strings.Repeat("GET /16KiB HTTP/1.1\r\nHost: a\r\n\r\n", asked))
	for range asked {
		expectAnswer(t, r, http.StatusOK, 16<<10)
	}
}

func TestOriginNeedsAPipe(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := serveOrigins(file, io.Discard); err == nil || !strings.Contains(err.Error(), "must be a pipe") {
		t.Fatalf("error %v", err)
	}
}
