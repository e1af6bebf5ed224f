package http1

// Span is a half-open range of bytes, from From up to but not including To, in
// the buffer that was given to Parse. It stays valid when the bytes are moved
// to the same offsets of another buffer. The zero Span is empty.
type Span struct{ From, To uint32 }

// Of returns the bytes of the span. buf must hold the message that was parsed.
func (s Span) Of(buf []byte) []byte { return buf[s.From:s.To] }

// Len is the number of bytes in the span.
func (s Span) Len() int { return int(s.To - s.From) }

func span(from, to int) Span { return Span{uint32(from), uint32(to)} }
