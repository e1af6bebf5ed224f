package admin

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/lbctl/lbctl/proxy"
)

const (
	// defaultExplanations is how many picks /explain shows when it is not told, and
	// maxExplanations bounds what it can be told.
	defaultExplanations = 10
	maxExplanations     = 1000
)

// name returns the endpoint's path as people write it.
func (e *endpoint) name() string { return strings.TrimSuffix(e.path, "{$}") }

// usage returns the path with its parameters.
func (e *endpoint) usage() string {
	if len(e.params) == 0 {
		return e.name()
	}
	return e.name() + "?" + strings.Join(e.params, "=&") + "="
}

func (h *handler) list(w http.ResponseWriter, _ *http.Request) {
	var text strings.Builder
	text.WriteString("lbctl, admin listener\n\n")
	for i := range h.endpoints {
		e := &h.endpoints[i]
		fmt.Fprintf(&text, "%-4s %-42s %s\n", e.method, e.usage(), e.what)
	}
	answerText(w, http.StatusOK, text.String())
}

func (h *handler) healthz(w http.ResponseWriter, _ *http.Request) {
	answerText(w, http.StatusOK, "ok\n")
}

// readyz says whether traffic may come here. A pool without backends does not
// make it unready as long as another pool has some: whoever asks would take the
// traffic of all pools away.
func (h *handler) readyz(w http.ResponseWriter, _ *http.Request) {
	now := h.Engine.Status()
	var empty strings.Builder
	ready := false
	for _, p := range now.Pools {
		if p.Eligible == 0 {
			fmt.Fprintf(&empty, "pool %s has no backend to offer\n", p.Name)
		} else {
			ready = true
		}
	}
	switch {
	case now.Draining:
		answerText(w, http.StatusServiceUnavailable, "draining\n")
	case !ready:
		answerText(w, http.StatusServiceUnavailable, "not ready\n"+empty.String())
	default:
		answerText(w, http.StatusOK, "ready\n"+empty.String())
	}
}

func (h *handler) backends(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, h.Engine.Status())
}

func (h *handler) config(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, h.Engine.Config())
}

func (h *handler) explain(w http.ResponseWriter, r *http.Request) {
	n, asJSON, err := explainParams(r)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	pool, err := h.poolOf(r)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	picks, err := h.Engine.Explain(pool)
	if err != nil {
		refuse(w, err)
		return
	}
	picks = picks[:min(n, len(picks))]
	if asJSON {
		answer(w, http.StatusOK, append([]proxy.Explanation{}, picks...)) // [] and not null
		return
	}
	answerText(w, http.StatusOK, explanations(pool, picks))
}

// explainParams reads how many picks are wanted, and how they are to be shown.
func explainParams(r *http.Request) (n int, asJSON bool, err error) {
	n = defaultExplanations
	if text := r.Form.Get("n"); text != "" {
		if n, err = strconv.Atoi(text); err != nil || n < 1 || n > maxExplanations {
			return 0, false, fmt.Errorf("n: expected a whole number from 1 to %d, got %q", maxExplanations, text)
		}
	}
	switch format := r.Form.Get("format"); format {
	case "":
		return n, strings.Contains(r.Header.Get("Accept"), "application/json"), nil
	case "text", "json":
		return n, format == "json", nil
	default:
		return 0, false, fmt.Errorf("format: expected text or json, got %q", format)
	}
}

// poolOf returns the pool that is asked for; it may go unsaid when there is only one.
func (h *handler) poolOf(r *http.Request) (string, error) {
	if name := r.Form.Get("pool"); name != "" {
		return name, nil
	}
	var names []string
	for _, p := range h.Engine.Status().Pools {
		names = append(names, p.Name)
	}
	if len(names) == 1 {
		return names[0], nil
	}
	return "", fmt.Errorf("pool: expected one of %s", strings.Join(names, ", "))
}

func explanations(pool string, picks []proxy.Explanation) string {
	if len(picks) == 0 {
		return "pool " + pool + ": no pick has been explained yet\n"
	}
	var text strings.Builder
	for i, p := range picks {
		if i > 0 {
			text.WriteByte('\n')
		}
		fmt.Fprintf(&text, "%s, pool %s, request %d\n%s", p.At.UTC().Format("2006-01-02T15:04:05.000Z"), p.Pool, p.Request, p.Text)
	}
	return text.String()
}
