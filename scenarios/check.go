package scenarios

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/lbctl/lbctl/config/strict"
	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/measure"
)

// checked is a file as it is decoded: with the rules that concern more than one of its sections.
type checked struct {
	File file `yaml:",inline"`

	loader  *loader
	missing map[string]bool // sections that are known to be wrong: nothing is said about them
}

// Check applies the rules that concern several sections.
func (c *checked) Check(r *strict.Reporter) {
	f := &c.File
	rules := []struct {
		check    func(r *strict.Reporter)
		sections []string
	}{
		{f.checkWarmup, []string{"duration", "warmup"}},
		{f.checkFaultTimes, []string{"duration", "faults"}},
		{f.checkArrivalTimes, []string{"duration", "arrivals"}},
		{f.checkRates, []string{"duration", "arrivals", "backends", "classes"}},
		{c.checkReplay, []string{"duration", "arrivals", "classes"}},
		{f.checkSelectors, []string{"backends", "faults"}},
		{f.checkPairs, []string{"balancers", "backends"}},
		{f.checkPartitions, []string{"balancers", "faults"}},
		{f.checkZones, []string{"balancers", "backends"}},
		{f.checkExpectations, []string{"backends", "variants", "expect"}},
		{f.checkNames, []string{"policies", "variants", "cases"}},
	}
	for _, rule := range rules {
		if c.has(rule.sections...) {
			rule.check(r)
		}
	}
}

func (c *checked) has(sections ...string) bool {
	return !slices.ContainsFunc(sections, func(s string) bool { return c.missing[s] })
}

func index(list string, i int, rest string) string { return list + "[" + strconv.Itoa(i) + "]" + rest }

// What is scheduled happens within the run.

func (f *file) checkWarmup(r *strict.Reporter) {
	if w := time.Duration(f.Warmup); w != measure.Auto && w >= f.Duration {
		r.Errorf("warmup", "expected less than the duration (%v), got %v", f.Duration, w)
	}
}

func (f *file) checkFaultTimes(r *strict.Reporter) {
	for i, fault := range f.Faults {
		if fault.At >= f.Duration {
			r.Errorf(index("faults", i, ".at"), "the fault starts at %v, but the scenario ends at %v", fault.At, f.Duration)
		}
	}
}

func (f *file) checkArrivalTimes(r *strict.Reporter) {
	for i, s := range f.Arrivals.Steps {
		if s.At >= f.Duration {
			r.Errorf(index("arrivals.steps", i, ".at"), "the step is at %v, but the scenario ends at %v", s.At, f.Duration)
		}
	}
	if c := f.Arrivals.FlashCrowd; c != nil && c.At >= f.Duration {
		r.Errorf("arrivals.flash_crowd.at", "the crowd comes at %v, but the scenario ends at %v", c.At, f.Duration)
	}
}

// checkRates sees to it that a run has requests, and not more than can be simulated.
func (f *file) checkRates(r *strict.Reporter) {
	if loop := f.Arrivals.ClosedLoop; loop != nil {
		f.checkLoop(r, loop)
		return
	}
	load := f.Arrivals.rated(f.capacity(), f.Duration)
	if load == nil {
		return
	}
	if top := load.peak(); top > MaxRate {
		r.Errorf("arrivals", "expected at most %d requests a second, got %.0f", MaxRate, top)
		return
	}
	f.checkRequests(r, load.expected(f.Duration))
}

// checkLoop bounds a closed loop by what its users can ask for at most.
func (f *file) checkLoop(r *strict.Reporter, loop *closedLoopSpec) {
	switch n := loop.most(f.Duration); {
	case n > MaxExpectedRequests:
		r.Errorf("arrivals.closed_loop", "expected at most %d requests in a run, got about %.0f when all are refused at once: take fewer users, or a longer think",
			MaxExpectedRequests, n)
	case float64(loop.Users)*float64(f.Duration) < float64(loop.Think.dist().Mean()):
		r.Errorf("arrivals.closed_loop", "no request is to be expected in %v", f.Duration)
	}
}

func (f *file) checkRequests(r *strict.Reporter, n float64) {
	switch {
	case n > MaxExpectedRequests:
		r.Errorf("arrivals", "expected at most %d requests in a run, got about %.0f", MaxExpectedRequests, n)
	case n < 1:
		r.Errorf("arrivals", "no request is to be expected in %v", f.Duration)
	}
}

// checkReplay sees to it that a log can be replayed. What is wrong within the log is reported with the
// log's own lines.
func (c *checked) checkReplay(r *strict.Reporter) {
	s := c.File.Arrivals.Replay
	if s == nil {
		return
	}
	log, err := c.loader.accessLog(s, c.File.Classes)
	var inside strict.Errors
	switch {
	case errors.As(err, &inside):
		c.loader.add(inside)
		r.Errorf("arrivals.replay.file", "%s cannot be replayed", strconv.Quote(s.File))
	case err != nil:
		r.Errorf("arrivals.replay.file", "cannot read %s: %s", strconv.Quote(s.File), err)
	default:
		c.File.checkRequests(r, s.compile(log).expected(c.File.Duration))
	}
}

func (f *file) capacity() float64 {
	classes, shares := f.Classes.compile(0)
	return capacity(f.Backends.compile(), classes, shares)
}

func (f *file) checkSelectors(r *strict.Reporter) {
	hit := make([]bool, len(f.Backends.compile()))
	for i, fault := range f.Faults {
		for _, s := range fault.Backend.all {
			if err := s.resolve(f.Backends, hit); err != nil {
				r.Errorf(index("faults", i, ".backend"), "%s", err)
			}
		}
	}
}

// checkPairs bounds what balancers keep of backends.
func (f *file) checkPairs(r *strict.Reporter) {
	backends := f.Backends.count()
	if pairs := f.Balancers.Count * backends; pairs > MaxPairs {
		r.Errorf("balancers", "expected at most %d balancers times backends, got %d × %d = %d",
			MaxPairs, f.Balancers.Count, backends, pairs)
	}
}

func (f *file) checkPartitions(r *strict.Reporter) {
	for i, fault := range f.Faults {
		if fault.Kind.Partition == nil {
			continue
		}
		for j, b := range fault.Kind.Partition.Balancers {
			if b >= f.Balancers.Count {
				r.Errorf(index(index("faults", i, ".partition.balancers"), j, ""),
					"expected a balancer from 0 to %d, got %d", f.Balancers.Count-1, b)
			}
		}
	}
}

// checkZones sees to it that every balancer has backends near it: another name
// is most likely a slip.
func (f *file) checkZones(r *strict.Reporter) {
	zones := f.Backends.zones()
	for i, z := range f.Balancers.Zones {
		switch {
		case len(zones) == 0:
			r.Errorf(index("balancers.zones", i, ""), "unknown zone %q: no backend has a zone", z)
		case !slices.Contains(zones, z):
			r.Errorf(index("balancers.zones", i, ""), "unknown zone: expected %s", oneOf(z, zones))
		}
	}
}

func (f *file) checkExpectations(r *strict.Reporter) {
	var known, variants []string
	for _, g := range f.Backends {
		known = append(known, g.Name)
	}
	for _, b := range f.Backends.compile() {
		known = append(known, b.Name)
	}
	for _, v := range f.Variants {
		if !slices.Contains(variants, v.Name) {
			variants = append(variants, v.Name)
		}
	}
	for i, e := range f.Expect {
		if e.Backend != "" && !slices.Contains(known, e.Backend) {
			r.Errorf(index("expect", i, ""), "unknown backend: expected %s", oneOf(e.Backend, known[:len(f.Backends)]))
		}
		if e.Variant != "" && !slices.Contains(variants, e.Variant) {
			r.Errorf(index("expect", i, ""), "unknown variant: expected %s", oneOf(e.Variant, variants))
		}
	}
}

// checkNames sees to it that what is compared, and what the file stands for, is told apart.
func (f *file) checkNames(r *strict.Reporter) {
	seen := map[string]bool{}
	unique := func(path, name string) {
		if seen[name] {
			r.Errorf(path, "another one is called %q", name)
		}
		seen[name] = true
	}
	for i, p := range f.Policies {
		unique(index("policies", i, ""), string(p))
	}
	for i, v := range f.Variants {
		unique(index("variants", i, ".name"), v.Name)
	}
	if n := len(f.Cases) * len(f.Variants); n > MaxOverlays {
		r.Errorf("variants", "expected at most %d cases times variants, got %d", MaxOverlays, n)
	}
	clear(seen)
	for i, c := range f.Cases {
		unique(index("cases", i, ".name"), c.Name)
	}
}

// scheduled tells whether a fault starts or ends within a run.
func (f *faultSpec) scheduled(duration time.Duration) bool {
	return f.At > 0 || f.until() < lb.Time(duration)
}
