package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// readyTimeout is how long a process may take until it serves.
	readyTimeout = 15 * time.Second
	// readyPause lies between two looks at whether it does.
	readyPause = 20 * time.Millisecond
	// spareDescriptors are for everything in a proxy but its clients: backends, logs, epoll.
	spareDescriptors = 4096
	// busyClients is the most clients that measureCPU has, rounded up.
	busyClients = 1024
)

// lab is the machine set up for measuring: programs found, origins running.
type lab struct {
	settings
	out, notes     io.Writer
	programs       map[string]string // paths, by name
	dir            string            // temporary; removed by close
	descriptors    int               // that a process may open
	origins        []netip.AddrPort
	originProcess  *process
	originLifeline *os.File // closing it ends the origins
	deployments    int
}

func openLab(ctx context.Context, s settings, withLoad bool, out, notes io.Writer) (_ *lab, err error) {
	l := &lab{settings: s, out: out, notes: notes}
	if err := l.findPrograms(ctx, withLoad); err != nil {
		return nil, err
	}
	l.noteCores()
	if l.descriptors, err = raiseDescriptorLimit(max(s.connections, busyClients) + spareDescriptors); err != nil {
		return nil, err
	}
	if l.dir, err = os.MkdirTemp("", "benchproxy-"); err != nil {
		return nil, err
	}
	if err := l.startOrigins(); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *lab) note(format string, args ...any) { fmt.Fprintf(l.notes, "NOTE: "+format+"\n", args...) }

// findPrograms drops the proxies that are not here, and says so.
func (l *lab) findPrograms(ctx context.Context, withLoad bool) error {
	needed := []string{"taskset"}
	if withLoad {
		needed = append(needed, "wrk")
	}
	rivals := slices.DeleteFunc(slices.Clone(l.proxies), func(p string) bool { return p == "lbctl" })
	var err error
	if l.programs, err = provide(ctx, append(needed, rivals...), l.install, l.notes); err != nil {
		return err
	}
	if file, err := filepath.Abs(l.lbctl); err == nil {
		if _, err := os.Stat(file); err == nil {
			l.programs["lbctl"] = file
		}
	}
	for _, name := range needed {
		if l.programs[name] == "" {
			return fmt.Errorf("nothing can be measured without %s", name)
		}
	}
	l.proxies = slices.DeleteFunc(l.proxies, func(p string) bool {
		if l.programs[p] == "" {
			l.note("%s IS NOT HERE: the comparison goes on without it", p)
			return true
		}
		return false
	})
	if len(l.proxies) == 0 {
		return errors.New("there is no proxy to measure")
	}
	return nil
}

func (l *lab) noteCores() {
	if n := runtime.NumCPU(); n < 2 {
		l.note("ONE CORE ONLY: proxy, origins and load generator share it; figures are worth little")
		l.loadCPUs = strconv.Itoa(l.proxyCPU)
	}
}

func (l *lab) startOrigins() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	lifelineEnd, lifeline, err := os.Pipe()
	if err != nil {
		return err
	}
	defer lifelineEnd.Close()
	l.originLifeline = lifeline
	addresses, addressesEnd, err := os.Pipe()
	if err != nil {
		return err
	}
	defer addresses.Close()
	l.originProcess, err = startProcess(start{
		name: "origins", cpus: l.loadCPUs, env: []string{"GOMAXPROCS=1"}, stdin: lifelineEnd, stdout: addressesEnd,
		said: filepath.Join(l.dir, "origins.stderr"), argv: []string{self, "origin"},
	})
	addressesEnd.Close()
	if err != nil {
		return err
	}
	if err := json.NewDecoder(bufio.NewReader(addresses)).Decode(&l.origins); err != nil {
		<-l.originProcess.ended
		return l.originProcess.lastWords("did not start")
	}
	return nil
}

func (l *lab) close() {
	if l.originLifeline != nil {
		l.originLifeline.Close()
	}
	if l.originProcess != nil {
		l.originProcess.stop()
	}
	if err := os.RemoveAll(l.dir); err != nil {
		l.note("%v", err)
	}
}

// deployed is a proxy that serves.
type deployed struct {
	*process
	deployment
	metrics bool // see product
}

// deploy starts a proxy on its core and returns once it answers as it should.
func (l *lab) deploy(ctx context.Context, name string, logged bool, connections int) (*deployed, error) {
	p := products[name]
	l.deployments++
	d := deployment{
		Dir:     filepath.Join(l.dir, fmt.Sprintf("%s-%d", name, l.deployments)),
		Origins: l.origins, Logged: logged,
		MaxConnections: connections + spareDescriptors/4, Descriptors: l.descriptors,
	}
	d.Log = filepath.Join(d.Dir, "access.log")
	if err := os.Mkdir(d.Dir, 0o700); err != nil {
		return nil, err
	}
	var err error
	if d.Address, d.Admin, err = freeAddresses(); err != nil {
		return nil, err
	}
	config, err := p.writeConfig(d)
	if err != nil {
		return nil, err
	}
	s := start{
		name: name, cpus: strconv.Itoa(l.proxyCPU), env: p.env, said: filepath.Join(d.Dir, "stderr"),
		argv: append([]string{l.programs[name]}, p.command(config)...),
	}
	if p.stdout && logged {
		if s.stdout, err = os.Create(d.Log); err != nil {
			return nil, err
		}
		defer s.stdout.Close()
	}
	started, err := startProcess(s)
	if err != nil {
		return nil, err
	}
	if err := awaitReady(ctx, started, d.Address); err != nil {
		started.stop()
		return nil, err
	}
	return &deployed{started, d, p.metrics}, nil
}

// freeAddresses returns two addresses on which nobody listens now.
func freeAddresses() (a, b netip.AddrPort, err error) {
	var free [2]netip.AddrPort
	for i := range free {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return a, b, err
		}
		defer l.Close()
		free[i] = l.Addr().(*net.TCPAddr).AddrPort()
	}
	return free[0], free[1], nil
}

// awaitReady waits until the proxy answers every body in full.
func awaitReady(ctx context.Context, p *process, address netip.AddrPort) error {
	deadline := time.Now().Add(readyTimeout)
	for {
		err := checkAnswers(ctx, address)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.ended:
			return p.lastWords(fmt.Sprintf("ended with %v", p.err))
		case <-time.After(readyPause):
		}
		if time.Now().After(deadline) {
			return p.lastWords(fmt.Sprintf("does not serve within %v: %v", readyTimeout, err))
		}
	}
}

func checkAnswers(ctx context.Context, address netip.AddrPort) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: readyTimeout}
	for _, b := range bodies {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address.String()+b.path(), nil)
		if err != nil {
			return err
		}
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		n, err := io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK || n != int64(b.bytes) {
			return errors.Join(fmt.Errorf("%s: status %d with %d bytes, expected 200 with %d", b.path(), answer.StatusCode, n, b.bytes), err)
		}
	}
	return nil
}

// mallocs returns how many objects a Go process has allocated so far, from its metrics.
func mallocs(ctx context.Context, admin netip.AddrPort) (float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin.String()+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: readyTimeout}
	answer, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("/metrics answers %s", answer.Status)
	}
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), "go_memstats_mallocs_total "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, errors.Join(errors.New("/metrics has no go_memstats_mallocs_total"), lines.Err())
}

// linesOf counts the lines of a file.
func linesOf(file string) (int, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	n := 0
	buffer := make([]byte, 1<<20)
	for {
		read, err := f.Read(buffer)
		n += strings.Count(string(buffer[:read]), "\n")
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return 0, err
		}
	}
}
