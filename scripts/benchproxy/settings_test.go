package main

import (
	"slices"
	"testing"
)

func settingsOf(environment map[string]string) (settings, error) {
	return settingsFrom(func(name string) string { return environment[name] })
}

func TestSettingsDefaults(t *testing.T) {
	s, err := settingsOf(nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.rounds != 5 || !s.install || s.quick || s.connections != 10_000 || len(s.rows) != 8 || !slices.Equal(s.proxies, proxyNames) {
		t.Errorf("%+v", s)
	}
	quick, err := settingsOf(map[string]string{"QUICK": "1"})
	if err != nil || quick.rounds != 1 || quick.seconds != 1 {
		t.Errorf("%+v, %v", quick, err)
	}
}

func TestSettingsChoose(t *testing.T) {
	s, err := settingsOf(map[string]string{"ROWS": "*-log,h1-c64-128B", "PROXIES": "nginx,lbctl", "ROUNDS": "7", "QUICK": "1"})
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, r := range s.rows {
		rows = append(rows, r.String())
	}
	// In the order of the table, whatever order they are chosen in.
	if want := []string{"h1-c64-128B", "h1-c64-128B-log", "h1-c64-16KiB-log", "h1-c256-128B-log", "h1-c256-16KiB-log"}; !slices.Equal(rows, want) {
		t.Errorf("rows %v", rows)
	}
	if !slices.Equal(s.proxies, []string{"lbctl", "nginx"}) || s.rounds != 7 {
		t.Errorf("%+v", s)
	}
}

func TestSettingsMistakesAllAtOnce(t *testing.T) {
	_, err := settingsOf(map[string]string{"ROUNDS": "0", "SECONDS_PER": "1.5", "PROXIES": "traefik", "ROWS": "h2-*", "INSTALL": "maybe"})
	const want = `ROUNDS=0: expected a whole number from 1 to 1000
SECONDS_PER=1.5: expected a whole number from 1 to 600
ROWS: "h2-*" is no row; there are h1-c64-128B, h1-c64-128B-log, h1-c64-16KiB, h1-c64-16KiB-log, h1-c256-128B, h1-c256-128B-log, h1-c256-16KiB, h1-c256-16KiB-log
PROXIES: no proxy is called "traefik"; there are lbctl, haproxy, nginx
INSTALL=maybe: expected 1 or 0`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}
