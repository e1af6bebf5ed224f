package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// load is what a run of wrk did.
type load struct {
	requests int
	took     time.Duration
}

// generate runs wrk on the load generator's cores.
func (l *lab) generate(ctx context.Context, target *deployed, r row, seconds int) (load, error) {
	cmd := exec.CommandContext(ctx, l.programs["taskset"], "-c", l.loadCPUs, l.programs["wrk"],
		"-t1", "-c"+strconv.Itoa(r.connections), fmt.Sprintf("-d%ds", seconds), "--timeout", "10s",
		"http://"+target.Address.String()+r.body.path())
	said, err := cmd.CombinedOutput()
	if err != nil {
		return load{}, errors.Join(fmt.Errorf("wrk: %w", err), errors.New(strings.TrimSpace(string(said))))
	}
	return parseWrk(string(said))
}

var (
	wrkRequests = regexp.MustCompile(`(?m)^\s*(\d+) requests in ([0-9.]+)(us|ms|s|m|h),`)
	wrkTrouble  = regexp.MustCompile(`(?m)^\s*(Socket errors:.*|Non-2xx or 3xx responses:.*)$`)
)

// parseWrk reads wrk's report. A single failed request makes it an error: a proxy that refuses is fast.
func parseWrk(said string) (load, error) {
	found := wrkRequests.FindStringSubmatch(said)
	if found == nil {
		return load{}, fmt.Errorf("wrk's report is not understood: %q", said)
	}
	requests, err := strconv.Atoi(found[1])
	if err != nil {
		return load{}, fmt.Errorf("wrk's report: %w", err)
	}
	took, err := time.ParseDuration(found[2] + found[3])
	if err != nil {
		return load{}, fmt.Errorf("wrk's report: %w", err)
	}
	if trouble := wrkTrouble.FindAllString(said, -1); trouble != nil {
		return load{}, fmt.Errorf("requests failed: %s", strings.Join(strings.Fields(strings.Join(trouble, "; ")), " "))
	}
	if requests == 0 || took <= 0 {
		return load{}, errors.New("wrk did no requests")
	}
	return load{requests, took}, nil
}
