package bench

import (
	"log/slog"
	"testing"
	"time"
)

func TestEventsAreOfHealth(t *testing.T) {
	var j journal
	log := slog.New(&events{&j, 2}).With("pool", "default")
	log.Info("backend unhealthy", "backend", "slow[0]", "was", "healthy", "reason", "probes failed", "probe", "refused")
	log.Info("backend addresses", "backend", "slow[0]", "name", "localhost")
	log.Info("listening")
	log.Debug("backend healthy", "backend", "slow[0]", "was", "unhealthy")
	r := recorder()
	run := r.Finish(j.tell(r, clock{time.Now()}) + 1)
	if len(run.Events) != 1 {
		t.Fatalf("events %+v", run.Events)
	}
	e := run.Events[0]
	if e.Balancer != 2 || e.Backend != "slow[0]" || e.What != "healthy → unhealthy" || e.Why != "probes failed" {
		t.Errorf("got %+v", e)
	}
}
