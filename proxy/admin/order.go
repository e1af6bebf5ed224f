package admin

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/proxy"
)

// drain spares a backend new requests, or ends that, and answers with its state.
func (h *handler) drain(on bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h.Engine.Drain(r.PathValue("pool"), r.PathValue("backend"), on); err != nil {
			refuse(w, err)
			return
		}
		h.backend(w, r)
	}
}

// weight sets a backend's weight and answers with its state.
func (h *handler) weight(w http.ResponseWriter, r *http.Request) {
	text := r.Form.Get("value")
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || !(value >= serve.MinWeight && value <= serve.MaxWeight) {
		fail(w, http.StatusBadRequest, fmt.Sprintf("value: expected a number from %g to %g, got %q", float64(serve.MinWeight), float64(serve.MaxWeight), text))
		return
	}
	if err := h.Engine.SetWeight(r.PathValue("pool"), r.PathValue("backend"), value); err != nil {
		refuse(w, err)
		return
	}
	h.backend(w, r)
}

// backend answers with the state of the backend that the path names.
func (h *handler) backend(w http.ResponseWriter, r *http.Request) {
	pool, backend := r.PathValue("pool"), r.PathValue("backend")
	for _, p := range h.Engine.Status().Pools {
		if p.Name != pool {
			continue
		}
		for _, b := range p.Backends {
			if b.Name == backend {
				answer(w, http.StatusOK, b)
				return
			}
		}
	}
	fail(w, http.StatusNotFound, "the backend is no longer there: the configuration has changed meanwhile")
}

// reload loads the configuration anew.
func (h *handler) reload(w http.ResponseWriter, _ *http.Request) {
	if err := h.Reload(); err != nil {
		fail(w, http.StatusUnprocessableEntity, "not reloaded: the old configuration runs on: "+err.Error())
		return
	}
	answer(w, http.StatusOK, struct {
		Reloaded bool `json:"reloaded"`
	}{true})
}

// refuse answers an error of the engine.
func refuse(w http.ResponseWriter, err error) {
	var unknown *proxy.UnknownError
	if errors.As(err, &unknown) {
		fail(w, http.StatusNotFound, err.Error())
		return
	}
	fail(w, http.StatusInternalServerError, err.Error())
}
