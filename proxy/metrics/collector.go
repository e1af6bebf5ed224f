package metrics

import (
	"runtime"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/health"
)

// Gauges are what is known of a server at one moment.
type Gauges struct {
	Version string // of the program
	Pools   []PoolGauges
}

// PoolGauges is the state of a pool.
type PoolGauges struct {
	Pool     string
	Policy   string
	Panic    bool // so few backends are healthy that health is disregarded
	Backends []BackendGauges
}

// BackendGauges is the state of a backend.
type BackendGauges struct {
	Backend         string
	Health          string // name of a health.State
	Draining        bool
	Eligible        bool    // it may be picked
	Weight          float64 // as set
	EffectiveWeight float64 // as picks see it; 0: it may not be picked
	InFlight        int     // attempts
	OpenConnections int     // idle ones included
	IdleConnections int
}

// Collector returns what a Prometheus registry asks at each scrape. gauges is
// called once for each, by any goroutine.
func (s *Set) Collector(gauges func() Gauges) prometheus.Collector {
	return &collector{set: s, gauges: gauges}
}

type collector struct {
	set    *Set
	gauges func() Gauges
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("lbctl_"+name, help, labels, nil)
}

var (
	requestsDesc      = desc("requests_total", "Requests that have ended, by the status code that the client was given (499: the client went away).", "route", "pool", "backend", "code")
	durationDesc      = desc("request_duration_seconds", "Time from a request's first byte to the last byte of its answer.", "route", "pool", "backend")
	requestBytesDesc  = desc("request_body_bytes_total", "Bytes of request bodies.", "route", "pool", "backend")
	responseBytesDesc = desc("response_body_bytes_total", "Bytes of answers' bodies.", "route", "pool", "backend")
	retriesDesc       = desc("retries_total", "Attempts that were followed by another attempt of the same request.", "route", "pool", "backend")
	attemptsDesc      = desc("attempts_total", "Attempts that have ended, by how.", "route", "pool", "backend", "verdict")

	panicDesc       = desc("pool_panic", "1 while so few backends are healthy that health is disregarded.", "pool")
	policyDesc      = desc("pool_info", "1, with the pool's policy as a label.", "pool", "policy")
	inFlightDesc    = desc("backend_in_flight", "Attempts outstanding.", "pool", "backend")
	healthDesc      = desc("backend_health", "1 for the state that the backend's health is in, 0 for the others.", "pool", "backend", "state")
	drainingDesc    = desc("backend_draining", "1 while the backend is spared new requests.", "pool", "backend")
	eligibleDesc    = desc("backend_eligible", "1 while the backend may be picked.", "pool", "backend")
	weightDesc      = desc("backend_weight", "Weight as it is set.", "pool", "backend")
	effectiveDesc   = desc("backend_effective_weight", "Weight as picks see it; 0 while the backend may not be picked.", "pool", "backend")
	connectionsDesc = desc("backend_connections", "Connections to the backend.", "pool", "backend", "state")

	activeDesc   = desc("connections_active", "Connections of clients.", "listener")
	acceptedDesc = desc("connections_accepted_total", "Connections of clients that were let in.", "listener")
	refusedDesc  = desc("connections_refused_total", "Connections of clients that a limit kept out.", "listener")
	badDesc      = desc("bad_requests_total", "Requests that got no route, by the status code that the client was given.", "listener", "code")

	droppedDesc    = desc("access_log_dropped_total", "Lines that the access log had no room for.")
	reloadsDesc    = desc("config_reloads_total", "Attempts to replace the configuration.", "result")
	lastReloadDesc = desc("config_last_reload_success_timestamp_seconds", "When the configuration was last replaced.")
	buildDesc      = desc("build_info", "1, with the versions of lbctl and Go as labels.", "version", "go_version")
)

// Describe sends the descriptions of all metrics.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		requestsDesc, durationDesc, requestBytesDesc, responseBytesDesc, retriesDesc, attemptsDesc,
		panicDesc, policyDesc, inFlightDesc, healthDesc, drainingDesc, eligibleDesc, weightDesc, effectiveDesc, connectionsDesc,
		activeDesc, acceptedDesc, refusedDesc, badDesc, droppedDesc, reloadsDesc, lastReloadDesc, buildDesc,
	} {
		out <- d
	}
}

// Collect sends all metrics as they are now.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	now := c.gauges()
	to := sink{out}
	series, listeners := c.set.all()
	for _, x := range series {
		to.series(x)
	}
	for _, x := range listeners {
		to.listener(x)
	}
	for i := range now.Pools {
		to.pool(&now.Pools[i])
	}
	to.counter(droppedDesc, c.set.AccessLogDropped.Load())
	to.counter(reloadsDesc, c.set.reloads[0].Load(), "failure")
	to.counter(reloadsDesc, c.set.reloads[1].Load(), "success")
	if at := c.set.lastReload.Load(); at != 0 {
		to.gauge(lastReloadDesc, float64(at))
	}
	to.gauge(buildDesc, 1, now.Version, runtime.Version())
}

// sink makes metrics that hold what was counted. Labels are valid UTF-8 and
// their number is that of the description, so that making one cannot fail.
type sink struct{ out chan<- prometheus.Metric }

func (to sink) counter(d *prometheus.Desc, n uint64, labels ...string) {
	to.out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
}

func (to sink) gauge(d *prometheus.Desc, v float64, labels ...string) {
	to.out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (to sink) flag(d *prometheus.Desc, on bool, labels ...string) {
	v := 0.0
	if on {
		v = 1
	}
	to.gauge(d, v, labels...)
}

func (to sink) series(x *Series) {
	labels := []string{x.key.route, x.key.pool, x.key.backend}
	with := func(label string) []string { return append(labels[:len(labels):len(labels)], label) }
	sum := x.totals(func(code string, n uint64) { to.counter(requestsDesc, n, with(code)...) })
	to.out <- prometheus.MustNewConstHistogram(durationDesc, sum.requests, sum.latency.Seconds(), sum.upTo(), labels...)
	to.counter(requestBytesDesc, sum.in, labels...)
	to.counter(responseBytesDesc, sum.out, labels...)
	if x.key.backend == "" {
		return
	}
	to.counter(retriesDesc, x.retries.Load(), labels...)
	for v := range x.attempts {
		to.counter(attemptsDesc, x.attempts[v].Load(), with(lb.Verdict(v).String())...)
	}
}

func (to sink) listener(x *ListenerSeries) {
	// Closed first: a connection counted between the two reads must not make the difference negative.
	closed := x.closed.Load()
	accepted := x.accepted.Load()
	to.gauge(activeDesc, float64(accepted-closed), x.listener)
	to.counter(acceptedDesc, accepted, x.listener)
	to.counter(refusedDesc, x.refused.Load(), x.listener)
	x.bad.each(func(code string, n uint64) { to.counter(badDesc, n, x.listener, code) })
}

func (to sink) pool(p *PoolGauges) {
	pool := printable(p.Pool)
	to.flag(panicDesc, p.Panic, pool)
	to.gauge(policyDesc, 1, pool, printable(p.Policy))
	for i := range p.Backends {
		b := &p.Backends[i]
		name := printable(b.Backend)
		to.gauge(inFlightDesc, float64(b.InFlight), pool, name)
		for s := health.Healthy; s <= health.Recovering; s++ {
			to.flag(healthDesc, b.Health == s.String(), pool, name, s.String())
		}
		to.flag(drainingDesc, b.Draining, pool, name)
		to.flag(eligibleDesc, b.Eligible, pool, name)
		to.gauge(weightDesc, b.Weight, pool, name)
		to.gauge(effectiveDesc, b.EffectiveWeight, pool, name)
		to.gauge(connectionsDesc, float64(b.IdleConnections), pool, name, "idle")
		to.gauge(connectionsDesc, float64(b.OpenConnections-b.IdleConnections), pool, name, "busy")
	}
}
