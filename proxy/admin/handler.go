package admin

import (
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/proxy"
	"github.com/lbctl/lbctl/proxy/metrics"
)

const (
	// maxBody bounds what an order may carry, in bytes.
	maxBody = 4096
	// maxScrapes bounds how many scrapes of the metrics there are at a time.
	maxScrapes = 4
)

// Engine is what the admin listener needs of a proxy. Any goroutine may call it.
type Engine interface {
	Config() *serve.Config
	Status() proxy.Status
	Explain(pool string) ([]proxy.Explanation, error)
	Metrics() *metrics.Set
	Drain(pool, backend string, on bool) error
	SetWeight(pool, backend string, w float64) error
}

// Options are what a handler is made of.
type Options struct {
	Engine  Engine
	Reload  func() error // loads the configuration anew; with an error the old one runs on
	Version string       // of the program, for lbctl_build_info
	Logger  *slog.Logger // is told of scrapes that fail; nil: nobody is told
}

// New returns the handler of the admin listener. Its server should have
// time-outs: New sets none.
func New(o Options) http.Handler {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	h := &handler{Options: o}
	h.endpoints = h.table()
	return h.guard(h.mux())
}

type handler struct {
	Options
	endpoints []endpoint
}

// endpoint is one thing that the listener answers.
type endpoint struct {
	method string // GET includes HEAD
	path   string // a pattern of http.ServeMux
	params []string
	what   string
	serve  http.HandlerFunc
}

// table lists all that the listener answers, in the order in which it is shown.
func (h *handler) table() []endpoint {
	return []endpoint{
		{http.MethodGet, "/{$}", nil, "this list", h.list},
		{http.MethodGet, "/healthz", nil, "200 while the process serves", h.healthz},
		{http.MethodGet, "/readyz", nil, "200 when traffic may come; 503 at a stop, or when no pool has a backend to offer", h.readyz},
		{http.MethodGet, "/metrics", nil, "for Prometheus", h.metrics()},
		{http.MethodGet, "/backends", nil, "pools and backends as JSON", h.backends},
		{http.MethodGet, "/config", nil, "the configuration in force as JSON, with all defaults", h.config},
		{http.MethodGet, "/explain", []string{"pool", "n", "format"}, "why the last picks went where they did; format: text or json", h.explain},
		{http.MethodPost, "/backends/{pool}/{backend}/drain", nil, "spare a backend new requests", h.drain(true)},
		{http.MethodPost, "/backends/{pool}/{backend}/undrain", nil, "end that", h.drain(false)},
		{http.MethodPost, "/backends/{pool}/{backend}/weight", []string{"value"}, "set its weight, until a reload changes it", h.weight},
		{http.MethodPost, "/reload", nil, "load the configuration anew", h.reload},
	}
}

// mux finds the endpoint for a path.
func (h *handler) mux() *http.ServeMux {
	mux := http.NewServeMux()
	for _, e := range h.endpoints {
		mux.HandleFunc(e.path, func(w http.ResponseWriter, r *http.Request) {
			if h.allows(e, w, r) {
				e.serve(w, r)
			}
		})
	}
	mux.HandleFunc("/", h.notFound)
	return mux
}

// metrics returns what answers scrapes.
func (h *handler) metrics() http.HandlerFunc {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		h.Engine.Metrics().Collector(h.gauges),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	scrape := promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(h.Logger.Handler(), slog.LevelError), MaxRequestsInFlight: maxScrapes,
	})
	return scrape.ServeHTTP
}

// gauges returns what is known of the engine at the moment of a scrape.
func (h *handler) gauges() metrics.Gauges {
	now := metrics.Gauges{Version: h.Version}
	for _, p := range h.Engine.Status().Pools {
		pool := metrics.PoolGauges{Pool: p.Name, Policy: p.Policy, Panic: p.Panic}
		for _, b := range p.Backends {
			pool.Backends = append(pool.Backends, metrics.BackendGauges{
				Backend: b.Name, Health: b.Health, Draining: b.Draining, Eligible: b.Eligible,
				Weight: b.Weight, EffectiveWeight: b.EffectiveWeight, InFlight: b.InFlight,
				OpenConnections: b.OpenConnections, IdleConnections: b.IdleConnections,
			})
		}
		now.Pools = append(now.Pools, pool)
	}
	return now
}
