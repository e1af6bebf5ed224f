package reports

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/lbctl/lbctl/measure"
)

// title is a metric's name for people, and its unit.
type title struct{ name, unit string }

// String joins the two for the head of a column.
func (t title) String() string { return strings.TrimRight(t.name+" "+t.unit, " ") }

var titles = map[measure.Metric]title{
	measure.MeanMS:         {"mean", "ms"},
	measure.P50MS:          {"p50", "ms"},
	measure.P90MS:          {"p90", "ms"},
	measure.P99MS:          {"p99", "ms"},
	measure.P999MS:         {"p99.9", "ms"},
	measure.MaxMS:          {"max", "ms"},
	measure.OfferedRPS:     {"offered", "rps"},
	measure.GoodputRPS:     {"goodput", "rps"},
	measure.ErrorsPct:      {"errors", "%"},
	measure.TimeoutsPct:    {"time-outs", "%"},
	measure.RetriesPct:     {"retries", "%"},
	measure.UtilizationPct: {"utilization", "%"},
	measure.Fairness:       {"fairness", ""},
	measure.Imbalance:      {"util. max/avg", ""},
	measure.PeakQueue:      {"peak queue", ""},
	measure.PeakInFlight:   {"peak in flight", ""},
	measure.SharePct:       {"share", "%"},
}

// titleOf falls back on the metric's own name, which carries its unit.
func titleOf(m measure.Metric) title {
	if t, ok := titles[m]; ok {
		return t
	}
	return title{name: string(m)}
}

// count writes n things: "1 seed", "20 seeds".
func count(n int, thing string) string { return strconv.Itoa(n) + " " + plural(n, thing) }

func plural(n int, thing string) string {
	if n == 1 {
		return thing
	}
	return thing + "s"
}

// grouped writes n with a thin gap between thousands, the SI way.
func grouped(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteRune('\u202f')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// spans writes numbers briefly, runs of successive ones as a range: "1–20, 40".
func spans(numbers []uint64) string {
	var b strings.Builder
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && numbers[j+1] == numbers[j]+1 {
			j++
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.FormatUint(numbers[i], 10))
		switch {
		case j == i+1:
			b.WriteString(", " + strconv.FormatUint(numbers[j], 10))
		case j > i:
			b.WriteString("–" + strconv.FormatUint(numbers[j], 10))
		}
		i = j + 1
	}
	return b.String()
}

// none stands for a value that was not measured, as experiment.Format has it.
const none = "–"

// relative writes a change in per cent with its sign: "−41%", "+3.2%", "×20.5".
func relative(pct float64) string {
	sign := "+"
	if pct < 0 {
		sign = "−"
	}
	switch {
	case math.IsNaN(pct) || math.IsInf(pct, 0):
		return ""
	case pct >= 900:
		return fmt.Sprintf("×%.3g", 1+pct/100)
	case math.Abs(pct) < 9.95:
		return fmt.Sprintf("%s%.1f%%", sign, math.Abs(pct))
	}
	return fmt.Sprintf("%s%.0f%%", sign, math.Abs(pct))
}

// ratio writes a factor: "×1.04", "×12"; "∞" where nothing was answered.
func ratio(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "∞"
	case math.IsNaN(v) || v <= 0:
		return none
	case v < 9.995:
		return fmt.Sprintf("×%.2f", v)
	case v < 99.95:
		return fmt.Sprintf("×%.1f", v)
	}
	return fmt.Sprintf("×%.0f", v)
}

// percentage writes a share that has no interval.
func percentage(v float64) string {
	if math.IsNaN(v) {
		return none
	}
	if v != 0 && math.Abs(v) < 0.01 {
		return fmt.Sprintf("%.4f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// seconds writes a duration given in seconds: "30 s", "2 min", "1 h 30 min".
func seconds(s float64) string {
	whole := int(math.Round(s))
	switch {
	case s < 180 || whole%60 != 0 && s < 600:
		return strconv.FormatFloat(math.Round(s*1000)/1000, 'f', -1, 64) + " s"
	case whole < 3600 || whole%60 != 0:
		return strconv.FormatFloat(math.Round(s/6)/10, 'f', -1, 64) + " min"
	case whole%3600 == 0:
		return strconv.Itoa(whole/3600) + " h"
	}
	return fmt.Sprintf("%d h %d min", whole/3600, whole%3600/60)
}
