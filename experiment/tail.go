package experiment

import (
	"math"
	"time"

	"github.com/lbctl/lbctl/lb/stats"
)

// MaxTailPoints bounds the points of a tail curve.
const MaxTailPoints = 200

// tail returns the curve of "this share took longer" from all requests down to
// one in n, evenly spaced on the logarithmic axis it is drawn on. Both
// coordinates are monotone; where many requests took equally long, only the ends
// of the vertical piece are kept.
func tail(h *stats.Histogram) []TailPoint {
	n := float64(h.Count())
	if n == 0 {
		return nil
	}
	var out []TailPoint
	add := func(p TailPoint) {
		if k := len(out); k >= 2 && out[k-1].MS == p.MS && out[k-2].MS == p.MS {
			out = out[:k-1]
		}
		out = append(out, p)
	}
	const steps = MaxTailPoints - 1
	for k := range steps {
		above := math.Pow(n, -float64(k)/steps)
		add(TailPoint{MS: h.Quantile(1-above) / 1e6, Above: above})
	}
	add(TailPoint{MS: float64(h.Max()) / float64(time.Millisecond), Above: 1 / n})
	return out
}
