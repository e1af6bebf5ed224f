package scenarios

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func library(t testing.TB) []*Scenario {
	t.Helper()
	all, err := Library()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestLibraryLoads holds the built-in files to what every one of them must say.
func TestLibraryLoads(t *testing.T) {
	all := library(t)
	if len(Names(all)) < 16 {
		t.Errorf("%d scenarios", len(all))
	}
	for _, s := range all {
		file, _, _ := strings.Cut(s.Name, "/")
		if !slices.Contains(Builtins(), file) {
			t.Errorf("%s is not called after its file", s.Name)
		}
		first, rest, _ := strings.Cut(s.About, "\n")
		if !strings.HasSuffix(first, ".") && !strings.HasSuffix(first, "?") && !strings.HasSuffix(first, ":") || len(first) > 130 || len(rest) < 100 {
			t.Errorf("%s: about should open with a sentence of at most 130 characters, and go on with the source", s.Name)
		}
		if len(s.Expect) == 0 {
			t.Errorf("%s expects nothing", s.Name)
		}
		if len(s.Variants()) < 2 {
			t.Errorf("%s compares nothing", s.Name)
		}
		checkSubjects(t, s)
		checkSize(t, s)
	}
	if _, err := Builtin(Default, LoadOptions{}); err != nil {
		t.Error(err)
	}
}

// Names returns the names of scenarios.
func Names(all []*Scenario) []string {
	var out []string
	for _, s := range all {
		out = append(out, s.Name)
	}
	return out
}

// checkSubjects sees to it that no expectation goes unheard because nobody it is about takes part.
func checkSubjects(t *testing.T, s *Scenario) {
	for _, e := range s.Expect {
		policy := e.Policy
		if policy == "" {
			policy = s.Pool.Policy.Use
		}
		if !slices.ContainsFunc(s.Variants(), func(v Variant) bool { return v.Name == e.Variant || e.Variant == "" && v.Policy == policy }) {
			t.Errorf("%s: %q is about nobody", s.Name, e.Line)
		}
	}
}

// checkSize keeps the library fast enough to run as a whole.
func checkSize(t *testing.T, s *Scenario) {
	const most = 1_000_000
	n := 0.0
	switch load := s.load.(type) {
	case *rated:
		n = load.expected(s.Duration)
	case *replay:
		n = load.expected(s.Duration)
	}
	if n > most || s.Name == Default && n > 50_000 {
		t.Errorf("%s: %.0f requests a run", s.Name, n)
	}
}

// TestSourceRoundTrips loads what Source gives: the same scenario.
func TestSourceRoundTrips(t *testing.T) {
	all := append(library(t),
		mustLoad(t, mixed, "pool.policy.p2c.choices=3", "name=set"),
		mustLoad(t, mixed, "pool.policy=maglev", "pool.policy.p2c.choices=3", "name=shorthand"),
		mustLoad(t, plain("{poisson: {rate_rps: 1}}", "balancers: 3", "pool: {policy: maglev}"), "balancers.assign=client", "pool.policy.use=p2c", "pool.policy.p2c.choices=3"),
	)
	for _, s := range all {
		t.Run(s.Name, func(t *testing.T) {
			again, err := Load(s.Name+".yaml", []byte(s.Source()), LoadOptions{ReadFile: func(path string) ([]byte, error) {
				return files.ReadFile(path[strings.LastIndexByte(path, '/')+1:])
			}})
			if err != nil {
				t.Fatalf("%v\n%s", err, s.Source())
			}
			if len(again) != 1 || again[0].Source() != s.Source() {
				t.Fatalf("the second source differs:\n%s\nthe first was\n%s", again[0].Source(), s.Source())
			}
			sameBehaviour(t, s, again[0])
		})
	}
}

func sameBehaviour(t *testing.T, s, again *Scenario) {
	if again.Name != s.Name || again.Duration != s.Duration || again.Balancers != s.Balancers || again.Capacity() != s.Capacity() ||
		again.Pool.Policy.Use != s.Pool.Policy.Use || len(again.Expect) != len(s.Expect) || len(again.Variants()) != len(s.Variants()) {
		t.Errorf("got %+v, want %+v", again, s)
	}
	a, b := s.Model(5), again.Model(5)
	for n := range uint64(50) {
		if a.Request(n) != b.Request(n) || a.Balancer(n) != b.Balancer(n) {
			t.Fatalf("request %d differs", n)
		}
	}
	x, y := a.Arrivals(), b.Arrivals()
	for range 50 {
		p, ok1 := x.Next()
		q, ok2 := y.Next()
		if p != q || ok1 != ok2 {
			t.Fatalf("arrivals at %v and %v", p, q)
		}
	}
}

func TestCasesAndVariants(t *testing.T) {
	const text = `
duration: 10s
arrivals: {poisson: {rate_rps: 10}}
backends: [{name: b, count: 2}]
pool: {policy: {use: maglev, p2c: {choices: 5}}}
policies: [p2c, round_robin]
variants:
  - {name: slow, set: {"backends[0].speed": 0.5, pool.health.enabled: false}}
  - {name: wide, policy: {use: p2c, p2c: {choices: 7}}}
  - {name: plain-p2c, policy: p2c}
cases:
  - {name: low, set: {arrivals.poisson.rate_rps: 5, duration: 20s}}
  - {name: high, set: {arrivals: {constant: {rate_rps: 50}}}}
`
	all, err := Load("dir/two.yaml", []byte(text), LoadOptions{Set: []string{"duration=30s"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].Name != "two/low" || all[1].Name != "two/high" || all[0].Duration != 30*time.Second {
		t.Fatalf("got %+v", all)
	}
	if all[0].load.(*rated).peak() != 5 || !all[1].load.(*rated).paced {
		t.Error("cases should have their own arrivals")
	}
	var got []string
	for _, v := range all[0].Variants() {
		s := v.Scenario
		got = append(got, v.Name+" "+v.Policy+" "+s.Pool.Policy.Use)
		if slow := s.Model(1).Backends()[0].Speed == 0.5; slow != (v.Name == "slow") || s.Pool.Health.Enabled == slow {
			t.Errorf("variant %s: %+v", v.Name, s.Model(1).Backends()[0])
		}
	}
	want := []string{"p2c p2c p2c", "round_robin round_robin round_robin", "slow maglev maglev", "wide p2c p2c", "plain-p2c p2c p2c"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := all[0].PolicyVariants([]string{"p2c", "p2d"}); err == nil || !strings.Contains(err.Error(), `did you mean "p2c"`) {
		t.Errorf("an unknown policy: %v", err)
	}
	own := mustLoad(t, plain("{poisson: {rate_rps: 1}}")).Variants()
	if len(own) != 1 || own[0].Name != "p2c" {
		t.Errorf("nothing to compare: got %+v", own)
	}
}

func TestUnknownBuiltin(t *testing.T) {
	_, err := Builtin("one-slow-backed", LoadOptions{})
	if err == nil || !strings.Contains(err.Error(), `did you mean "one-slow-backend"`) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkLoad(b *testing.B) {
	text, err := BuiltinFile("prequal-rules")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Load("prequal-rules.yaml", text, LoadOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
