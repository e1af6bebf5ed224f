package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// generate runs wrk on the load generator's cores. Like startProcess, it belongs to the main goroutine.
func (l *lab) generate(ctx context.Context, target *deployed, r row, seconds int) (load, error) {
	cmd := exec.CommandContext(ctx, l.programs["taskset"], "-c", l.loadCPUs, l.programs["wrk"],
		"-t1", "-c"+strconv.Itoa(r.connections), fmt.Sprintf("-d%ds", seconds), "--timeout", "10s",
		"http://"+target.Address.String()+r.body.path())
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	said, err := cmd.CombinedOutput()
	if err != nil {
		return load{}, errors.Join(fmt.Errorf("wrk: %w", err), errors.New(strings.TrimSpace(string(said))))
	}
	return parseWrk(string(said))
}
