package scenarios

import (
	"math"
	"slices"
	"time"

	"github.com/lbctl/lbctl/lb/rng"
)

// Dist is a distribution of durations, none of them negative. Sampling is by
// inversion: a pure, monotone function of 64 uniform bits, so that equal bits cost equal time
// and one draw is worth one number. Draws are cut off at MaxDemand, which
// Mean and SCV disregard.
type Dist interface {
	Sample(u uint64) time.Duration
	Mean() time.Duration
	SCV() float64 // squared coefficient of variation: variance/mean²; +Inf where the variance is
}

// clamp turns nanoseconds into a duration within [0, MaxDemand].
func clamp(ns float64) time.Duration {
	return time.Duration(max(0, min(ns, float64(MaxDemand))))
}

// open maps 64 random bits to the open interval (0, 1), symmetric around ½.
// The result is a multiple of 2⁻⁵³ and 2·open−1 is exact.
func open(u uint64) float64 { return float64(u>>12)*0x1p-52 + 0x1p-53 }

// normalQuantile is Φ⁻¹. p lies in (0, 1).
func normalQuantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

type deterministic struct{ value time.Duration }

func (d deterministic) Sample(uint64) time.Duration { return d.value }
func (d deterministic) Mean() time.Duration         { return d.value }
func (d deterministic) SCV() float64                { return 0 }

type exponential struct{ mean float64 } // ns

func (d exponential) Sample(u uint64) time.Duration {
	if ns := d.mean * rng.ExpOf(u); ns < float64(MaxDemand) {
		return time.Duration(ns)
	}
	return MaxDemand
}
func (d exponential) Mean() time.Duration { return time.Duration(d.mean) }
func (d exponential) SCV() float64        { return 1 }

// truncatedNormal is N(mu, sigma²) under the condition that it is not negative. With
// α = −mu/sigma and λ = φ(α)/(1−Φ(α)), its mean is mu + sigma·λ and its variance
// sigma²·(1 + αλ − λ²) (Johnson, Kotz and Balakrishnan, "Continuous
// univariate distributions" 1, section 13.10.1).
type truncatedNormal struct {
	mu, sigma float64 // ns, before truncation
	below     float64 // probability that truncation takes away
	mean, scv float64
}

func newTruncatedNormal(mu, sigma time.Duration) Dist {
	if sigma == 0 {
		return deterministic{mu}
	}
	d := truncatedNormal{mu: float64(mu), sigma: float64(sigma)}
	alpha := -d.mu / d.sigma
	d.below = math.Erfc(-alpha/math.Sqrt2) / 2
	hazard := math.Exp(-alpha*alpha/2) / math.Sqrt(2*math.Pi) / (1 - d.below)
	d.mean = d.mu + d.sigma*hazard
	d.scv = d.sigma * d.sigma * (1 + alpha*hazard - hazard*hazard) / (d.mean * d.mean)
	return d
}

func (d truncatedNormal) Sample(u uint64) time.Duration {
	return clamp(d.mu + d.sigma*normalQuantile(d.below+open(u)*(1-d.below)))
}
func (d truncatedNormal) Mean() time.Duration { return time.Duration(math.Round(d.mean)) }
func (d truncatedNormal) SCV() float64        { return d.scv }

// lognormal has the mean exp(mu + sigma²/2) and the SCV exp(sigma²) − 1.
type lognormal struct{ mu, sigma float64 }

func newLognormal(mean time.Duration, sigma float64) Dist {
	return lognormal{mu: math.Log(float64(mean)) - sigma*sigma/2, sigma: sigma}
}

func (d lognormal) Sample(u uint64) time.Duration {
	return clamp(math.Exp(d.mu + d.sigma*normalQuantile(open(u))))
}
func (d lognormal) Mean() time.Duration {
	return time.Duration(math.Round(math.Exp(d.mu + d.sigma*d.sigma/2)))
}
func (d lognormal) SCV() float64 { return math.Expm1(d.sigma * d.sigma) }

// pareto has the density of a power law above its scale, the smallest value:
// mean scale·α/(α−1), SCV 1/(α(α−2)) for α > 2.
type pareto struct{ scale, alpha float64 }

func newPareto(mean time.Duration, alpha float64) Dist {
	return pareto{scale: float64(mean) * (alpha - 1) / alpha, alpha: alpha}
}

func (d pareto) Sample(u uint64) time.Duration {
	return clamp(d.scale * math.Exp(-math.Log1p(-rng.Unit(u))/d.alpha))
}
func (d pareto) Mean() time.Duration {
	return time.Duration(math.Round(d.scale * d.alpha / (d.alpha - 1)))
}
func (d pareto) SCV() float64 {
	if d.alpha <= 2 {
		return math.Inf(1)
	}
	return 1 / (d.alpha * (d.alpha - 2))
}

type bimodal struct {
	small, large time.Duration
	share        float64 // of the large ones
}

func (d bimodal) Sample(u uint64) time.Duration {
	if rng.Unit(u) < 1-d.share {
		return d.small
	}
	return d.large
}
func (d bimodal) Mean() time.Duration {
	return time.Duration(math.Round(float64(d.small)*(1-d.share) + float64(d.large)*d.share))
}
func (d bimodal) SCV() float64 {
	s, l := float64(d.small), float64(d.large)
	mean := s*(1-d.share) + l*d.share
	return (l - s) * (l - s) * d.share * (1 - d.share) / (mean * mean)
}

// sample draws one of the given values, all equally likely.
type sample struct {
	values    []time.Duration // ascending
	mean, scv float64
}

func newSample(values []time.Duration) Dist {
	d := sample{values: slices.Sorted(slices.Values(values))}
	var sum, squares float64
	for _, v := range values {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(len(values))
	d.mean = sum / n
	d.scv = max(0, squares/n/(d.mean*d.mean)-1)
	return d
}

func (d sample) Sample(u uint64) time.Duration {
	return d.values[int(rng.Unit(u)*float64(len(d.values)))]
}
func (d sample) Mean() time.Duration { return time.Duration(math.Round(d.mean)) }
func (d sample) SCV() float64        { return d.scv }

// quantiles interpolates linearly between the points of a quantile function.
type quantiles struct {
	p         []float64 // ascending from 0 to 1
	x         []float64 // ns, ascending
	mean, scv float64
}

func newQuantiles(p, x []float64) Dist {
	d := quantiles{p: p, x: x}
	var squares float64
	for i := 1; i < len(p); i++ {
		a, b, w := x[i-1], x[i], p[i]-p[i-1]
		d.mean += w * (a + b) / 2
		squares += w * (a*a + a*b + b*b) / 3
	}
	d.scv = max(0, squares/(d.mean*d.mean)-1)
	return d
}

func (d quantiles) Sample(u uint64) time.Duration {
	v := rng.Unit(u)
	i, found := slices.BinarySearch(d.p, v)
	if found {
		return clamp(d.x[i])
	}
	share := (v - d.p[i-1]) / (d.p[i] - d.p[i-1])
	return clamp(d.x[i-1] + share*(d.x[i]-d.x[i-1]))
}
func (d quantiles) Mean() time.Duration { return time.Duration(math.Round(d.mean)) }
func (d quantiles) SCV() float64        { return d.scv }
