package orca

// maxDepth bounds how deep JSON may nest. A report needs 2.
const maxDepth = 8

// readJSON reads an OrcaLoadReport in protobuf's JSON mapping. It checks the whole text by the
// grammar of RFC 8259 and takes the members of named_metrics.
//
// Strings are not decoded: a name spelled with escapes is a name unknown.
func readJSON(b []byte) (metrics, bool) {
	s := scanner{rest: b}
	ok := s.peek() == '{' && s.value(0, false) && s.peek() == 0 && len(s.rest) == 0
	return s.metrics, ok
}

// scanner walks over JSON. Each of its methods eats what it names and returns
// false if something else is there.
type scanner struct {
	rest    []byte
	metrics metrics
	named   bool // named_metrics was met
}

// peek skips white space and returns the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	for len(s.rest) > 0 && isSpace(s.rest[0]) {
		s.rest = s.rest[1:]
	}
	if len(s.rest) == 0 {
		return 0
	}
	return s.rest[0]
}

// take eats the next byte if it is c.
func (s *scanner) take(c byte) bool {
	if s.peek() != c || c == 0 {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// value eats any value. If named, it is the value of named_metrics.
func (s *scanner) value(depth int, named bool) bool {
	if depth > maxDepth {
		return false
	}
	switch c := s.peek(); {
	case c == '{':
		return s.object(depth, named)
	case c == '[':
		return s.array(depth)
	case c == '"':
		_, ok := s.text()
		return ok
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	}
	return s.number()
}

func (s *scanner) object(depth int, named bool) bool {
	s.take('{')
	if s.take('}') {
		return true
	}
	for {
		name, ok := s.text()
		if !ok || !s.take(':') || !s.member(name, depth, named) {
			return false
		}
		if !s.take(',') {
			return s.take('}')
		}
	}
}

// member eats the value of an object's member, and takes it if it is a metric.
func (s *scanner) member(name []byte, depth int, named bool) bool {
	s.peek()
	from := s.rest
	inner := depth == 0 && isNamedMetrics(name)
	if inner && s.named {
		return false
	}
	s.named = s.named || inner
	if !s.value(depth+1, inner) {
		return false
	}
	return !named || s.metrics.set(name, from[:len(from)-len(s.rest)])
}

// isNamedMetrics knows both spellings: protobuf's JSON mapping turns field names into lowerCamelCase, and
// has readers accept the original as well.
func isNamedMetrics(name []byte) bool {
	return string(name) == "named_metrics" || string(name) == "namedMetrics"
}

func (s *scanner) array(depth int) bool {
	s.take('[')
	if s.take(']') {
		return true
	}
	for {
		if !s.value(depth+1, false) {
			return false
		}
		if !s.take(',') {
			return s.take(']')
		}
	}
}

func (s *scanner) literal(word string) bool {
	if len(s.rest) < len(word) || string(s.rest[:len(word)]) != word {
		return false
	}
	s.rest = s.rest[len(word):]
	return true
}

// text eats a string and returns what stands between its quotes.
func (s *scanner) text() ([]byte, bool) {
	if !s.take('"') {
		return nil, false
	}
	for i := 0; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			inner := s.rest[:i]
			s.rest = s.rest[i+1:]
			return inner, true
		case c < ' ':
			return nil, false
		case c == '\\':
			n := escape(s.rest[i:])
			if n == 0 {
				return nil, false
			}
			i += n - 1
		}
	}
	return nil, false
}

// escape returns the length of the escape sequence that b begins with, or 0.
func escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) < 6 {
			return 0
		}
		for _, c := range b[2:6] {
			if !('0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f') {
				return 0
			}
		}
		return 6
	}
	return 0
}

// number eats a number: -? (0 | [1-9] digits) (. digits)? ([eE] [+-]? digits)?
func (s *scanner) number() bool {
	b := s.rest
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	n := digits(b)
	if n == 0 || n > 1 && b[0] == '0' {
		return false
	}
	b = b[n:]
	if len(b) > 0 && b[0] == '.' {
		n := digits(b[1:])
		if n == 0 {
			return false
		}
		b = b[1+n:]
	}
	if len(b) > 0 && b[0]|0x20 == 'e' {
		b = b[1:]
		if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		n := digits(b)
		if n == 0 {
			return false
		}
		b = b[n:]
	}
	s.rest = b
	return true
}

// digits counts the decimal digits that b begins with.
func digits(b []byte) int {
	n := 0
	for n < len(b) && '0' <= b[n] && b[n] <= '9' {
		n++
	}
	return n
}
