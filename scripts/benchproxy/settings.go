package main

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// settings is what the environment may choose.
type settings struct {
	rounds      int      // ROUNDS: how often everything is measured
	seconds     int      // SECONDS_PER: how long one measurement lasts
	rows        []row    // ROWS: globs of rows, separated by commas
	proxies     []string // PROXIES: which, separated by commas
	proxyCPU    int      // PROXY_CPU: the core that the proxy has for itself
	loadCPUs    string   // LOAD_CPUS: the cores of the load generator and the origins, as taskset takes them
	install     bool     // INSTALL: may Debian packages be installed?
	connections int      // IDLE_CONNECTIONS: how many clients sit idle
	lbctl       string   // LBCTL: the binary
	quick       bool     // QUICK: one short round, to see that everything works
}

// The limits of settings. A week is longer than anybody waits.
const (
	maxRounds      = 1000
	maxSeconds     = 600
	maxCPU         = 4095
	maxConnections = 200_000
)

// proxyNames lists the proxies that are compared, lbctl first: ratios are lbctl's to the others'.
var proxyNames = []string{"lbctl", "haproxy", "nginx"}

// settingsFrom reads the settings from an environment and reports all mistakes at once.
func settingsFrom(getenv func(string) string) (settings, error) {
	e := environment{getenv: getenv}
	quick := e.flag("QUICK", false)
	rounds, seconds := 5, 4
	if quick {
		rounds, seconds = 1, 1
	}
	s := settings{
		rounds:      e.number("ROUNDS", rounds, 1, maxRounds),
		seconds:     e.number("SECONDS_PER", seconds, 1, maxSeconds),
		rows:        e.rows("ROWS"),
		proxies:     e.proxies("PROXIES"),
		proxyCPU:    e.number("PROXY_CPU", 0, 0, maxCPU),
		loadCPUs:    e.text("LOAD_CPUS", "1"),
		install:     e.flag("INSTALL", true),
		connections: e.number("IDLE_CONNECTIONS", 10_000, 1, maxConnections),
		lbctl:       e.text("LBCTL", "bin/lbctl"),
		quick:       quick,
	}
	return s, errors.Join(e.mistakes...)
}

// environment reads variables and collects what is wrong with them.
type environment struct {
	getenv   func(string) string
	mistakes []error
}

func (e *environment) mistake(format string, args ...any) {
	e.mistakes = append(e.mistakes, fmt.Errorf(format, args...))
}

func (e *environment) text(name, otherwise string) string {
	if v := e.getenv(name); v != "" {
		return v
	}
	return otherwise
}

func (e *environment) number(name string, otherwise, least, most int) int {
	v := e.text(name, strconv.Itoa(otherwise))
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most {
		e.mistake("%s=%s: expected a whole number from %d to %d", name, v, least, most)
	}
	return n
}

func (e *environment) flag(name string, otherwise bool) bool {
	v := e.text(name, strconv.FormatBool(otherwise))
	on, err := strconv.ParseBool(v)
	if err != nil {
		e.mistake("%s=%s: expected 1 or 0", name, v)
	}
	return on
}

func (e *environment) proxies(name string) []string {
	chosen := strings.Split(e.text(name, strings.Join(proxyNames, ",")), ",")
	for _, c := range chosen {
		if !slices.Contains(proxyNames, c) {
			e.mistake("%s: no proxy is called %q; there are %s", name, c, strings.Join(proxyNames, ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(proxyNames), func(p string) bool { return !slices.Contains(chosen, p) })
}

func (e *environment) rows(name string) []row {
	globs := strings.Split(e.text(name, "*"), ",")
	chosen := map[row]bool{}
	for _, g := range globs {
		found := false
		for _, r := range allRows() {
			if ok, err := path.Match(g, r.String()); ok && err == nil {
				chosen[r], found = true, true
			}
		}
		if !found {
			e.mistake("%s: %q is no row; there are %s", name, g, strings.Join(rowNames(), ", "))
		}
	}
	return slices.DeleteFunc(allRows(), func(r row) bool { return !chosen[r] })
}
