package strict_test

import (
	"fmt"
	"time"

	"github.com/lbctl/lbctl/config/strict"
)

type probe struct {
	Interval time.Duration `yaml:"interval" min:"10ms" max:"1h" doc:"Time between two probes."`
	Timeout  time.Duration `yaml:"timeout" above:"0s" doc:"Time after which a probe fails."`
	Fall     int           `yaml:"fall" min:"1" max:"100" doc:"Failures in a row that make a backend unhealthy."`
}

func (p *probe) Check(r *strict.Reporter) {
	if p.Timeout > p.Interval {
		r.Errorf("timeout", "timeout %v is longer than interval %v", p.Timeout, p.Interval)
	}
}

type health struct {
	Probe probe `yaml:"probe" doc:"Active checks."`
}

func Example() {
	decode := func(text string, set ...string) {
		doc, err := strict.Parse("health.yaml", []byte(text))
		if err != nil {
			fmt.Println(err)
			return
		}
		for i := 0; i+1 < len(set); i += 2 {
			if err := doc.Set(set[i], set[i+1], "--set "+set[i]+"="+set[i+1]); err != nil {
				fmt.Println(err)
				return
			}
		}
		h := health{Probe: probe{Interval: 2 * time.Second, Timeout: time.Second, Fall: 3}}
		if err := doc.Decode(&h); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%+v\n", h.Probe)
	}
	decode("probe: {interval: 5s}", "probe.fall", "2")
	decode("probe:\n  intervall: 5s\n  timeout: 100\n  fall: 0\n")
	decode("probe: {timeout: 3s}")
	// Output:
	// {Interval:5s Timeout:1s Fall:2}
	// health.yaml:2:3: probe.intervall: unknown key "intervall"; did you mean "interval"?
	// health.yaml:3:12: probe.timeout: expected a duration above 0s with a unit, like "10ms"; got 100
	// health.yaml:4:9: probe.fall: expected a whole number from 1 to 100, got 0
	// health.yaml:1:18: probe.timeout: timeout 3s is longer than interval 2s
}
