package scenarios

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/lbctl/lbctl/config"
	"github.com/lbctl/lbctl/config/strict"
)

// compile makes a scenario of a file that is sound.
func (l *loader) compile(f *file, doc *strict.Document, caseName string) *Scenario {
	s := &Scenario{
		Name: f.name(l.file), About: strings.TrimSpace(f.About), Duration: f.Duration, Warmup: time.Duration(f.Warmup),
		Seed: f.Seed, Seeds: f.Seeds, Balancers: f.Balancers.Count, Pool: f.Pool, Expect: f.Expect,
	}
	if caseName != "" {
		s.Name += "/" + caseName
	}
	for _, p := range f.Policies {
		s.Policies = append(s.Policies, string(p))
	}
	s.behaviour = f.behaviour()
	s.changes = f.changes()
	s.settled = f.stationary()
	s.yaml = sourceText(doc, s.Name)
	l.compileLoad(f, s)
	return s
}

// name returns the file's name for the scenario, or that of the file.
func (f *file) name(file string) string {
	if f.Name != "" {
		return f.Name
	}
	base := filepath.Base(file)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

func (f *file) behaviour() behaviour {
	classes, shares := f.Classes.compile(f.Clients.Deadline)
	b := behaviour{
		classes:  classes,
		shares:   shares,
		classOf:  newChooser(shares),
		clients:  newZipf(f.Clients.Count, f.Clients.Zipf),
		byClient: f.Balancers.Assign == "client",
		retries:  f.Clients.Retries.compile(),
		backends: f.Backends.compile(),
		network:  f.Network.compile(&f.Balancers, f.Backends),
	}
	b.noNetwork = b.network.isNone()
	b.faults = f.compileFaults(len(b.backends))
	return b
}

func (f *file) compileFaults(backends int) [][]fault {
	out := make([][]fault, backends)
	for i := range f.Faults {
		hit := make([]bool, backends)
		for _, s := range f.Faults[i].Backend.all {
			if err := s.resolve(f.Backends, hit); err != nil {
				panic("scenarios: a selector was not checked: " + err.Error())
			}
		}
		for b := range hit {
			if hit[b] {
				out[b] = append(out[b], f.Faults[i].compile(i, b))
			}
		}
	}
	return out
}

// compileLoad compiles the arrivals.
func (l *loader) compileLoad(f *file, s *Scenario) {
	switch a := &f.Arrivals; {
	case a.ClosedLoop != nil:
		s.users, s.think = a.ClosedLoop.Users, a.ClosedLoop.Think.dist()
	case a.Replay != nil:
		log, err := l.accessLog(a.Replay, f.Classes)
		if err != nil {
			panic("scenarios: a log was not checked: " + err.Error())
		}
		s.log, s.load = log, a.Replay.compile(log)
	default:
		s.load = a.rated(s.Capacity(), s.Duration)
	}
}

// variant returns a variant that differs in the policy alone.
func (s *Scenario) variant(name string, pool config.Pool) Variant {
	v := *s
	v.Pool, v.variants = pool, nil
	return Variant{Name: name, Policy: pool.Policy.Use, Scenario: &v}
}

// PolicyVariants returns what is compared when policies are asked for by name: s with each
// of them, with the parameters that its pool: gives. The error names the nearest policy.
func (s *Scenario) PolicyVariants(names []string) ([]Variant, error) {
	var out []Variant
	for _, n := range names {
		pool, err := s.Pool.WithPolicy(n)
		if err != nil {
			return nil, err
		}
		out = append(out, s.variant(n, pool))
	}
	return out, nil
}
