package accesslog

import (
	"encoding/binary"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxText bounds each text of a line, in bytes before escaping. What is cut
// off leaves cutMark behind.
const maxText = 4096

const cutMark = "..."

const hexDigits = "0123456789ABCDEF"

// escaping is how bytes that are not plain are written.
type escaping bool

const (
	escapeJSON escaping = false
	escapeHex  escaping = true
)

// text is what comes from clients and backends, or from the configuration.
type text interface{ ~string | ~[]byte }

// appendText appends s so that it can neither end a line nor a pair of quotes,
// nor steer a terminal that the line is shown on.
func appendText[T text](dst []byte, s T, escape escaping) []byte {
	if len(s) > maxText {
		return append(appendText(dst, s[:cut(s)], escape), cutMark...)
	}
	dst, n := appendPlain(dst, s)
	for n < len(s) {
		var front [utf8.UTFMax]byte
		rest := front[:copy(front[:], s[n:])]
		var size int
		if escape == escapeHex {
			dst, size = appendHex(dst, rest)
		} else {
			dst, size = appendEscaped(dst, rest)
		}
		n += size
		dst, size = appendPlain(dst, s[n:])
		n += size
	}
	return dst
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

// appendPlain appends the bytes at the front of s that stand for themselves in
// every format (printable ASCII but the quote and the backslash) and returns how
// many they are. It looks at eight bytes at a time.
func appendPlain[T text](dst []byte, s T) ([]byte, int) {
	dst = slices.Grow(dst, len(s))
	out := dst[len(dst):][:len(s)]
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := load(s[i:])
		if odd(w) != 0 {
			break
		}
		binary.LittleEndian.PutUint64(out[i:], w)
	}
	if last := len(s) - 8; i > last && last >= 0 { // again some that were copied, lest the rest be copied one by one
		if w := load(s[last:]); odd(w) == 0 {
			binary.LittleEndian.PutUint64(out[last:], w)
			i = len(s)
		}
	}
	for ; i < len(s) && isPlain[s[i]]; i++ {
		out[i] = s[i]
	}
	return dst[:len(dst)+i], i
}

func load[T text](s T) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// odd returns 0 if the eight bytes of w are plain: otherwise the highest bit of
// the first one that is not is set. (A borrow may set those of bytes after it.)
func odd(w uint64) uint64 {
	return (w | (w - ' '*lowBits) | ((w ^ '"'*lowBits) - lowBits) | ((w ^ '\\'*lowBits) - lowBits) | (w + lowBits)) & highBits
}

var isPlain = func() (plain [256]bool) {
	for c := ' '; c <= '~'; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

// appendEscaped appends what begins with a byte that is not plain by the rules of
// RFC 8259 §7, and escapes besides whatever is not printable. A byte that is no
// UTF-8 becomes U+FFFD. It returns how many bytes it has dealt with.
func appendEscaped(dst, rest []byte) ([]byte, int) {
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

// appendHex appends a byte as nginx does in its combined format.
func appendHex(dst, rest []byte) ([]byte, int) {
	c := rest[0]
	return append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15]), 1
}
