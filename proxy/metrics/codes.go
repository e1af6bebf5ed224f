package metrics

import (
	"strconv"
	"sync/atomic"
)

// The status codes that are told apart; what lies outside counts as one.
const (
	minCode   = 100
	maxCode   = 599
	otherCode = maxCode - minCode + 1
)

// codes counts by status code.
type codes [otherCode + 1]atomic.Uint64

func (c *codes) add(code int) { c[codeIndex(code)].Add(1) }

func codeIndex(code int) int {
	if code < minCode || code > maxCode {
		return otherCode
	}
	return code - minCode
}

// each calls do with every code that has been counted, in ascending order.
func (c *codes) each(do func(code string, n uint64)) {
	for i := range c {
		n := c[i].Load()
		switch {
		case n == 0:
		case i == otherCode:
			do("other", n)
		default:
			do(strconv.Itoa(minCode+i), n)
		}
	}
}
