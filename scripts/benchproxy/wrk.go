package main

import (
	"errors"
	"fmt"
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
