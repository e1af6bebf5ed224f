package scenarios

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lbctl/lbctl/lb"
)

// mustLoad loads a file of one scenario.
func mustLoad(t testing.TB, text string, set ...string) *Scenario {
	t.Helper()
	all, err := Load("test.yaml", []byte(text), LoadOptions{Set: set, ReadFile: files.ReadFile})
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

// plain is a scenario with a capacity of 100 requests a second.
func plain(arrivals string, more ...string) string {
	return "duration: 100s\narrivals: " + arrivals + "\nbackends: [{name: b}]\n" + strings.Join(more, "\n")
}

func times(a *Arrivals) []lb.Time {
	var out []lb.Time
	for {
		at, ok := a.Next()
		if !ok {
			return out
		}
		out = append(out, at)
	}
}

// TestMeanRates counts arrivals by span, over some seeds, and compares with the area under the
// rate: a Poisson count lies within 4 of its standard deviations, but for one in 15,000.
func TestMeanRates(t *testing.T) {
	type span struct {
		from, to int // seconds
		want     float64
	}
	for name, c := range map[string]struct {
		arrivals string
		spans    []span
	}{
		"constant":  {"{constant: {load_pct: 50}}", []span{{0, 10, 500}, {90, 100, 500}}},
		"poisson":   {"{poisson: {rate_rps: 70}}", []span{{0, 100, 7000}, {0, 10, 700}}},
		"ramp":      {"{ramp: {from: {rate_rps: 0}, to: {rate_rps: 100}, over: 50s}}", []span{{0, 10, 100}, {40, 50, 900}, {50, 100, 5000}}},
		"long ramp": {"{ramp: {from: {rate_rps: 100}, to: {rate_rps: 0}}}", []span{{0, 100, 5000}, {90, 100, 50}}},
		"steps":     {"{steps: [{at: 0s, rate_rps: 10}, {at: 20s, rate_rps: 0}, {at: 60s, load_pct: 200}]}", []span{{0, 20, 200}, {20, 60, 0}, {60, 100, 8000}}},
		"diurnal":   {"{diurnal: {mean: {rate_rps: 50}, amplitude_pct: 100, period: 40s}}", []span{{0, 40, 2000}, {15, 25, 50 * (10 + 40/math.Pi*math.Sin(math.Pi/4))}, {40, 80, 2000}}},
		"flash crowd": {
			"{flash_crowd: {base: {rate_rps: 10}, peak: {rate_rps: 110}, at: 10s, rise: 10s, hold: 20s, fall: 10s}}",
			[]span{{0, 10, 100}, {10, 20, 600}, {20, 40, 2200}, {40, 50, 600}, {50, 100, 500}},
		},
		"sudden crowd": {"{flash_crowd: {base: {rate_rps: 10}, peak: {rate_rps: 110}, at: 10s, hold: 10s}}", []span{{10, 20, 1100}, {20, 100, 800}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := mustLoad(t, plain(c.arrivals))
			const seeds = 20
			counts := make([]float64, len(c.spans))
			for seed := range uint64(seeds) {
				for _, at := range times(s.Model(seed).Arrivals()) {
					for i, sp := range c.spans {
						if at >= lb.Time(sp.from)*1e9 && at < lb.Time(sp.to)*1e9 {
							counts[i]++
						}
					}
				}
			}
			for i, sp := range c.spans {
				if want := sp.want * seeds; math.Abs(counts[i]-want) > 4*math.Sqrt(want)+1 {
					t.Errorf("%d s to %d s: %v arrivals in %d runs, want about %v", sp.from, sp.to, counts[i], seeds, want)
				}
			}
		})
	}
}

// TestInversionIsExact compares paced arrivals with the times at which the area under the rate reaches 1, 2, 3 …
func TestInversionIsExact(t *testing.T) {
	s := mustLoad(t, plain("{constant: {rate_rps: 8}}"))
	got := times(s.Model(1).Arrivals())
	if len(got) != 800 && len(got) != 799 {
		t.Errorf("got %d arrivals in 100 s at 8 a second", len(got))
	}
	for i, at := range got {
		if want := lb.Time(i+1) * 125e6; max(at-want, want-at) > 2 {
			t.Fatalf("arrival %d at %v, want %v", i, at, want)
		}
	}
	// A rate of 2t has the area t²: arrival n comes at √n seconds.
	a := &Arrivals{paced: true, until: 100e9, source: &pieces{all: []piece{{end: 100e9, from: 0, to: 200}}}}
	for i, at := range times(a) {
		if want := math.Sqrt(float64(i + 1)); math.Abs(at.Seconds()-want) > 1e-6 {
			t.Fatalf("arrival %d at %v s, want %v s", i, at.Seconds(), want)
		}
	}
}

// TestBursts checks that a modulated process has the mean of its states and counts that vary far
// more than a Poisson process's.
func TestBursts(t *testing.T) {
	s := mustLoad(t, plain("{mmpp: {states: [{rate_rps: 10, mean_stay: 3s}, {rate_rps: 210, mean_stay: 1s}]}}"))
	const seeds = 200
	var sum, squares float64
	for seed := range uint64(seeds) {
		n := float64(len(times(s.Model(seed).Arrivals())))
		sum += n
		squares += n * n
	}
	mean := sum / seeds
	variance := squares/seeds - mean*mean
	// Mean 60 a second. The rate has the variance ¼·¾·200² = 7500 and forgets at a rate of 1/3 + 1 a second,
	// so that counts over 100 s vary by 6000 + 2·7500·100/(4/3) ≈ 1.13e6: σ ≈ 1060 a run, 75 in the mean of 200.
	if math.Abs(mean-6000) > 300 {
		t.Errorf("%v arrivals in the mean, want about 6000", mean)
	}
	if variance < 0.5e6 || variance > 2e6 {
		t.Errorf("variance of the counts: %v, want about 1.1e6", variance)
	}
}

func TestArrivalsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []piece
		end := lb.Time(0)
		for range rapid.IntRange(1, 5).Draw(t, "pieces") {
			end += lb.Time(rapid.Int64Range(1e6, 2e9).Draw(t, "length"))
			all = append(all, piece{end: end, from: rapid.Float64Range(0, 1000).Draw(t, "from"), to: rapid.Float64Range(0, 1000).Draw(t, "to")})
		}
		load := &rated{paced: rapid.Bool().Draw(t, "paced"), day: rapid.Bool().Draw(t, "day"), pieces: all}
		if !load.day {
			load.pieces = append(load.pieces, steady(rapid.Float64Range(0, 100).Draw(t, "rest"))...)
		}
		until := time.Duration(rapid.Int64Range(1, 6e9).Draw(t, "until"))
		got := times(load.stream(1, until))
		last := lb.Time(0)
		for _, at := range got {
			if at < last || at >= lb.Time(until)+1 {
				t.Fatalf("arrival at %v after %v, end at %v", at, last, until)
			}
			last = at
		}
		want := load.expected(until)
		if diff := math.Abs(float64(len(got)) - want); load.paced && diff > 1.001 || diff > 6*math.Sqrt(want)+6 {
			t.Fatalf("%d arrivals, %v expected", len(got), want)
		}
	})
}

func TestArrivalsAreReproducible(t *testing.T) {
	s := mustLoad(t, plain("{mmpp: {states: [{rate_rps: 10, mean_stay: 3s}, {rate_rps: 210, mean_stay: 1s}]}}"))
	a, b, c := times(s.Model(7).Arrivals()), times(s.Model(7).Arrivals()), times(s.Model(8).Arrivals())
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Error("equal seeds gave different arrivals")
	}
	if fmt.Sprint(a) == fmt.Sprint(c) {
		t.Error("different seeds gave equal arrivals")
	}
}

func TestClosedLoop(t *testing.T) {
	m := mustLoad(t, plain("{closed_loop: {users: 5, think: {exponential: {mean: 2s}}}}")).Model(1)
	if m.Arrivals() != nil || m.Users() != 5 {
		t.Errorf("got arrivals %v and %d users, want none and 5", m.Arrivals(), m.Users())
	}
	sum := 0.0
	for n := range uint64(10000) {
		sum += m.Think(n).Seconds()
	}
	if mean := sum / 10000; math.Abs(mean-2) > 0.08 {
		t.Errorf("mean think time %v s, want 2 s", mean)
	}
	if got := mustLoad(t, plain("{closed_loop: {users: 5}}")).Model(1).Think(0); got != minThink {
		t.Errorf("think time without thinking: got %v, want %v", got, minThink)
	}
}

func BenchmarkArrivals(b *testing.B) {
	for _, arrivals := range []string{
		"{poisson: {rate_rps: 1000}}", "{constant: {rate_rps: 1000}}",
		"{diurnal: {mean: {rate_rps: 1000}, amplitude_pct: 50, period: 100s}}",
	} {
		b.Run(strings.TrimLeft(strings.SplitN(arrivals, ":", 2)[0], "{"), func(b *testing.B) {
			m := mustLoad(b, plain(arrivals)).Model(1)
			a := m.Arrivals()
			for b.Loop() {
				if _, ok := a.Next(); !ok {
					a = m.Arrivals()
				}
			}
		})
	}
}
