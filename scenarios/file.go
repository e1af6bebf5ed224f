package scenarios

import (
	"errors"
	"strconv"
	"time"

	"github.com/lbctl/lbctl/config"
	"github.com/lbctl/lbctl/measure"

	"go.yaml.in/yaml/v3"
)

// file is a scenario file as it is written. Its tags are the only statement of the format.
type file struct {
	Name      string        `yaml:"name" maxlen:"64" pattern:"^[a-z0-9][A-Za-z0-9/_.%+-]*$" doc:"name of the scenario; the file's name when absent"`
	About     string        `yaml:"about" maxlen:"4000" doc:"what it shows, in the first line, and where it comes from"`
	Duration  time.Duration `yaml:"duration" required:"true" min:"1ms" max:"24h" doc:"requests arrive for so long"`
	Warmup    warmup        `yaml:"warmup" doc:"what is cut off from the start: auto (MSER-5), or a duration"`
	Seed      uint64        `yaml:"seed" doc:"seed of the first replication; the others follow it"`
	Seeds     int           `yaml:"seeds" min:"1" max:"10000" doc:"number of replications"`
	Balancers balancers     `yaml:"balancers" doc:"how many, and which requests they get; each sees only its own traffic"`
	Arrivals  arrivalsSpec  `yaml:"arrivals" required:"true" doc:"when requests arrive"`
	Clients   clients       `yaml:"clients" doc:"who sends them"`
	Classes   classList     `yaml:"classes" minitems:"1" maxitems:"64" doc:"kinds of requests and what they cost"`
	Backends  groupList     `yaml:"backends" required:"true" minitems:"1" maxitems:"256" doc:"who serves them, in groups of equals"`
	Network   networkSpec   `yaml:"network" doc:"one-way delays between balancers and backends"`
	Faults    []faultSpec   `yaml:"faults" maxitems:"256" doc:"what goes wrong, and when"`
	Pool      config.Pool   `yaml:"pool" doc:"how the balancers are configured, as in production"`
	Policies  []policyName  `yaml:"policies" maxitems:"64" doc:"policies that are compared unless others are asked for"`
	Variants  []variantSpec `yaml:"variants" maxitems:"64" doc:"configurations that are compared: overlays on this file"`
	Cases     []caseSpec    `yaml:"cases" maxitems:"64" doc:"the file stands for one scenario each: overlays on this file"`
	Expect    []Expectation `yaml:"expect" maxitems:"256" doc:"what must hold, such as: backend slow share_pct < 2"`
}

// Defaults sets what a file need not say.
func (f *file) Defaults() {
	*f = file{Seed: 1, Seeds: 20, Warmup: warmup(measure.Auto)}
	f.Balancers.Defaults()
	f.Clients.Defaults()
	f.Classes = classList{defaultClass()}
	f.Pool.Defaults()
}

// warmup is a duration or measure.Auto.
type warmup time.Duration

// UnmarshalScalar reads "auto" or a duration.
func (w *warmup) UnmarshalScalar(s string) error {
	if s == "auto" {
		*w = warmup(measure.Auto)
		return nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return errors.New(`expected auto or a duration with a unit, like "5s"; got ` + strconv.Quote(s))
	}
	*w = warmup(d)
	return nil
}

// policyName is the name of a policy that exists.
type policyName string

// UnmarshalScalar takes a policy's name.
func (p *policyName) UnmarshalScalar(s string) error {
	*p = policyName(s)
	return config.CheckPolicy(s)
}

// balancers is the balancers: block; a plain value is the count.
type balancers struct {
	Count  int      `yaml:"count" min:"1" max:"1024" doc:"number of balancers"`
	Assign string   `yaml:"assign" enum:"random,client" doc:"random: any balancer for any request; client: always the same one for a client"`
	Zones  []string `yaml:"zones" maxitems:"64" doc:"zones of the balancers, in turn"`
}

// Defaults is one balancer.
func (b *balancers) Defaults() { *b = balancers{Count: 1, Assign: "random"} }

// UnmarshalScalar takes the shorthand "balancers: 3".
func (b *balancers) UnmarshalScalar(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > MaxBalancers {
		return errors.New("expected a whole number from 1 to " + strconv.Itoa(MaxBalancers) + ", got " + strconv.Quote(s))
	}
	b.Count = n
	return nil
}

// variantSpec is an overlay with a name.
type variantSpec struct {
	Name   string                `yaml:"name" required:"true" maxlen:"64" pattern:"^[A-Za-z0-9][A-Za-z0-9_.%+-]*$" doc:"name of the variant, without spaces"`
	Policy *yaml.Node            `yaml:"policy" doc:"its policy: a name, or a mapping that is laid over pool.policy"`
	Set    map[string]*yaml.Node `yaml:"set" maxitems:"64" doc:"values by path, such as: pool.health.enabled: false"`
}

// caseSpec is an overlay that makes a scenario of its own.
type caseSpec struct {
	Name string                `yaml:"name" required:"true" maxlen:"64" pattern:"^[A-Za-z0-9][A-Za-z0-9_.%+-]*$" doc:"name of the case, without spaces"`
	Set  map[string]*yaml.Node `yaml:"set" maxitems:"64" doc:"values by path, such as: arrivals.poisson.load_pct: 90"`
}
