package scenarios

import (
	"testing"

	"github.com/lbctl/lbctl/lb"
)

// FuzzLoad holds Load to its promise for whatever it is given: errors, or scenarios whose models answer.
func FuzzLoad(f *testing.F) {
	for _, name := range Builtins() {
		text, err := BuiltinFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, "pool.policy.p2c.choices=3")
	}
	f.Add([]byte(mixed), "faults=[{backend: near, pauses: {every: 3s, lasting: 1ms}}]")
	f.Add([]byte("duration: 1s\narrivals: {replay: {file: access-log.csv, format: csv}}\nbackends: [{name: b}]"), "arrivals.replay.speedup=1e9")
	f.Fuzz(func(t *testing.T, text []byte, set string) {
		all, err := Load("fuzz.yaml", text, LoadOptions{Set: []string{set}, ReadFile: files.ReadFile})
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without a word")
			}
			return
		}
		for _, s := range all {
			for _, v := range s.Variants() {
				try(t, v.Scenario)
			}
		}
	})
}

// try asks a model a few questions.
func try(t *testing.T, s *Scenario) {
	m := s.Model(1)
	for n := range uint64(3) {
		if r := m.Request(n); r.Demand < 0 || r.Demand > MaxDemand || r.Class >= len(s.Classes()) {
			t.Fatalf("request %d: %+v", n, r)
		}
		if b := m.Balancer(n); b < 0 || b >= s.Balancers {
			t.Fatalf("request %d: balancer %d of %d", n, b, s.Balancers)
		}
		if d := m.Network(s.Balancers-1, len(m.Backends())-1, n); d < 0 {
			t.Fatalf("request %d: a delay of %v", n, d)
		}
		m.Backoff(n, MaxRetries)
		if m.Users() > 0 {
			m.Think(n)
		}
	}
	if a := m.Arrivals(); a != nil {
		last := lb.Time(0)
		for range 3 {
			at, ok := a.Next()
			if ok && (at < last || at > lb.Time(s.Duration)) {
				t.Fatalf("an arrival at %v after one at %v", at, last)
			}
			last = at
		}
	}
	timeline := m.Timeline(0)
	for range 3 {
		if _, c, ok := timeline.Next(); ok && (c.Speed < 0 || c.Free < 0 || c.ErrorPct > 100.001 || c.ResetPct > 100.001) {
			t.Fatalf("condition %+v", c)
		}
	}
	if s.Pool.LB(s.Balancers).Policy == nil || s.Source() == "" {
		t.Fatal("no pool, or no source")
	}
}
