package bench

import (
	"context"
	"log/slog"
	"strings"

	"github.com/lbctl/lbctl/measure"
)

// events is a balancer's log (a slog.Handler), of which what it says of its backends' health goes into the journal.
type events struct {
	journal  *journal
	balancer int
}

// healthPrefix begins the messages in which a proxy tells that a backend's state has changed.
const healthPrefix = "backend "

// Enabled says that the log wants to hear of what operators want to hear of.
func (e *events) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }

// Handle takes in a line.
func (e *events) Handle(_ context.Context, r slog.Record) error {
	to, ok := strings.CutPrefix(r.Message, healthPrefix)
	if !ok {
		return nil
	}
	out := measure.Event{Balancer: e.balancer}
	from := ""
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "backend":
			out.Backend = a.Value.String()
		case "was":
			from = a.Value.String()
		case "reason":
			out.Why = a.Value.String()
		}
		return true
	})
	if out.Backend != "" && from != "" {
		out.What = from + " → " + to
		e.journal.event(r.Time, out)
	}
	return nil
}

// WithAttrs returns the same log: the journal knows whose it is.
func (e *events) WithAttrs([]slog.Attr) slog.Handler { return e }

// WithGroup returns the same log.
func (e *events) WithGroup(string) slog.Handler { return e }
