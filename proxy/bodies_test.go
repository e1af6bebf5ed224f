package proxy

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTrailerFillsBuffer: a trailer line of a request may be longer than the buffer.
func TestTrailerFillsBuffer(t *testing.T) {
	origin := scripted(t, func(_ int, c net.Conn, r *bufio.Reader) {
		head(r)
		_, _ = io.Copy(io.Discard, r)
	})
	s := start(t, limits("head_bytes: 4096, buffer_bytes: 4096, field_bytes: 1024, uri_bytes: 1024", calm, origin))
	c, r := dial(t, s)
	write(t, c, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: "+strings.Repeat("a", 20<<10))
	if status, _, err := reply(t, r); err != nil || status/100 != 4 {
		t.Errorf("status %d, %v; want a refusal", status, err)
	}
}

// TestAnswerTrailerFillsBuffer: and so may one of an answer.
func TestAnswerTrailerFillsBuffer(t *testing.T) {
	origin := scripted(t, func(_ int, c net.Conn, r *bufio.Reader) {
		head(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: "+strings.Repeat("a", 20<<10))
		_, _ = io.Copy(io.Discard, r)
	})
	s := start(t, limits("head_bytes: 4096, buffer_bytes: 4096, field_bytes: 1024, uri_bytes: 1024", calm, origin))
	c, r := dial(t, s)
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, _, err := reply(t, r); err == nil {
		t.Error("an answer that cannot be passed on looks whole")
	}
}

// TestStreamedPutIsNotSentAgain: of a body that was passed on as it came only the end is still there.
func TestStreamedPutIsNotSentAgain(t *testing.T) {
	again := make(chan string, 4)
	origin := scripted(t, func(n int, c net.Conn, r *bufio.Reader) {
		if n > 0 {
			again <- head(r)
			return
		}
		head(r)
		answerOK(c, "first")
		head(r)
		_, _ = io.CopyN(io.Discard, r, 1<<20)
	})
	s := start(t, yaml(calm, origin))
	c, r := dial(t, s)
	write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, body, err := reply(t, r); body != "first" {
		t.Fatal(body, err)
	}
	write(t, c, "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n")
	_, _ = c.Write(bytes.Repeat([]byte("b"), 1<<20))
	status, _, err := reply(t, r)
	if status != 502 {
		t.Errorf("status %d, %v; want 502", status, err)
	}
	select {
	case head := <-again:
		t.Errorf("sent again, though its body is no longer there:\n%s", head)
	default:
	}
}

// TestSwitchDuringUpload: two goroutines would read the client's socket.
func TestSwitchDuringUpload(t *testing.T) {
	got := make(chan string, 1)
	origin := scripted(t, func(_ int, c net.Conn, r *bufio.Reader) {
		head(r)
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n")
		all, _ := io.ReadAll(r)
		got <- string(all)
	})
	s := start(t, yaml(calm, origin))
	c, r := dial(t, s)
	write(t, c, "POST / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: foo\r\nContent-Length: 100000\r\n\r\nabc")
	status, _, err := reply(t, r)
	if err != nil || status != 502 {
		t.Errorf("status %d, %v; want 502: no protocol can begin before the request's end", status, err)
	}
}

// TestUploadBehindALongHead: the head leaves no room behind it, so the
// body has a buffer of its own; what comes after it must not be looked for in the
// common one. A backend that fails must not change that.
func TestUploadBehindALongHead(t *testing.T) {
	const buffer = 4096
	origin := scripted(t, func(n int, c net.Conn, r *bufio.Reader) {
		for {
			h := head(r)
			if h == "" {
				return
			}
			if strings.HasPrefix(h, "POST") {
				_, _ = io.CopyN(io.Discard, r, 3*buffer)
				if strings.HasPrefix(h, "POST /fail") {
					return
				}
			}
			answerOK(c, "x")
		}
	})
	s := start(t, limits("head_bytes: 4096, buffer_bytes: 4096, field_bytes: 4096, uri_bytes: 1024", calm, origin))
	for _, path := range []string{"/ok", "/fail"} {
		c, r := dial(t, s)
		request := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nX: ", path, 3*buffer)
		request += strings.Repeat("y", buffer-len(request)-len("\r\n\r\n")) + "\r\n\r\n"
		write(t, c, request)
		_, _ = io.WriteString(c, strings.Repeat("b", 3*buffer)+"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		status, _, err := reply(t, r)
		if want := map[string]int{"/ok": 200, "/fail": 502}[path]; status != want || err != nil {
			t.Errorf("%s: status %d, %v; want %d", path, status, err, want)
			continue
		}
		if status, _, err := reply(t, r); err == nil && status != 200 {
			t.Errorf("%s: the next request is answered with %d; want 200, or the end of the connection", path, status)
		}
	}
}

// certificate returns a configuration of TLS with a certificate for 127.0.0.1,
// and the files of a listener that has it too.
func certificate(t *testing.T) (conf *tls.Config, certFile, keyFile string) {
	t.Helper()
	o := httptest.NewTLSServer(nil)
	o.Close()
	pair := o.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, keyFile: {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &tls.Config{Certificates: o.TLS.Certificates, InsecureSkipVerify: true}, certFile, keyFile
}

// TestResetOverTLS: a client of HTTP/1.0 knows the end of an answer
// by the end of the connection alone.
func TestResetOverTLS(t *testing.T) {
	conf, certFile, keyFile := certificate(t)
	origin := scripted(t, func(_ int, c net.Conn, r *bufio.Reader) {
		head(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
	})
	text := strings.Replace(yaml(calm, origin), "address:", fmt.Sprintf("tls: {certificates: [{cert: %q, key: %q}]}, address:", certFile, keyFile), 1)
	s := start(t, text)
	plain, _ := dial(t, s)
	c := tls.Client(plain, conf)
	write(t, c, "GET / HTTP/1.0\r\nHost: x\r\n\r\n")
	if text, err := io.ReadAll(c); err == nil {
		t.Errorf("%q ends as if it were whole", text)
	}
}

// TestExtraBytesBehindAFullBuffer: the buffer ends where the answer does,
// and what comes after it waits inside of TLS, where no poll sees it.
func TestExtraBytesBehindAFullBuffer(t *testing.T) {
	const buffer = 4096
	conf, _, _ := certificate(t)
	conf.DynamicRecordSizingDisabled = true
	l, err := tls.Listen("tcp", "127.0.0.1:0", conf)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				r := bufio.NewReader(c)
				for head(r) != "" {
					top := "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
					body := strings.Repeat("x", buffer-len(fmt.Sprintf(top, buffer)))
					_, _ = fmt.Fprintf(c, top+"%sHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", len(body), body)
				}
			}()
		}
	}()
	s := start(t, limits("head_bytes: 4096, buffer_bytes: 4096, field_bytes: 4096, uri_bytes: 1024", calm+"    tls: {insecure_skip_verify: true}\n", "https://"+l.Addr().String()))
	c, r := dial(t, s)
	for range 2 {
		write(t, c, "POST / HTTP/1.1\r\nHost: x\r\n\r\n")
		if _, body, err := reply(t, r); err != nil || body == "poison" {
			t.Errorf("%.10q, %v", body, err)
		}
	}
}

// TestStrayBody: a backend that sends a body where there is none,
// as is a usual mistake, with a write of its own.
func TestStrayBody(t *testing.T) {
	stray := make(chan struct{})
	origin := scripted(t, func(_ int, c net.Conn, r *bufio.Reader) {
		for {
			h := head(r)
			switch {
			case h == "":
				return
			case strings.HasPrefix(h, "HEAD"):
				answer := "HTTP/1.1 200 OK\r\nContent-Length: 44\r\n\r\n"
				_, _ = io.WriteString(c, answer)
				<-stray
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
				stray <- struct{}{}
			default:
				answerOK(c, "good")
			}
		}
	})
	s := start(t, yaml(calm, origin))
	for range 20 {
		c, r := dial(t, s)
		write(t, c, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
		if res, err := http.ReadResponse(r, &http.Request{Method: "HEAD"}); err != nil || res.StatusCode != 200 {
			t.Fatal(res, err)
		}
		stray <- struct{}{}
		<-stray
		write(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		if _, body, err := reply(t, r); err != nil || body != "good" {
			t.Fatalf("%q, %v: another answer than the one asked for", body, err)
		}
	}
}
