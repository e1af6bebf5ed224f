package sim

import (
	"encoding/csv"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// unit is the mean service time of all theory cases: theory.csv counts time in it.
const unit = 10 * time.Millisecond

// The figures of a case, by column of theory.csv.
var figures = []string{"W", "p50", "p90", "p99", "lost_pct", "rate"}

// theoryCase is a row of theory.csv and the system that stands for it.
type theoryCase struct {
	name  string
	model string
	want  map[string]float64 // by figure; what theory does not give is absent
	system
}

// system is what a theory case looks like in a scenario. Rates are per unit of time, of the whole system.
type system struct {
	arrivals  string
	classes   string
	backends  string
	policy    string
	balancers int
	rate      float64 // of arrivals; in a closed loop what theory expects

	per          float64 // backends by which the rate in theory.csv is divided
	settle       float64 // units of time until the system has forgotten that it started empty
	counted      float64 // millions of requests, in all replications together
	replications int
	tight        float64 // W must be known by this, relative
	above        float64 // by how much it may be slower than theory.csv, relative, for the reasons given
	heavy        float64 // E[S²] in units², for demands whose tail makes W's variance large or infinite; else 0
}

// The demands, all of mean 1 unit.
const (
	demandExponential   = "[{demand: {exponential: {mean: 10ms}}}]"
	demandDeterministic = "[{demand: 10ms}]"
	demandLognormal     = "[{demand: {lognormal: {mean: 10ms, sigma: 1}}}]"
	demandPareto        = "[{demand: {pareto: {mean: 10ms, alpha: 2.5}}}]"
	demandBimodal       = "[{demand: {bimodal: {small: 5ms, large: 55ms, large_pct: 10}}}]"
	// A normal variable with sigma = mu that is cut at 0 has the mean mu·(1 + φ(1)/Φ(1)) = 1.2876 mu.
	demandNormal = "[{demand: {normal: {mean: 7.766382ms, sigma: 7.766382ms}}}]"
	demandH2     = "[{name: short, share_pct: 90, demand: {exponential: {mean: 5ms}}}, {name: long, share_pct: 10, demand: {exponential: {mean: 55ms}}}]"
)

// What stands for infinitely many backends. Finitely many are slower by O(1/n): with 1000, JSQ(2) at 0.9 takes
// 2.620 ± 0.017 instead of 2.614.
const (
	crowd        = 1000
	crowdJIQ     = 300 // fewer, since each of the many balancers holds them all
	finiteJSQ    = 0.005
	finiteJSQ095 = 0.01
	staleReports = 0.03
)

// systemOf reads the model column.
func systemOf(model string) (s system, ok bool) {
	var c, k, n int
	var rho, think float64
	is := func(format string, args ...any) bool {
		read, err := fmt.Sscanf(model, format, args...)
		return err == nil && read == len(args)
	}
	switch {
	case is("M/M/%d/%d rho=%g", &c, &k, &rho):
		s = station(c, rho, demandExponential, 1)
		s.backends = fmt.Sprintf("[{name: b, slots: %d, queue: %d}]", c, k-c)
		s.settle, s.counted, s.tight = 200, 0.7, 0.025
	case is("M/M/%d rho=%g", &c, &rho):
		s = station(c, rho, demandExponential, 1)
	case is("M/D/1 rho=%g", &rho):
		s = station(1, rho, demandDeterministic, 0)
	case is("M/G/1 lognormal sigma=1 rho=%g", &rho):
		s = station(1, rho, demandLognormal, 1.72)
		s.heavy, s.tight = 2.718282, 1.5*s.tight
	case is("M/G/1 Pareto alpha=2.5 rho=%g", &rho):
		s = station(1, rho, demandPareto, 0.8)
		s.heavy, s.tight = 1.8, 1.8*s.tight
	case is("M/G/1 normal sigma=mu cut at 0 rho=%g", &rho):
		s = station(1, rho, demandNormal, 0.4)
	case is("M/G/1 bimodal 90%%:0.5 10%%:5.5 rho=%g", &rho):
		s = station(1, rho, demandBimodal, 2.25)
		s.tight *= 1.5
	case is("M/H2/1 90%%:0.5 10%%:5.5 rho=%g", &rho):
		s = station(1, rho, demandH2, 5.5)
		s.counted, s.tight = 2*s.counted, 2*s.tight
	case is("M/H2/1-PS 90%%:0.5 10%%:5.5 rho=%g", &rho):
		s = station(1, rho, demandH2, 5.5)
		s.backends = "[{name: b, discipline: ps}]"
		s.counted, s.tight = 1.5*s.counted, 2*s.tight
	case is("D/M/1 rho=%g", &rho):
		s = station(1, rho, demandExponential, 1)
		s.arrivals = paced("constant", s.rate)
	case is("round robin to %d x M/M/1 rho=%g", &n, &rho):
		s = pool(n, rho, "round_robin")
	case is("join the shorter of %d x M/M/1 rho=%g", &n, &rho):
		s = pool(n, rho, "least_connections")
	case is("JSQ(%d) n->inf rho=%g", &c, &rho):
		s = pool(crowd, rho, fmt.Sprintf("{use: p2c, p2c: {choices: %d}}", c))
		s.per, s.settle, s.replications, s.counted, s.above = crowd, 7/(1-rho), 20, 1.6, finiteJSQ
		if rho > 0.9 {
			s.counted, s.above = 2, finiteJSQ095
		}
	case is("JIQ-Random r=%d n->inf rho=%g", &c, &rho):
		s = pool(crowdJIQ, rho, "{use: join_idle_queue, join_idle_queue: {source: reports}}")
		s.balancers, s.per, s.settle, s.replications, s.counted = crowdJIQ/c, crowdJIQ, 5/(1-rho), 20, 2
		// The formula leaves out that an idle backend's report goes stale when another balancer's random draw
		// hits it. With 2000 backends that makes W 2.4% longer at r = 20, rho = 0.8.
		s.above = staleReports
	case is("random split 1:3 blind to speed rho=%g", &rho):
		s = split(rho, 2*rho, "random")
	case is("random split 1:3 by speed rho=%g", &rho):
		s = split(rho, rho, "weighted_random")
	case is("closed N=%d Z=%g c=%d", &n, &think, &c):
		s = closed(n, think, c)
	default:
		return system{}, false
	}
	return s, true
}

// paced returns an arrivals block of the given rate per unit.
func paced(pattern string, rate float64) string {
	return fmt.Sprintf("{%s: {rate_rps: %.9f}}", pattern, rate/unit.Seconds())
}

// station is one backend of c slots. scv tells how demands vary.
func station(c int, rho float64, classes string, scv float64) system {
	rate := float64(c) * rho
	return system{
		arrivals: paced("poisson", rate), classes: classes, backends: fmt.Sprintf("[{name: b, slots: %d}]", c), policy: "random",
		balancers: 1, rate: rate, per: 1, settle: settling(rho, scv) / float64(c), replications: 40,
		counted: budget(rho), tight: tightness(rho),
	}
}

// settling is some five times the relaxation time of M/G/1, (1+scv)/2/(1−√ρ)² ≈ 2(1+scv)/(1−ρ)² units.
func settling(rho, scv float64) float64 { return 10 * (1 + scv) / ((1 - rho) * (1 - rho)) }

// tightness is how well W must be known: as well as a change of the rate of service by 0.75% moves it, which is
// 0.75%/(1−ρ) where queueing dominates; at best 2.5%.
func tightness(rho float64) float64 { return max(0.025, 0.0075/(1-rho)) }

// budget is the millions of requests that this takes for M/M/1.
func budget(rho float64) float64 {
	switch {
	case rho <= 0.5:
		return 0.6
	case rho <= 0.7:
		return 2
	case rho <= 0.8:
		return 3.2
	case rho <= 0.9:
		return 3.5
	}
	return 4.5
}

// pool is n backends of one slot.
func pool(n int, rho float64, policy string) system {
	s := station(1, rho, demandExponential, 1)
	s.backends, s.policy = fmt.Sprintf("[{name: b, count: %d}]", n), policy
	s.rate *= float64(n)
	s.arrivals = paced("poisson", s.rate)
	return s
}

// split is two backends of speeds 1 and 3, the busier of which has the load top.
func split(rho, top float64, policy string) system {
	s := station(1, top, demandExponential, 1)
	s.backends, s.policy = "[{name: slow, weight: 1}, {name: fast, speed: 3, weight: 3}]", policy
	s.rate = 4 * rho
	s.arrivals = paced("poisson", s.rate)
	s.tight *= 1.3 // the slow one has few of the requests
	return s
}

// closed is n users who think for think units in the mean.
func closed(n int, think float64, c int) system {
	s := station(c, 0.5, demandExponential, 1)
	s.settle, s.counted = 200, 0.8
	s.arrivals = fmt.Sprintf("{closed_loop: {users: %d, think: {exponential: {mean: %v}}}}", n, time.Duration(think*float64(unit)))
	return s
}

// yaml writes the scenario for so many requests counted in one replication.
func (s *system) yaml(name string, counted float64) string {
	warmup := s.settle * unit.Seconds()
	return fmt.Sprintf(`
name: %s
duration: %.6fs
warmup: %.6fs
balancers: %d
arrivals: %s
clients: {deadline: 0s}
classes: %s
backends: %s
pool: {policy: %s, health: {enabled: false}}
`, name, warmup+counted/s.rate*unit.Seconds(), warmup, s.balancers, s.arrivals, s.classes, s.backends, s.policy)
}

// theoryCases reads crosscheck/theory.csv.
func theoryCases(t *testing.T) []*theoryCase {
	t.Helper()
	f, err := os.Open("crosscheck/theory.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	var out []*theoryCase
	for _, row := range rows[1:] {
		c := &theoryCase{name: row[column["name"]], model: row[column["model"]], want: map[string]float64{}}
		var ok bool
		if c.system, ok = systemOf(c.model); !ok {
			t.Fatalf("%s: no scenario is known for the model %q", c.name, c.model)
		}
		for _, fig := range figures {
			if text := strings.TrimSpace(row[column[fig]]); text != "" {
				if c.want[fig], err = strconv.ParseFloat(text, 64); err != nil {
					t.Fatalf("%s: %s: %v", c.name, fig, err)
				}
			}
		}
		if strings.HasPrefix(c.model, "closed") {
			c.rate = c.want["rate"]
		}
		out = append(out, c)
	}
	return out
}
