package experiment

import (
	"math"
	"testing"
)

func TestFormat(t *testing.T) {
	nan := math.NaN()
	around := func(mean, half float64) Estimate {
		return Estimate{Mean: mean, Lo: mean - half, Hi: mean + half, N: 20}
	}
	lone := func(v float64) Estimate { return Estimate{Mean: v, Lo: nan, Hi: nan, N: 1} }
	censored := func(e Estimate) Estimate { e.Censored = true; return e }
	for _, c := range []struct {
		e                    Estimate
		format, mean, bounds string
	}{
		{around(41.23, 1.39), "41.2 ±1.4", "41.2", "39.8–42.6"},
		{around(302.4, 25.1), "302 ±25", "302", "277–328"},
		{around(1234.5, 250), "1230 ±250", "1230", "980–1480"},
		{around(1234567, 25000), "1235000 ±25000", "1235000", "1210000–1260000"},
		{around(1234567, 3), "1235000 ±1000", "1235000", "1235000–1235000"},
		{around(41.23456, 0.0004), "41.23 ±0.01", "41.23", "41.23–41.23"},
		{around(1000, 99.6), "1000 ±100", "1000", "900–1100"},
		{around(1000, 9.96), "1000 ±10", "1000", "990–1010"},
		{around(99.996, 0.12), "100.0 ±0.1", "100.0", "99.9–100.1"},
		{around(0.9998, 0.00012), "0.9998 ±0.0001", "0.9998", "0.9997–0.9999"},
		{around(0, 0.0123), "0.000 ±0.012", "0.000", "−0.012 to 0.012"},
		{around(-1.58, 0.88), "−1.58 ±0.88", "−1.58", "−2.46 to −0.70"},
		{around(0.3, 12), "0 ±12", "0", "−12 to 12"},
		{around(-0.3, 12), "0 ±12", "0", "−12 to 12"},
		{around(1e-9, 1e-10), "0.000000 ±0.000001", "0.000000", "0.000000–0.000000"},
		{around(0, 0), "0", "0", ""},
		{around(100, 0), "100", "100", ""},
		{around(12.3456, 0), "12.35", "12.35", ""},
		{lone(41.2345), "41.2", "41.2", ""},
		{lone(1234.5), "1230", "1230", ""},
		{lone(2), "2", "2", ""},
		{lone(0), "0", "0", ""},
		{around(nan, nan), "–", "–", ""},
		{lone(math.Inf(1)), "–", "–", ""},
		{censored(around(1000, 0)), "≥ 1000", "≥ 1000", ""},
		{censored(around(912, 34)), "≥ 912", "≥ 912", ""},
		{censored(lone(1000)), "≥ 1000", "≥ 1000", ""},
		{censored(around(999.3, 0)), "≥ 1000", "≥ 1000", ""},
		{censored(around(249.6, 0)), "≥ 250", "≥ 250", ""},
	} {
		if got := Format(c.e); got != c.format {
			t.Errorf("Format(%v) = %q, want %q", c.e, got, c.format)
		}
		if got := FormatMean(c.e); got != c.mean {
			t.Errorf("FormatMean(%v) = %q, want %q", c.e, got, c.mean)
		}
		if got := FormatInterval(c.e); got != c.bounds {
			t.Errorf("FormatInterval(%v) = %q, want %q", c.e, got, c.bounds)
		}
	}
}

func TestLastOf(t *testing.T) {
	for _, c := range []struct {
		v            float64
		digits, want int
	}{
		{1000, 2, 2}, {999, 2, 2}, {994, 2, 1}, {1, 4, -3}, {9.9996, 4, -2}, {0.001, 1, -3}, {-25, 2, 0}, {1e-300, 2, -301},
	} {
		if got := lastOf(c.v, c.digits); got != c.want {
			t.Errorf("lastOf(%v, %d) = %d, want %d", c.v, c.digits, got, c.want)
		}
	}
}
