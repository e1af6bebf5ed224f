package scenarios

import (
	"errors"
	"strconv"
	"time"

	"github.com/lbctl/lbctl/config/strict"
)

// distSpec is a distribution as it is written. A plain duration is a constant.
type distSpec struct {
	_             struct{}       `union:"distribution"`
	Deterministic *constantSpec  `yaml:"deterministic" doc:"always the same; a plain duration is short for it"`
	Exponential   *expSpec       `yaml:"exponential" doc:"memoryless"`
	Normal        *normalSpec    `yaml:"normal" doc:"normal, under the condition that it is not negative: its true mean lies above the given one"`
	Lognormal     *lognormalSpec `yaml:"lognormal" doc:"the exponential of a normal variable: a moderately heavy tail"`
	Pareto        *paretoSpec    `yaml:"pareto" doc:"a power law: a heavy tail"`
	Bimodal       *bimodalSpec   `yaml:"bimodal" doc:"mostly small, sometimes large"`
	Empirical     *empiricalSpec `yaml:"empirical" doc:"from observed values or quantiles"`
}

type constantSpec struct {
	Value time.Duration `yaml:"value" required:"true" max:"24h" doc:"the value"`
}

type expSpec struct {
	Mean time.Duration `yaml:"mean" required:"true" min:"1ns" max:"24h" doc:"mean"`
}

type normalSpec struct {
	Mean  time.Duration `yaml:"mean" required:"true" min:"1ns" max:"24h" doc:"mean before truncation"`
	Sigma time.Duration `yaml:"sigma" required:"true" max:"24h" doc:"standard deviation before truncation"`
}

type lognormalSpec struct {
	Mean  time.Duration `yaml:"mean" required:"true" min:"1ns" max:"24h" doc:"mean of the distribution itself"`
	Sigma float64       `yaml:"sigma" required:"true" min:"0" max:"5" doc:"standard deviation of the logarithm"`
}

type paretoSpec struct {
	Mean  time.Duration `yaml:"mean" required:"true" min:"1ns" max:"24h" doc:"mean"`
	Alpha float64       `yaml:"alpha" required:"true" above:"1" max:"100" doc:"tail exponent; at most 2: infinite variance"`
}

type bimodalSpec struct {
	Small    time.Duration `yaml:"small" required:"true" max:"24h" doc:"the usual value"`
	Large    time.Duration `yaml:"large" required:"true" min:"1ns" max:"24h" doc:"the unusual value"`
	LargePct float64       `yaml:"large_pct" required:"true" min:"0" max:"100" unit:"%" doc:"share of the unusual value"`
}

type empiricalSpec struct {
	_         struct{}        `union:"list"`
	Values    []time.Duration `yaml:"values" minitems:"1" maxitems:"10000" max:"24h" doc:"observed values, all equally likely"`
	Quantiles []quantilePoint `yaml:"quantiles" minitems:"2" maxitems:"10000" doc:"points of the quantile function, from 0% to 100%; linear between them"`
}

type quantilePoint struct {
	Pct   float64       `yaml:"pct" required:"true" min:"0" max:"100" unit:"%" doc:"this share of values …"`
	Value time.Duration `yaml:"value" required:"true" max:"24h" doc:"… is at most this"`
}

// UnmarshalScalar takes the shorthand "demand: 10ms".
func (d *distSpec) UnmarshalScalar(s string) error {
	v, err := time.ParseDuration(s)
	if err != nil || v < 0 || v > MaxDemand {
		return errors.New(`expected a duration with a unit, like "10ms", or a distribution; got ` + strconv.Quote(s))
	}
	*d = distSpec{Deterministic: &constantSpec{v}}
	return nil
}

// Check sees to the order of an empirical distribution's points.
func (e *empiricalSpec) Check(r *strict.Reporter) {
	q := e.Quantiles
	if q == nil {
		return
	}
	if q[0].Pct != 0 || q[len(q)-1].Pct != 100 {
		r.Errorf("quantiles", "expected points from pct: 0 to pct: 100, got %v to %v", q[0].Pct, q[len(q)-1].Pct)
	}
	for i := 1; i < len(q); i++ {
		if q[i].Pct <= q[i-1].Pct || q[i].Value < q[i-1].Value {
			r.Errorf("quantiles["+strconv.Itoa(i)+"]", "expected rising points, got %v%%: %v after %v%%: %v",
				q[i].Pct, q[i].Value, q[i-1].Pct, q[i-1].Value)
		}
	}
}

// dist compiles the distribution; one that is absent is always 0.
func (d *distSpec) dist() Dist {
	switch {
	case d.Deterministic != nil:
		return deterministic{d.Deterministic.Value}
	case d.Exponential != nil:
		return exponential{float64(d.Exponential.Mean)}
	case d.Normal != nil:
		return newTruncatedNormal(d.Normal.Mean, d.Normal.Sigma)
	case d.Lognormal != nil:
		return newLognormal(d.Lognormal.Mean, d.Lognormal.Sigma)
	case d.Pareto != nil:
		return newPareto(d.Pareto.Mean, d.Pareto.Alpha)
	case d.Bimodal != nil:
		return bimodal{d.Bimodal.Small, d.Bimodal.Large, d.Bimodal.LargePct / 100}
	case d.Empirical != nil:
		return d.Empirical.dist()
	}
	return deterministic{}
}

func (e *empiricalSpec) dist() Dist {
	if e.Values != nil {
		return newSample(e.Values)
	}
	var p, x []float64
	for _, q := range e.Quantiles {
		p = append(p, q.Pct/100)
		x = append(x, float64(q.Value))
	}
	return newQuantiles(p, x)
}
