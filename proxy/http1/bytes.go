package http1

import (
	"encoding/binary"
	"math/bits"
)

// Classes of bytes, as bits of the byteClass table.
const (
	classToken = 1 << iota // tchar, RFC 9110 §5.6.2
	classHost              // may stand in a host name; see checkAuthority
	classHex               // hexadecimal digit
)

// byteClass says by one look-up what a byte may be part of.
var byteClass = func() (t [256]uint8) {
	add := func(set string, class uint8) {
		for i := range len(set) {
			t[set[i]] |= class
		}
	}
	const alnum = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	add("!#$%&'*+-.^_`|~"+alnum, classToken)
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

// Eight bytes are looked at in one word (SWAR), the first in its lowest byte. A
// test sets the high bit of the bytes that it is about.
const (
	everyByte = 0x0101010101010101
	highBits  = 0x80 * everyByte
	lowBits   = 0x7f * everyByte
	caseBits  = 0x20 * everyByte
)

// load returns the eight bytes of buf from i on.
func load(buf []byte, i int) uint64 { return binary.LittleEndian.Uint64(buf[i : i+8]) }

// firstMark is the number of the first byte marked in m, which must not be 0.
func firstMark(m uint64) int { return bits.TrailingZeros64(m) >> 3 }

// controls marks control bytes: below 0x20, and 0x7f. A borrow may mark bytes
// after the first mark wrongly, so only the first counts.
func controls(x uint64) uint64 {
	return ((x - 0x20*everyByte) | (x&lowBits + everyByte)) &^ x & highBits
}

// notTarget marks what may not stand in a target: white space, control bytes,
// bytes with the high bit, and '#', which begins a fragment. Only the first mark counts.
func notTarget(x uint64) uint64 {
	hash := x ^ '#'*everyByte
	return ((x - 0x21*everyByte) | (x&lowBits + everyByte) | x | (hash-everyByte)&^hash) & highBits
}

// notLetter marks what is neither a letter nor '-'.
func notLetter(x uint64) uint64 {
	folded := (x | caseBits) & lowBits
	letter := (folded + (0x80-'a')*everyByte) &^ (folded + (0x80-'z'-1)*everyByte) &^ x
	hyphen := x ^ '-'*everyByte
	other := (hyphen&lowBits + lowBits) | hyphen
	return other &^ letter & highBits
}

// skipName returns the index of the first byte from i on that may not stand in a
// token, and whether there is a '_' before it.
func skipName(buf []byte, i int) (end int, underscore bool) {
	for i+8 <= len(buf) {
		m := notLetter(load(buf, i))
		if m == 0 {
			i += 8
			continue
		}
		i += firstMark(m)
		if buf[i] == ':' {
			return i, underscore
		}
		if byteClass[buf[i]]&classToken == 0 {
			return i, underscore
		}
		underscore = underscore || buf[i] == '_'
		i++
	}
	for i < len(buf) && byteClass[buf[i]]&classToken != 0 {
		underscore = underscore || buf[i] == '_'
		i++
	}
	return i, underscore
}

// skipTarget returns the index of the first byte from i on that may not stand in
// a request target.
func skipTarget(buf []byte, i int) int {
	for ; i+8 <= len(buf); i += 8 {
		if m := notTarget(load(buf, i)); m != 0 {
			return i + firstMark(m)
		}
	}
	for i < len(buf) && buf[i] > ' ' && buf[i] < 0x7f && buf[i] != '#' {
		i++
	}
	return i
}

// skipText returns the index of the first byte from i on that may not stand in
// a field's value: a control byte other than HTAB (RFC 9110 §5.5).
func skipText(buf []byte, i int) int {
	for i+8 <= len(buf) {
		m := controls(load(buf, i))
		if m == 0 {
			i += 8
			continue
		}
		i += firstMark(m)
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
