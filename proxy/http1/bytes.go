package http1

import (
	"encoding/binary"
	"math/bits"
)

// Classes of bytes, as bits of the byteClass table.
const (
	classToken      = 1 << iota // tchar, RFC 9110 §5.6.2
	classUnderscore             // '_', a tchar that CGI cannot tell from '-'
	classTarget                 // may stand in a request target
	classPercent                // '%', which begins an escape
	classHost                   // may stand in a host name; see validAuthority
	classHex                    // hexadecimal digit
)

// byteClass says by one look-up what a byte may be part of.
var byteClass = func() (t [256]uint8) {
	for c := 0x21; c <= 0x7e; c++ {
		t[c] |= classTarget
	}
	t['#'] = 0 // begins a fragment, which is never sent
	t['%'] |= classPercent
	add := func(set string, class uint8) {
		for i := range len(set) {
			t[set[i]] |= class
		}
	}
	const alnum = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	add("!#$%&'*+-.^_`|~"+alnum, classToken)
	add("_", classUnderscore)
	add("-._~"+alnum, classHost)
	add("0123456789abcdefABCDEF", classHex)
	return t
}()

// hexValue of a hexadecimal digit; 0xff for any other byte.
var hexValue = func() (t [256]uint8) {
	for i := range t {
		t[i] = 0xff
	}
	for i := range 16 {
		t["0123456789abcdef"[i]] = uint8(i)
		t["0123456789ABCDEF"[i]] = uint8(i)
	}
	return t
}()

const (
	everyByte = 0x0101010101010101
	highBits  = 0x8080808080808080
	caseBits  = 0x2020202020202020
)

// controls marks, in the high bit of each byte of x, the control bytes: below
// 0x20, or 0x7f. A borrow may mark bytes above the lowest mark wrongly, so only
// the lowest counts.
func controls(x uint64) uint64 {
	del := x ^ 0x7f*everyByte
	return ((x-0x20*everyByte)&^x | (del-everyByte)&^del) & highBits
}

// skipText returns the index of the first byte from i on that may not stand in
// a field's value: a control byte other than HTAB (RFC 9110 §5.5).
func skipText(buf []byte, i int) int {
	for i+8 <= len(buf) {
		m := controls(binary.LittleEndian.Uint64(buf[i:]))
		if m == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(m) >> 3
		if buf[i] != '\t' {
			return i
		}
		i++
	}
	for i < len(buf) && (buf[i] >= ' ' && buf[i] != 0x7f || buf[i] == '\t') {
		i++
	}
	return i
}

// equalFold says whether text, which holds no control bytes, is lower, which is
// made of small letters, digits and hyphens. Of what text may hold, the case bit
// leads to one of lower's bytes only from a capital to its small letter.
func equalFold(text []byte, lower string) bool {
	if len(text) != len(lower) {
		return false
	}
	for i := range len(lower) {
		if text[i]|0x20 != lower[i] {
			return false
		}
	}
	return true
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

// trimSpace removes optional white space (OWS) on both sides.
func trimSpace(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}
