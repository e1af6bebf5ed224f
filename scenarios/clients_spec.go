package scenarios

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/lbctl/lbctl/config/strict"
	"github.com/lbctl/lbctl/measure"
)

// clients is the clients: block.
type clients struct {
	Count    int           `yaml:"count" min:"1" max:"1000000" doc:"number of clients; hashing policies see them apart"`
	Zipf     float64       `yaml:"zipf" min:"0" max:"10" doc:"skew: the i-th client sends in proportion to 1/i^zipf; 0: all alike"`
	Deadline time.Duration `yaml:"deadline" max:"24h" doc:"a client gives up after this, retries included; 0s: never"`
	Retries  retriesSpec   `yaml:"retries" doc:"what a client does when an attempt fails"`
}

type retriesSpec struct {
	Max            int           `yaml:"max" min:"0" max:"16" doc:"further attempts; 0: none"`
	Backoff        time.Duration `yaml:"backoff" max:"1h" doc:"wait before the first retry"`
	Factor         float64       `yaml:"factor" min:"1" max:"10" doc:"growth of the wait from one retry to the next"`
	JitterPct      float64       `yaml:"jitter_pct" min:"0" max:"100" unit:"%" doc:"each wait varies by up to this share"`
	AttemptTimeout time.Duration `yaml:"attempt_timeout" max:"24h" doc:"an attempt without an answer for so long has timed out; 0s: only the deadline counts"`
	On             []ending      `yaml:"on" minitems:"1" maxitems:"8" doc:"what is retried"`
}

// Defaults is many equal clients that give up after a second and do not retry.
func (c *clients) Defaults() {
	*c = clients{Count: 1000, Deadline: time.Second}
	c.Retries = retriesSpec{Backoff: 100 * time.Millisecond, Factor: 2, On: retryable()}
}

// ending is how an attempt can fail.
type ending measure.Ending

// retryable returns the endings that a client may retry.
func retryable() []ending {
	return []ending{
		ending(measure.Failed), ending(measure.Reset), ending(measure.Refused), ending(measure.Rejected),
		ending(measure.NoBackend), ending(measure.TimedOut),
	}
}

func (e ending) String() string { return measure.Ending(e).String() }

// UnmarshalScalar reads the name of an ending.
func (e *ending) UnmarshalScalar(s string) error {
	var names []string
	for _, ok := range retryable() {
		if ok.String() == s {
			*e = ok
			return nil
		}
		names = append(names, ok.String())
	}
	return errors.New("expected " + oneOf(s, names))
}

// maxNamed is the number of valid names that a message lists.
const maxNamed = 24

// oneOf says what was expected, what came, and the nearest valid name to it. names has no duplicates.
func oneOf(got string, names []string) string {
	msg := strings.Join(names[:min(len(names), maxNamed)], ", ")
	switch {
	case len(names) == 0:
		return "none, for there are none; got " + strconv.Quote(got)
	case len(names) > maxNamed:
		msg = "one of " + msg + " …"
	case len(names) > 1:
		msg = "one of " + msg
	}
	msg += "; got " + strconv.Quote(got)
	if near := strict.Nearest(got, names); near != "" {
		msg += "; did you mean " + strconv.Quote(near) + "?"
	}
	return msg
}

func (r *retriesSpec) compile() Retries {
	out := Retries{
		Max: r.Max, Backoff: r.Backoff, Factor: r.Factor, JitterPct: r.JitterPct, AttemptTimeout: r.AttemptTimeout,
	}
	for _, e := range r.On {
		out.On[e] = true
	}
	return out
}

// classSpec is one kind of requests.
type classSpec struct {
	Name     string         `yaml:"name" maxlen:"64" pattern:"^[A-Za-z0-9][A-Za-z0-9_.-]*$" doc:"name of the class"`
	SharePct float64        `yaml:"share_pct" above:"0" max:"100" unit:"%" doc:"share of all requests; the shares sum to 100"`
	Demand   distSpec       `yaml:"demand" doc:"service time at speed 1"`
	Deadline *time.Duration `yaml:"deadline" max:"24h" doc:"in place of the clients' deadline"`
}

// Defaults is all requests, exponential with a mean of 10 ms.
func (c *classSpec) Defaults() { *c = defaultClass() }

func defaultClass() classSpec {
	return classSpec{Name: "default", SharePct: 100, Demand: distSpec{Exponential: &expSpec{10 * time.Millisecond}}}
}

// Check sees to it that there is something to serve.
func (c *classSpec) Check(r *strict.Reporter) {
	if c.Demand.dist().Mean() <= 0 {
		r.Errorf("demand", "expected a demand with a mean above 0")
	}
}

// classList is the classes: block.
type classList []classSpec

// shareSlack is how far the shares may be from 100 in all, for fractions that have no exact form.
const shareSlack = 1e-6

// Check sees to it that the classes are all requests, and told apart.
func (l *classList) Check(r *strict.Reporter) {
	sum := 0.0
	for i, c := range *l {
		sum += c.SharePct
		for _, before := range (*l)[:i] {
			if before.Name == c.Name {
				r.Errorf("["+strconv.Itoa(i)+"]", "another class is called %q", c.Name)
			}
		}
	}
	if math.Abs(sum-100) > shareSlack {
		r.Errorf("", "expected shares that sum to 100, got %v", sum)
	}
}

func (l classList) compile(deadline time.Duration) (classes []class, shares []float64) {
	for _, c := range l {
		out := class{name: c.Name, demand: c.Demand.dist(), deadline: deadline}
		if c.Deadline != nil {
			out.deadline = *c.Deadline
		}
		classes = append(classes, out)
		shares = append(shares, c.SharePct/100)
	}
	return classes, shares
}
