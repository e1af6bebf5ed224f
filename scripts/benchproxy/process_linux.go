package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stopTimeout is how long a process may take to end when asked to, before it is killed.
const stopTimeout = 10 * time.Second

// process is a program that was started here, with all processes that it started itself.
type process struct {
	name  string
	group int           // id of the process group, which is its own
	ended chan struct{} // closed when the program has ended
	err   error         // how; valid once ended is closed
	said  string        // file of what it said on standard error
}

// start describes a process to be started.
type start struct {
	name   string
	cpus   string   // which cores, as taskset takes them
	env    []string // beyond the environment of this process
	stdin  *os.File // nil: empty
	stdout *os.File // nil: together with standard error
	said   string   // file for standard error
	argv   []string
}

// startProcess must be called from the main goroutine, see init.
func startProcess(s start) (*process, error) {
	said, err := os.Create(s.said)
	if err != nil {
		return nil, err
	}
	defer said.Close()
	argv := append([]string{"taskset", "-c", s.cpus}, s.argv...)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), s.env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = nil, said, said
	if s.stdin != nil {
		cmd.Stdin = s.stdin
	}
	if s.stdout != nil {
		cmd.Stdout = s.stdout
	}
	// A group of its own: an interrupt from the terminal reaches this process alone, which then stops
	// the others in order, and CPU time can be summed over the group.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	p := &process{name: s.name, group: cmd.Process.Pid, ended: make(chan struct{}), said: s.said}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// stop ends the process and waits for it.
func (p *process) stop() {
	p.signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(stopTimeout):
		p.signal(syscall.SIGKILL)
		<-p.ended
	}
}

// signal reaches the whole group, unless its leader has ended: the group's id may be another's then.
func (p *process) signal(s syscall.Signal) {
	select {
	case <-p.ended:
	default:
		_ = syscall.Kill(-p.group, s)
	}
}

// lastWords returns an error with the end of what the process said.
func (p *process) lastWords(what string) error {
	text, err := os.ReadFile(p.said)
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %s", p.name, what), err)
	}
	lines := strings.Split(strings.TrimSpace(string(bytes.ToValidUTF8(text, nil))), "\n")
	const few = 10
	return fmt.Errorf("%s: %s; it said:\n  %s", p.name, what, strings.Join(lines[max(0, len(lines)-few):], "\n  "))
}

// raiseDescriptorLimit lets this process, and those that it starts, open so many files, or as many as
// the system allows. It returns how many that is.
func raiseDescriptorLimit(wanted int) (int, error) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, err
	}
	if n := uint64(wanted); l.Max < n {
		// Root may raise the hard limit too.
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: n, Max: n}) == nil {
			return wanted, nil
		}
	}
	// Set explicitly even if it is high enough: the Go runtime raises its own limit, and gives the
	// processes that it starts the lower one back unless told.
	l.Cur = min(l.Max, uint64(wanted))
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, fmt.Errorf("ulimit -n %s: %w", strconv.FormatUint(l.Cur, 10), err)
	}
	return int(l.Cur), nil
}
