package scenarios

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lbctl/lbctl/config/strict"
	"github.com/lbctl/lbctl/lb"
)

// faultSpec is one entry of faults:. Several faults may hit one backend at the same time;
// effects.go says how they add up.
type faultSpec struct {
	At      time.Duration  `yaml:"at" max:"24h" doc:"when it starts"`
	For     *time.Duration `yaml:"for" min:"1ns" max:"24h" doc:"how long it lasts; to the end when absent"`
	Backend selectors      `yaml:"backend" required:"true" doc:"whom it hits: a group, group[0], group[0..2], zone=a or \"*\"; several with commas"`
	Kind    faultKinds     `yaml:",inline"`
}

// faultKinds is what goes wrong: one of these.
type faultKinds struct {
	Slow       *slowFault       `yaml:"slow" doc:"service takes longer"`
	Antagonist *antagonistFault `yaml:"antagonist" doc:"somebody else takes capacity, on and off"`
	Crash      *struct{}        `yaml:"crash" doc:"connections are refused and everything inside is lost; write crash: {}"`
	Refuse     *struct{}        `yaml:"refuse" doc:"new connections are refused; write refuse: {}"`
	Hang       *struct{}        `yaml:"hang" doc:"accepts, and makes no progress; write hang: {}"`
	Errors     *errorsFault     `yaml:"errors" doc:"answers are errors"`
	Reset      *resetFault      `yaml:"reset" doc:"connections are lost in the middle of service"`
	Flap       *flapFault       `yaml:"flap" doc:"crashes and comes back, over and over; down first"`
	Partition  *partitionFault  `yaml:"partition" doc:"packets between some balancers and the backend vanish"`
	ColdStart  *coldStartFault  `yaml:"cold_start" doc:"slow at first, then ever faster"`
	Pauses     *pausesFault     `yaml:"pauses" doc:"no progress for a while, over and over, as in garbage collection"`
	Lie        *lieFault        `yaml:"lie" doc:"the health endpoint does not tell the truth"`
}

type slowFault struct {
	Factor   float64 `yaml:"factor" required:"true" min:"0.001" max:"100000" doc:"service takes so many times as long"`
	SharePct float64 `yaml:"share_pct" above:"0" max:"100" unit:"%" doc:"share of requests that it hits; below 100: gray failure"`
}

// Defaults hits all requests.
func (s *slowFault) Defaults() { s.SharePct = 100 }

type antagonistFault struct {
	LoadPct float64       `yaml:"load_pct" required:"true" above:"0" max:"100" unit:"%" doc:"share of the backend's capacity that it takes: slots of a processor-sharing backend, speed of a FIFO one"`
	On      time.Duration `yaml:"on" required:"true" min:"1ms" max:"24h" doc:"mean time for which it does, exponential"`
	Off     time.Duration `yaml:"off" max:"24h" doc:"mean time for which it does not, exponential; 0s: never"`
}

type errorsFault struct {
	RatePct float64       `yaml:"rate_pct" above:"0" max:"100" unit:"%" doc:"share of requests"`
	After   time.Duration `yaml:"after" max:"1h" doc:"answered after this, without service; 0s: after normal service"`
}

// Defaults hits all requests.
func (e *errorsFault) Defaults() { e.RatePct = 100 }

type resetFault struct {
	RatePct float64 `yaml:"rate_pct" above:"0" max:"100" unit:"%" doc:"share of requests"`
}

// Defaults hits all requests.
func (e *resetFault) Defaults() { e.RatePct = 100 }

type flapFault struct {
	Up   time.Duration `yaml:"up" required:"true" min:"1ms" max:"24h" doc:"how long it is up"`
	Down time.Duration `yaml:"down" required:"true" min:"1ms" max:"24h" doc:"how long it is down"`
}

type partitionFault struct {
	Balancers []int `yaml:"balancers" minitems:"1" maxitems:"1024" min:"0" max:"1023" doc:"balancers that cannot reach it, from 0; all when absent"`
}

type coldStartFault struct {
	FromPct float64       `yaml:"from_pct" required:"true" min:"0" max:"100" unit:"%" doc:"share of its speed at the start"`
	Over    time.Duration `yaml:"over" required:"true" min:"1ms" max:"24h" doc:"time until full speed"`
}

type pausesFault struct {
	Every     time.Duration `yaml:"every" required:"true" min:"1ms" max:"24h" doc:"mean time from the start of one to the start of the next"`
	Lasting   time.Duration `yaml:"lasting" required:"true" min:"1us" max:"24h" doc:"length of one"`
	JitterPct float64       `yaml:"jitter_pct" min:"0" max:"100" unit:"%" doc:"the time between them varies by up to this share"`
}

// Defaults varies a little, so that pauses do not stay in step.
func (p *pausesFault) Defaults() { p.JitterPct = 20 }

// Check sees to it that there is time between pauses.
func (p *pausesFault) Check(r *strict.Reporter) {
	if p.Lasting >= p.Every {
		r.Errorf("lasting", "expected less than every (%v), got %v", p.Every, p.Lasting)
	}
}

type lieFault struct {
	Says string `yaml:"says" required:"true" enum:"healthy,unhealthy" doc:"what it answers, whatever the truth"`
}

// kindNames are the keys of faultKinds in the order of the struct.
var kindNames = []string{
	"slow", "antagonist", "crash", "refuse", "hang", "errors", "reset", "flap", "partition", "cold_start", "pauses", "lie",
}

// kinds returns the keys that are present.
func (k *faultKinds) kinds() []string {
	present := []bool{
		k.Slow != nil, k.Antagonist != nil, k.Crash != nil, k.Refuse != nil, k.Hang != nil, k.Errors != nil, k.Reset != nil,
		k.Flap != nil, k.Partition != nil, k.ColdStart != nil, k.Pauses != nil, k.Lie != nil,
	}
	var out []string
	for i, p := range present {
		if p {
			out = append(out, kindNames[i])
		}
	}
	return out
}

// Check sees to it that one thing goes wrong.
func (k *faultKinds) Check(r *strict.Reporter) {
	switch got := k.kinds(); len(got) {
	case 0:
		r.Errorf("", "expected exactly one of %s; got none", strings.Join(kindNames, ", "))
	case 1:
	default:
		r.Errorf("", "expected exactly one of %s; got %s", strings.Join(kindNames, ", "), strings.Join(got, " and "))
	}
}

// Check sees to it that a cold start is not given two lengths.
func (f *faultSpec) Check(r *strict.Reporter) {
	if f.Kind.ColdStart != nil && f.For != nil {
		r.Errorf("for", "a cold start ends by itself: give its length as cold_start.over")
	}
}

// until returns when the fault ends, lb.Never when it stays.
func (f *faultSpec) until() lb.Time {
	switch {
	case f.Kind.ColdStart != nil:
		return lb.Time(f.At).Add(f.Kind.ColdStart.Over)
	case f.For != nil:
		return lb.Time(f.At).Add(*f.For)
	}
	return lb.Never
}

// label describes the fault for people.
func (f *faultSpec) label() string { return f.Backend.text + ": " + f.what() }

func (f *faultSpec) what() string {
	switch {
	case f.Kind.Slow != nil && f.Kind.Slow.SharePct < 100:
		return fmt.Sprintf("%v%% slow ×%v", f.Kind.Slow.SharePct, f.Kind.Slow.Factor)
	case f.Kind.Slow != nil:
		return fmt.Sprintf("slow ×%v", f.Kind.Slow.Factor)
	case f.Kind.Antagonist != nil:
		return fmt.Sprintf("antagonist %v%%", f.Kind.Antagonist.LoadPct)
	case f.Kind.Errors != nil:
		return fmt.Sprintf("errors %v%%", f.Kind.Errors.RatePct)
	case f.Kind.Reset != nil:
		return fmt.Sprintf("resets %v%%", f.Kind.Reset.RatePct)
	case f.Kind.Flap != nil:
		return fmt.Sprintf("flaps (%v up, %v down)", f.Kind.Flap.Up, f.Kind.Flap.Down)
	case f.Kind.ColdStart != nil:
		return fmt.Sprintf("cold start from %v%%", f.Kind.ColdStart.FromPct)
	case f.Kind.Pauses != nil:
		return fmt.Sprintf("pauses of %v every %v", f.Kind.Pauses.Lasting, f.Kind.Pauses.Every)
	case f.Kind.Lie != nil:
		return "health endpoint says " + f.Kind.Lie.Says
	}
	return map[string]string{"crash": "crash", "refuse": "refuses", "hang": "hangs", "partition": "partition"}[f.Kind.kinds()[0]]
}

// selectors names backends.
type selectors struct {
	text string
	all  []selector
}

// selector is one of "*", zone=NAME, GROUP, GROUP[I] and GROUP[I..J].
type selector struct {
	everyone bool
	zone     string
	group    string
	from, to int // of the group, inclusive; to −1: all of it
}

// UnmarshalScalar reads selectors separated by commas.
func (s *selectors) UnmarshalScalar(text string) error {
	*s = selectors{text: strings.TrimSpace(text)}
	for part := range strings.SplitSeq(text, ",") {
		sel, ok := parseSelector(strings.TrimSpace(part))
		if !ok {
			return errors.New(`expected a group, group[0], group[0..2], zone=a or "*", got ` + strconv.Quote(strings.TrimSpace(part)))
		}
		s.all = append(s.all, sel)
	}
	return nil
}

func parseSelector(s string) (selector, bool) {
	if s == "*" {
		return selector{everyone: true}, true
	}
	if zone, ok := strings.CutPrefix(s, "zone="); ok {
		return selector{zone: zone}, zone != ""
	}
	group, index, indexed := strings.Cut(s, "[")
	out := selector{group: group, to: -1}
	if !indexed {
		return out, group != "" && !strings.ContainsAny(group, "]*= ")
	}
	index, closed := strings.CutSuffix(index, "]")
	first, last, isRange := strings.Cut(index, "..")
	if !isRange {
		last = first
	}
	from, err1 := strconv.ParseUint(first, 10, 31)
	to, err2 := strconv.ParseUint(last, 10, 31)
	out.from, out.to = int(from), int(to)
	return out, group != "" && closed && err1 == nil && err2 == nil && from <= to
}

// resolve marks the selected backends in hit, or says what there is not.
func (s selector) resolve(groups groupList, hit []bool) error {
	if s.zone != "" {
		return s.resolveZone(groups, hit)
	}
	at := 0
	var names []string
	for _, g := range groups {
		if s.everyone || g.Name == s.group {
			from, to := s.from, s.to
			if s.everyone || to < 0 {
				from, to = 0, g.Count-1
			}
			if to >= g.Count {
				return fmt.Errorf("backend %q has no [%d]: its group has %d", s.group, to, g.Count)
			}
			for i := from; i <= to; i++ {
				hit[at+i] = true
			}
			if !s.everyone {
				return nil
			}
		}
		names = append(names, g.Name)
		at += g.Count
	}
	if s.everyone {
		return nil
	}
	return errors.New("unknown backend: expected " + oneOf(s.group, names))
}

func (s selector) resolveZone(groups groupList, hit []bool) error {
	at, found := 0, false
	for _, g := range groups {
		for i := range g.Count {
			hit[at+i] = hit[at+i] || g.Zone == s.zone
		}
		found = found || g.Zone == s.zone
		at += g.Count
	}
	if found {
		return nil
	}
	if len(groups.zones()) == 0 {
		return fmt.Errorf("unknown zone %q: no backend has a zone", s.zone)
	}
	return errors.New("unknown zone: expected " + oneOf(s.zone, groups.zones()))
}
