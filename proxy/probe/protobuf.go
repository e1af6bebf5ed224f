package probe

import "encoding/binary"

// Wire types of protobuf's encoding.
const (
	wireVarint = 0
	wire64     = 1
	wireBytes  = 2
	wire32     = 5
)

// appendString appends a string field, unless it has the default value.
func appendString(dst []byte, field uint64, s string) []byte {
	if s == "" {
		return dst
	}
	dst = binary.AppendUvarint(dst, field<<3|wireBytes)
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

// varintField returns the last value of a varint field in message, 0 if the message does not have it, and
// false if the message is malformed.
func varintField(message []byte, field uint64) (value uint64, ok bool) {
	for len(message) > 0 {
		key, n := binary.Uvarint(message)
		if n <= 0 {
			return 0, false
		}
		message = message[n:]
		var size uint64
		switch key & 7 {
		case wireVarint:
			x, n := binary.Uvarint(message)
			if n <= 0 {
				return 0, false
			}
			if key>>3 == field {
				value = x
			}
			size = uint64(n)
		case wire64:
			size = 8
		case wireBytes:
			length, n := binary.Uvarint(message)
			if n <= 0 {
				return 0, false
			}
			message, size = message[n:], length
		case wire32:
			size = 4
		default:
			return 0, false
		}
		if size > uint64(len(message)) {
			return 0, false
		}
		message = message[size:]
	}
	return value, true
}
