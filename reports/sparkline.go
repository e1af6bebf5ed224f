package reports

import (
	"math"
	"strings"
)

var sparks = []rune("▁▂▃▄▅▆▇█")

// Sparkline draws values as a line of blocks, at most width characters (0 or
// less: one for each value). Where there are more values than characters, each
// character shows the largest it stands for, so that a spike is never lost. The
// scale runs from 0, or the least value if that is negative, to the largest. NaN
// and ±Inf are gaps.
func Sparkline(values []float64, width int) string {
	if width <= 0 || width > len(values) {
		width = len(values)
	}
	cells := make([]float64, width)
	lo, hi := 0.0, math.Inf(-1)
	for i := range cells {
		cells[i] = largest(values[i*len(values)/width : (i+1)*len(values)/width])
		if !math.IsNaN(cells[i]) {
			lo, hi = min(lo, cells[i]), max(hi, cells[i])
		}
	}
	var b strings.Builder
	for _, v := range cells {
		b.WriteRune(spark(v, lo, hi))
	}
	return b.String()
}

func spark(v, lo, hi float64) rune {
	if math.IsNaN(v) {
		return ' '
	}
	if hi <= lo {
		return sparks[0]
	}
	// Halved first, so that the span of the extremes does not overflow.
	at := (v/2 - lo/2) / (hi/2 - lo/2)
	return sparks[min(len(sparks)-1, int(at*float64(len(sparks))))]
}

// largest returns the largest finite value, NaN if there is none.
func largest(values []float64) float64 {
	most := math.NaN()
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) && !(v <= most) {
			most = v
		}
	}
	return most
}
