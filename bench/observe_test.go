package bench

import (
	"testing"
	"time"

	"github.com/lbctl/lbctl/scenarios"
)

func TestServiceIsKnownOnlyWhereNothingCanChangeIt(t *testing.T) {
	const head = "duration: 10s\narrivals: {poisson: {rate_rps: 50}}\nclasses: [{demand: 10ms}]\n"
	for name, c := range map[string]struct {
		text   string
		queued int
		odd    bool
		want   time.Duration
	}{
		"at once":   {text: "backends: [{name: a, speed: 2}]\n", want: 5 * time.Millisecond},
		"waits":     {text: "backends: [{name: a}]\n", queued: 1},
		"shares":    {text: "backends: [{name: a, discipline: ps}]\n"},
		"a fault":   {text: "backends: [{name: a}]\n", odd: true},
		"degrades":  {text: "backends: [{name: a, degrade: {above_rps: 1, factor: 2}}]\n"},
		"a network": {text: "backends: [{name: a, latency: 1ms}]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var j journal
			v := newVisits()
			w := newWitness(scenarioOf(t, head+c.text).Model(1), &j, v)
			if c.odd {
				w.changed(time.Now(), 0, "crashed")
			}
			w.Arrived(time.Now(), 0, 7, 1)
			w.Entered(time.Now(), 0, 1, c.queued)
			got, ok := v.take(visitKey{7, 1})
			if !ok || got.service != c.want {
				t.Errorf("service %v, seen %v; want %v", got.service, ok, c.want)
			}
			if _, again := v.take(visitKey{7, 1}); again {
				t.Error("the visit was not forgotten")
			}
		})
	}
}

func TestFaultsPass(t *testing.T) {
	var j journal
	w := newWitness(scenarioOf(t, "duration: 10s\narrivals: {poisson: {rate_rps: 50}}\nbackends: [{name: a}]\n").Model(1), &j, newVisits())
	w.changed(time.Now(), 0, "speed ×0.1")
	healthy := scenarios.Normal()
	w.changed(time.Now(), 0, healthy.String())
	if w.backends[0].odd || len(j.events) != 2 {
		t.Errorf("odd %v, %d events", w.backends[0].odd, len(j.events))
	}
}
