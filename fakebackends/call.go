package fakebackends

import (
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/measure"
)

// question is what a call is about.
type question uint8

const (
	askWork   question = iota // a request of the scenario
	askHealth                 // a health probe
	askLoad                   // a load probe
	askIdle                   // a wait for the backend to turn idle
)

// call is one request on a connection, until it is answered and has left the backend.
type call struct {
	client   client
	question question
	number   uint64 // of the request
	attempt  int
	balancer int // that sent it

	id      uint32 // that the station knows it by, while inside
	place   place
	left    bool // nobody waits for the answer any more
	demand  time.Duration
	ending  measure.Ending // as it will be answered
	load    int32          // in-flight when it entered
	entered lb.Time
	report  lb.Report // that its answer will carry
}

// client is who made a call.
type client interface {
	// reply sends the answer, at most once for each call: whatever its ending is.
	reply(c *call)
}

// place is where a call is.
type place uint8

const (
	travelling place = iota // on its way in or out, or nothing will come of it any more
	queued
	serving
)
