package sim

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/lbctl/lbctl/lb/stats"
	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// falseAlarm is the chance that a simulator that is right fails the whole table, were the seeds drawn
// anew. Each of the table's n checks has an n-th of it (Bonferroni), as t intervals over replications.
const falseAlarm = 1e-4

// quantileTightness is how much wider than W's a quantile's interval may be.
const quantileTightness = 3

// check is one figure of a case: what theory expects and what was simulated.
type check struct {
	figure          string
	want, got, half float64
	below, above    float64 // the expectation may be off by this much
	tight           float64 // half may be this much, relative to want; 0: any
}

// holds says whether the expectation, with its allowances, meets the interval.
func (c *check) holds() bool {
	return c.got+c.half >= c.want-c.below && c.got-c.half <= c.want+c.above
}

// sharp says whether the interval is so narrow that the check means something.
func (c *check) sharp() bool { return c.tight == 0 || c.half <= c.tight*c.want }

// TestTheory holds the simulator to queueing theory, as crosscheck/theory.csv has it from GNU Octave. With -v it
// prints the table. -short leaves out the cases that need more than a million requests.
func TestTheory(t *testing.T) {
	if raceDetector {
		t.Skip("a matter of numbers, not of races")
	}
	cases := theoryCases(t)
	alarm := falseAlarm / float64(countChecks(cases))
	results := make([][]check, len(cases))
	t.Run("case", func(t *testing.T) {
		for i, c := range cases {
			if testing.Short() && c.counted > 1 {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				results[i] = c.simulate(t, c.system, alarm)
				for _, k := range results[i] {
					k.report(t)
				}
			})
		}
	})
	t.Logf("%d checks, false alarms %g in all\n%s", countChecks(cases), falseAlarm, theoryTable(cases, results))
}

func (c *check) report(t *testing.T) {
	t.Helper()
	if !c.holds() {
		t.Errorf("%s: simulated %.5g ± %.2g, theory says %.5g", c.figure, c.got, c.half, c.want)
	}
	if !c.sharp() {
		t.Errorf("%s: the interval of ±%.1f%% is too wide to mean anything, want ±%.1f%%", c.figure, 100*c.half/c.want, 100*c.tight)
	}
}

// TestTheoryCatches has the table's checks look at simulators that are wrong: backends that are 3% slower or
// faster than they should be, and a policy that sees less than it should.
func TestTheoryCatches(t *testing.T) {
	if raceDetector {
		t.Skip("a matter of numbers, not of races")
	}
	cases := map[string]*theoryCase{}
	all := theoryCases(t)
	for _, c := range all {
		cases[c.name] = c
	}
	for _, wrong := range []struct{ name, in, from, to string }{
		{"mm1-0.5", "backends", "{name: b,", "{name: b, speed: 0.97,"},
		{"mm1-0.5", "backends", "{name: b,", "{name: b, speed: 1.03,"},
		{"md1-0.5", "backends", "{name: b,", "{name: b, speed: 0.97,"},
		{"ps-mh1-0.5", "backends", "discipline: ps", "discipline: fifo"},
		{"mm1k5-0.8", "backends", "queue: 4", "queue: 5"},
		{"mg1-normal-0.5", "classes", "sigma: 7.766382ms", "sigma: 7.2ms"},
		{"jsq5-0.9", "policy", "choices: 5", "choices: 4"},
	} {
		t.Run(wrong.name+" "+wrong.to, func(t *testing.T) {
			t.Parallel()
			c := cases[wrong.name]
			s := c.system
			part := map[string]*string{"backends": &s.backends, "classes": &s.classes, "policy": &s.policy}[wrong.in]
			right := *part
			if *part = strings.Replace(right, wrong.from, wrong.to, 1); *part == right {
				t.Fatalf("%q has no %q", right, wrong.from)
			}
			for _, k := range c.simulate(t, s, falseAlarm/float64(countChecks(all))) {
				if !k.holds() {
					return
				}
			}
			t.Error("every check holds all the same")
		})
	}
}

// countChecks counts what is left to chance: that nothing is lost where nothing can be is not.
func countChecks(cases []*theoryCase) int {
	n := 0
	for _, c := range cases {
		for _, want := range c.want {
			if want != 0 {
				n++
			}
		}
	}
	return n
}

// simulate runs the replications of a system and compares them with what the case expects. A check fails by chance
// with probability alarm.
func (c *theoryCase) simulate(t *testing.T, s system, alarm float64) []check {
	t.Helper()
	n := s.replications
	sc := load(t, s.yaml(c.name, s.counted*1e6/float64(n)))
	samples := map[string][]float64{}
	for seed := range uint64(n) {
		run, err := Run(context.Background(), sc, seed+1, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !run.Little.Holds {
			t.Errorf("seed %d: Little's law does not hold", seed+1)
		}
		for f, x := range s.measured(sc, seed+1, run) {
			samples[f] = append(samples[f], x)
		}
	}
	spread := distuv.StudentsT{Sigma: 1, Nu: float64(n - 1)}.Quantile(1-alarm/2) / math.Sqrt(float64(n))
	var out []check
	for _, f := range figures {
		if want, ok := c.want[f]; ok {
			mean, sd := stat.MeanStdDev(samples[f], nil)
			k := check{figure: f, want: want, got: mean, half: spread * sd}
			k.allow(&s)
			out = append(out, k)
		}
	}
	return out
}

// allow sets what a check may be off, and how sharp it must be.
func (c *check) allow(s *system) {
	c.above = s.above * c.want
	switch c.figure {
	case "W":
		c.tight = s.tight
	case "p50", "p90", "p99":
		c.tight = quantileTightness * s.tight
		c.below = stats.MaxRelativeError * c.want
		c.above += stats.MaxRelativeError * c.want
	case "lost_pct":
		c.above = 0
	case "rate":
		c.tight = 0.01
		c.above = 2 * s.rate / s.per / (s.counted * 1e6 / float64(s.replications)) // a request at either end of the time
		c.below = c.above
	}
}

// measured returns a run's figures in units.
func (s *system) measured(sc *scenarios.Scenario, seed uint64, run *measure.Run) map[string]float64 {
	ms := 1e3 * unit.Seconds()
	w := run.Values[measure.MeanMS] / ms
	if s.heavy > 0 {
		// A control variate with a known coefficient: a request of demand x holds up others by λx²/2(1−ρ) in all. The
		// formula expects E[S²]; what this sample had instead, which for Pareto's law has no variance, is taken out.
		w -= s.rate / (2 * (1 - s.rate)) * (secondMoment(sc, seed, run) - s.heavy)
	}
	return map[string]float64{
		"W":        w,
		"p50":      run.Values[measure.P50MS] / ms,
		"p90":      run.Values[measure.P90MS] / ms,
		"p99":      run.Values[measure.P99MS] / ms,
		"lost_pct": 100 * float64(run.Endings[measure.Rejected]) / float64(run.Requests),
		"rate":     run.Values[measure.GoodputRPS] * unit.Seconds() / s.per,
	}
}

// secondMoment returns the mean squared demand of the requests that a run counted.
func secondMoment(sc *scenarios.Scenario, seed uint64, run *measure.Run) float64 {
	m := sc.Model(seed)
	arrivals := m.Arrivals()
	sum, counted := 0.0, 0
	for n := uint64(0); ; n++ {
		at, ok := arrivals.Next()
		if !ok {
			return sum / float64(counted)
		}
		if time.Duration(at) >= run.Warmup {
			demand := float64(m.Request(n).Demand) / float64(unit)
			sum += demand * demand
			counted++
		}
	}
}

// theoryTable renders the results, times in mean service times.
func theoryTable(cases []*theoryCase, results [][]check) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "case")
	for _, f := range figures {
		fmt.Fprintf(w, "\t%s\tsimulated", f)
	}
	fmt.Fprintln(w)
	for i, c := range cases {
		if results[i] == nil {
			continue
		}
		cells := map[string]string{}
		for _, k := range results[i] {
			cells[k.figure] = fmt.Sprintf("%.5g\t%s", k.want, k.simulated())
		}
		fmt.Fprint(w, c.name)
		for _, f := range figures {
			if cells[f] == "" {
				cells[f] = "\t"
			}
			fmt.Fprint(w, "\t"+cells[f])
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}

// simulated renders the result with as many digits as its interval supports.
func (c *check) simulated() string {
	if c.half == 0 {
		return fmt.Sprintf("%.5g", c.got)
	}
	digits := max(0, 1-int(math.Floor(math.Log10(c.half))))
	return fmt.Sprintf("%.*f ± %.*f", digits, c.got, digits, c.half)
}
