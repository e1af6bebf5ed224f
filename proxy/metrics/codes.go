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
	allCodes  = otherCode + 1
)

func codeIndex(code int) int {
	if code < minCode || code > maxCode {
		return otherCode
	}
	return code - minCode
}

func codeLabel(index int) string {
	if index == otherCode {
		return "other"
	}
	return strconv.Itoa(minCode + index)
}

// codes counts by status code.
type codes [allCodes]atomic.Uint64

func (c *codes) add(code int) { c[codeIndex(code)].Add(1) }

// each calls do with every code that has been counted, in ascending order.
func (c *codes) each(do func(code string, n uint64)) {
	for i := range c {
		if n := c[i].Load(); n > 0 {
			do(codeLabel(i), n)
		}
	}
}
