package scenarios

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/lbctl/lbctl/config"
	"github.com/lbctl/lbctl/measure"
)

// Expectation is one line of expect:, a bound on a metric:
//
//	[policy NAME | variant NAME] [backend NAME] METRIC OP NUMBER
//
// such as "p99_ms < 120" or "policy p2c backend slow share_pct <= 2".
type Expectation struct {
	Line    string         // as written
	Policy  string         // of the compared policy; "" with Variant "": the scenario's own pool
	Variant string         // of the variant of this name
	Backend string         // group or backend; "": the whole pool
	Metric  measure.Metric //
	Op      string         // "<", "<=", ">" or ">="
	Value   float64        //
}

const expectForm = "[policy NAME | variant NAME] [backend NAME] METRIC OP NUMBER, such as p99_ms < 120"

// UnmarshalScalar reads one line.
func (e *Expectation) UnmarshalScalar(s string) error {
	words := strings.Fields(s)
	*e = Expectation{Line: strings.Join(words, " ")}
	name := func(prefix string) (string, bool) {
		if len(words) < 2 || words[0] != prefix {
			return "", false
		}
		name := words[1]
		words = words[2:]
		return name, true
	}
	var isPolicy, isBackend bool
	if e.Policy, isPolicy = name("policy"); isPolicy {
		if err := config.CheckPolicy(e.Policy); err != nil {
			return err
		}
	} else {
		e.Variant, _ = name("variant")
	}
	e.Backend, isBackend = name("backend")
	if len(words) != 3 {
		return fmt.Errorf("expected %s; got %q", expectForm, e.Line)
	}
	return e.bound(words[0], words[1], words[2], isBackend)
}

func (e *Expectation) bound(metric, op, number string, ofBackend bool) error {
	known := measure.Metrics()
	if ofBackend {
		known = measure.BackendMetrics()
	}
	if !slices.Contains(known, measure.Metric(metric)) {
		return unknownMetric(metric, known, ofBackend)
	}
	if !slices.Contains([]string{"<", "<=", ">", ">="}, op) {
		return fmt.Errorf("expected <, <=, > or >= after %s, got %q", metric, op)
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
		return fmt.Errorf("expected a number after %s, got %q", op, number)
	}
	e.Metric, e.Op, e.Value = measure.Metric(metric), op, value
	return nil
}

func unknownMetric(metric string, known []measure.Metric, ofBackend bool) error {
	if !ofBackend && slices.Contains(measure.BackendMetrics(), measure.Metric(metric)) {
		return fmt.Errorf("%s is of a backend: expected backend NAME %s …", metric, metric)
	}
	if ofBackend && slices.Contains(measure.Metrics(), measure.Metric(metric)) {
		return fmt.Errorf("%s is not measured for a backend: expected %s", metric, oneOf(metric, names(known)))
	}
	return errors.New("unknown metric: expected " + oneOf(metric, names(known)))
}

func names(metrics []measure.Metric) []string {
	var out []string
	for _, m := range metrics {
		out = append(out, string(m))
	}
	return out
}
