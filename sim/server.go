package sim

import (
	"github.com/lbctl/lbctl/scenarios"
)

// server is a synthetic backend: a station, and what is scheduled for it.
type server struct {
	scenarios.Station

	pending    bool          // a completion event is scheduled …
	generation uint32        // … which carries this number; others are stale …
	due        scenarios.Due // … for this end of a job

	*course
}

// course is what befalls a server.
type course struct {
	timeline *scenarios.Timeline
	next     scenarios.Condition // takes effect with the pending condition event
}

func (w *world) buildServers() {
	for i, b := range w.model.Backends() {
		w.servers = append(w.servers, server{
			Station: scenarios.NewStation(b), course: &course{timeline: w.model.Timeline(i)},
		})
	}
}
