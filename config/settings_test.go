package config

import (
	"slices"
	"testing"
)

// TestSettings lists a pool in which other policies, too, have been tuned.
func TestSettings(t *testing.T) {
	p, err := decode(`pool:
  policy: {use: peak_ewma, peak_ewma: {decay: 90s}, p2c: {choices: 5}}
  health: {interval: 1500ms, jitter_pct: 2.5}
  slow_start: {window: 1m}
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []Setting{
		{"policy.use", "peak_ewma"},
		{"policy.peak_ewma.choices", "2"}, {"policy.peak_ewma.decay", "1m30s"}, {"policy.peak_ewma.default_rtt", "30ms"},
		{"health.enabled", "true"}, {"health.interval", "1.5s"}, {"health.timeout", "1s"}, {"health.jitter_pct", "2.5"},
		{"health.fall", "3"}, {"health.rise", "2"},
		{"slow_start.window", "1m"}, {"slow_start.min_weight_pct", "10"}, {"slow_start.aggression", "1"},
		{"panic_threshold_pct", "50"},
	}
	if got := p.Settings(); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// TestSettingsCanBeSet sets every policy's settings as overrides, and gets the same pool.
func TestSettingsCanBeSet(t *testing.T) {
	for _, name := range policyNames() {
		p, err := decode("pool: {policy: " + name + "}")
		if err != nil {
			t.Fatal(err)
		}
		var set []string
		for _, s := range p.Settings() {
			set = append(set, "pool."+s.Path+"="+s.Value)
		}
		again, err := decode("pool: {}", set...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, want := again.Settings(), p.Settings(); !slices.Equal(got, want) {
			t.Errorf("%s: got  %v\nwant %v", name, got, want)
		}
	}
}
