package admin

import (
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/lbctl/lbctl/config/strict"
)

// guard keeps browsers from giving orders, or reading, for pages of other origins.
func (h *handler) guard(next http.Handler) http.Handler {
	origins := http.NewCrossOriginProtection()
	origins.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusForbidden, "orders from pages of other origins are refused")
	}))
	next = origins.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		if rebound(r) {
			fail(w, http.StatusMisdirectedRequest, "expected localhost or an IP address as host, got "+strconv.Quote(r.Host))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// rebound says that a request came to loopback under a name that anybody may
// have made point there (DNS rebinding): to the browser, the page that sent it is
// then of our origin.
func rebound(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok || !local.IP.IsLoopback() {
		return false
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if strings.EqualFold(host, "localhost") {
		return false
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err != nil
}

// allows answers what is wrong with a request for e: the method, or a parameter
// that it does not have.
func (h *handler) allows(e endpoint, w http.ResponseWriter, r *http.Request) bool {
	allowed := e.method
	if e.method == http.MethodGet {
		allowed = "GET, HEAD"
	}
	if r.Method != e.method && !(r.Method == http.MethodHead && e.method == http.MethodGet) {
		w.Header().Set("Allow", allowed)
		fail(w, http.StatusMethodNotAllowed, r.Method+" is not for this path: expected "+allowed)
		return false
	}
	if err := r.ParseForm(); err != nil {
		fail(w, http.StatusBadRequest, "parameters: "+err.Error())
		return false
	}
	for _, name := range slices.Sorted(maps.Keys(r.Form)) {
		if !slices.Contains(e.params, name) {
			fail(w, http.StatusBadRequest, unknown("parameter", name, e.params))
			return false
		}
		if len(r.Form[name]) > 1 {
			fail(w, http.StatusBadRequest, "parameter "+name+" is there twice")
			return false
		}
	}
	return true
}

func (h *handler) notFound(w http.ResponseWriter, r *http.Request) {
	var paths []string
	for _, e := range h.endpoints {
		paths = append(paths, e.name())
	}
	fail(w, http.StatusNotFound, unknown("path", r.URL.Path, paths)+"; GET / lists what there is")
}

// unknown says that there is no such name, and which one may have been meant.
func unknown(what, name string, valid []string) string {
	msg := "no " + what + " " + strconv.Quote(name)
	if near := strict.Nearest(name, valid); near != "" {
		msg += "; did you mean " + strconv.Quote(near) + "?"
	}
	return msg
}
