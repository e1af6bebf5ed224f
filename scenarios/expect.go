package scenarios

import "github.com/lbctl/lbctl/measure"

// Expectation is one line of expect:, a bound on a metric.
type Expectation struct {
	Line    string         // as written
	Policy  string         // variant with this policy; "" with Variant "": the scenario's own pool
	Variant string         // variant of this name
	Backend string         // group or backend; "": the whole pool
	Metric  measure.Metric //
	Op      string         // "<", "<=", ">" or ">="
	Value   float64
}
