package bench

import (
	"context"
	"net"
	"net/http"
	"slices"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/lbctl/lbctl/lb"
)

// attack makes all requests when they are due, and waits for the last to end. It returns how late each was sent,
// and what those of which it is known took beyond their service.
func (r *run) attack(ctx context.Context) (late, path []time.Duration, err error) {
	r.begin()
	over, stop := context.WithCancel(ctx)
	defer stop()
	transport := newTransport()
	defer transport.CloseIdleConnections()
	c := &client{
		model: r.model, retries: r.model.Retries(), schedule: r.schedule, clock: r.clock, over: over,
		base: transport, journal: &r.journal, visits: r.visits, refusals: newRefusals(r.model),
		sent: make([]time.Duration, len(r.schedule)), path: make([]time.Duration, len(r.schedule)),
	}
	if r.balancers != nil {
		c.grace = grace
	}
	for _, due := range r.schedule {
		r.journal.add(entry{at: due, note: noteStart})
	}
	attacker := vegeta.NewAttacker(
		vegeta.Client(&http.Client{Transport: c}), vegeta.Workers(workers), vegeta.MaxWorkers(MaxInFlight),
	)
	drained := time.AfterFunc(time.Until(r.clock.wall(lb.Time(r.sc.Duration).Add(MaxDrain))), stop)
	defer drained.Stop()
	requests := &targets{model: r.model, urls: r.urls}
	results := attacker.Attack(requests.target, &paced{r.schedule, r.clock, over}, 0, "")
	r.watch(results)
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	c.giveUp(min(requests.next.Load(), uint64(len(r.schedule))))
	return c.sent, slices.DeleteFunc(c.path, func(d time.Duration) bool { return d == 0 }), nil
}

// watchEvery is how often Options.Elapsed is called at most.
const watchEvery = 100 * time.Millisecond

// watch drains what vegeta says of each request, since the client knows better, until the attack is over.
func (r *run) watch(results <-chan *vegeta.Result) {
	var next lb.Time
	for range results {
		if now := r.clock.now(); now >= next && r.options.Elapsed != nil {
			next = now.Add(watchEvery)
			r.options.Elapsed(time.Duration(now))
		}
	}
}

// newTransport returns plain keep-alive connections, as many as there are requests under way.
func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{}).DialContext,
		MaxIdleConns:        MaxInFlight,
		MaxIdleConnsPerHost: MaxInFlight,
		DisableCompression:  true,
	}
}
