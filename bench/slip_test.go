package bench

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestSlipLimits(t *testing.T) {
	late := make([]time.Duration, 1000)
	for i := range late {
		late[(i*7)%1000] = time.Duration(i) * 10 * time.Microsecond // up to 9.99 ms, in no order
	}
	s := slipOf(late)
	if s.P50 != 4990*time.Microsecond || s.P99 != 9890*time.Microsecond {
		t.Fatalf("got %+v", s)
	}
	for _, c := range []struct {
		p99   time.Duration
		p50MS float64
		ok    bool
	}{
		{4 * time.Millisecond, 1, true},
		{6 * time.Millisecond, 100, false},
		{6 * time.Millisecond, 400, true}, // 2% of it
		{4 * time.Millisecond, math.NaN(), true},
		{6 * time.Millisecond, math.NaN(), false},
	} {
		err := Slip{P99: c.p99}.check(c.p50MS)
		if (err == nil) != c.ok {
			t.Errorf("p99 %v beside a median of %g ms: %v", c.p99, c.p50MS, err)
		}
		var slip *SlipError
		if err != nil && (!errors.As(err, &slip) || !strings.Contains(err.Error(), "lower it")) {
			t.Errorf("no advice in %v", err)
		}
	}
}
