package accesslog

import (
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxText bounds each text of a line, in bytes before escaping. What is cut
// off leaves cutMark behind.
const maxText = 4096

const cutMark = "..."

const hexDigits = "0123456789ABCDEF"

// front is up to one rune's bytes.
type front struct {
	bytes [utf8.UTFMax]byte
	n     int
}

// text is what comes from clients and backends, or from the configuration.
type text interface{ ~string | ~[]byte }

// appendText appends s so that it can neither end a line nor a pair of quotes,
// nor steer a terminal that the line is shown on. escape is given the
// first bytes of what begins with a byte that is not plain, by value so that nothing is allocated for them, and
// returns how many it has dealt with.
func appendText[T text](dst []byte, s T, escape func(dst []byte, f front) ([]byte, int)) []byte {
	mark := ""
	if len(s) > maxText {
		s, mark = s[:cut(s)], cutMark
	}
	for {
		n := plain(s)
		dst = append(dst, s[:n]...)
		if n == len(s) {
			return append(dst, mark...)
		}
		s = s[n:]
		var f front
		f.n = copy(f.bytes[:], s)
		dst, n = escape(dst, f)
		s = s[n:]
	}
}

// cut returns where to cut a text that is too long, before a rune if possible.
func cut[T text](s T) int {
	for n := maxText; n > maxText-utf8.UTFMax; n-- {
		if utf8.RuneStart(s[n]) {
			return n
		}
	}
	return maxText
}

const (
	lowBits  = 0x0101010101010101
	highBits = lowBits << 7
)

// plain returns how many bytes at the front of s stand for themselves in every
// format: printable ASCII but the quote and the backslash.
//
// It looks at eight bytes at a time. Where one is not plain, its highest bit is
// set in odd; a borrow may set that of bytes after it, too, never before it.
func plain[T text](s T) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		odd := w | (w - ' '*lowBits) | ((w ^ '"'*lowBits) - lowBits) | ((w ^ '\\'*lowBits) - lowBits) | (w + lowBits)
		if odd &= highBits; odd != 0 {
			return i + bits.TrailingZeros64(odd)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return i
		}
	}
	return i
}

// escapeJSON escapes by the rules of RFC 8259 §7, and besides whatever is not
// printable. A byte that is no UTF-8 becomes U+FFFD.
func escapeJSON(dst []byte, f front) ([]byte, int) {
	rest := f.bytes[:f.n]
	if c := rest[0]; c == '"' || c == '\\' {
		return append(dst, '\\', c), 1
	}
	r, n := utf8.DecodeRune(rest)
	switch {
	case r == utf8.RuneError && n == 1:
		return append(dst, `\uFFFD`...), 1
	case strconv.IsPrint(r):
		return append(dst, rest[:n]...), n
	case r >= 1<<16:
		high, low := utf16.EncodeRune(r)
		return appendUnit(appendUnit(dst, high), low), n
	}
	return appendUnit(dst, r), n
}

func appendUnit(dst []byte, u rune) []byte {
	return append(dst, '\\', 'u', hexDigits[u>>12&15], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15])
}

// escapeHex escapes a byte as nginx does in its combined format.
func escapeHex(dst []byte, f front) ([]byte, int) {
	c := f.bytes[0]
	return append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15]), 1
}
