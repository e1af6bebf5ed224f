package reports

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestWrapKeepsWordsAndWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[a-zé★]{1,30}`), 1, 20).Draw(t, "words")
		limit := rapid.IntRange(8, 60).Draw(t, "limit")
		indent := strings.Repeat(" ", rapid.IntRange(0, 4).Draw(t, "indent"))
		lines := wrap(strings.Join(words, " "), limit, indent)
		joined := ""
		for i, line := range lines {
			if width(line) > limit {
				t.Fatalf("%q is wider than %d", line, limit)
			}
			if i > 0 && !strings.HasPrefix(line, indent) {
				t.Fatalf("%q is not indented", line)
			}
			joined += strings.ReplaceAll(line, " ", "")
		}
		if joined != strings.Join(words, "") {
			t.Fatalf("%q became %q", words, lines)
		}
	})
}

func TestTruncate(t *testing.T) {
	for _, c := range []struct {
		in    string
		limit int
		want  string
	}{
		{"p2c", 3, "p2c"}, {"p2c", 2, "p…"}, {"p2c", 1, "…"}, {"größer", 4, "grö…"}, {"", 1, ""}, {"負荷分散", 5, "負荷…"},
	} {
		if got := truncate(c.in, c.limit); got != c.want || width(got) > c.limit {
			t.Errorf("truncate(%q, %d) = %q, want %q", c.in, c.limit, got, c.want)
		}
	}
}

func TestBreakName(t *testing.T) {
	for in, want := range map[string]string{
		"uniform": "uniform", "prequal-rules/70%": "prequal-\nrules/70%", "round_robin": "round_robin",
		"metastable-retry-storm": "metastable-\nretry-storm", "extraordinarilylong": "extraordinarilylong",
	} {
		if got := breakName(in, headWidth); got != want {
			t.Errorf("breakName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSpans(t *testing.T) {
	for want, in := range map[string][]uint64{
		"": nil, "7": {7}, "1, 2": {1, 2}, "1–20": {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20},
		"1–3, 7, 9, 10": {1, 2, 3, 7, 9, 10}, "3, 2": {3, 2}, "18446744073709551615": {math.MaxUint64},
	} {
		if got := spans(in); got != want {
			t.Errorf("spans(%v) = %q, want %q", in, got, want)
		}
	}
}

func TestWordsForNumbers(t *testing.T) {
	for got, want := range map[string]string{
		relative(-41.3): "−41%", relative(3.21): "+3.2%", relative(12): "+12%", relative(1950): "×20.5", relative(math.NaN()): "",
		ratio(1.04): "×1.04", ratio(12.34): "×12.3", ratio(333.3): "×333", ratio(math.Inf(1)): "∞", ratio(math.NaN()): none,
		percentage(0): "0.00", percentage(1.9): "1.90", percentage(0.0004): "0.0004",
		seconds(30): "30 s", seconds(0.25): "0.25 s", seconds(300): "5 min", seconds(5400): "1 h 30 min", seconds(7200): "2 h", seconds(301): "301 s",
		grouped(6840000): "6\u202f840\u202f000", grouped(999): "999", probability(0.0002): "< 0.001", probability(0.041): "0.041",
		count(1, "seed"): "1 seed", count(0, "seed"): "0 seeds",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestOpening(t *testing.T) {
	for _, c := range []struct{ about, first, rest string }{
		{"One line.\nMore.\n", "One line.", "More."},
		{"Down it stays. The example of \"Metastable\nfailures\".", "Down it stays.", "The example of \"Metastable\nfailures\"."},
		{"No full stop\nmore", "No full stop", "more"},
		{"A p99.9 of 3 ms\nmore", "A p99.9 of 3 ms", "more"},
		{"  alone ", "alone", ""}, {"", "", ""},
	} {
		if first, rest := opening(c.about); first != c.first || rest != c.rest {
			t.Errorf("opening(%q) = %q, %q", c.about, first, rest)
		}
	}
}

func TestSparkline(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		values []float64
		width  int
		want   string
	}{
		{nil, 10, ""},
		{[]float64{0, 1, 2, 3, 4, 5, 6, 7}, 0, "▁▂▃▄▅▆▇█"},
		{[]float64{0, 7, nan, 7}, 8, "▁█ █"},
		{[]float64{5, 5}, 2, "██"},
		{[]float64{0, 0}, 2, "▁▁"},
		{[]float64{0, 0, 0, 9, 0, 0}, 3, "▁█▁"}, // the spike survives
		{[]float64{nan, nan}, 2, "  "},
		{[]float64{-4, 0, 4}, 3, "▁▅█"},
		{[]float64{math.Inf(1), 1}, 2, " █"},
		{[]float64{-math.MaxFloat64, math.MaxFloat64}, 2, "▁█"},
	} {
		if got := Sparkline(c.values, c.width); got != c.want {
			t.Errorf("Sparkline(%v, %d) = %q, want %q", c.values, c.width, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(rapid.Float64()).Draw(t, "values")
		limit := rapid.IntRange(1, 200).Draw(t, "width")
		if got := utf8.RuneCountInString(Sparkline(values, limit)); got != min(limit, len(values)) {
			t.Fatalf("%d characters", got)
		}
	})
}
