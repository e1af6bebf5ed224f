package strict

import (
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// hasKeys reports whether v can be decoded from a mapping with known keys.
func hasKeys(v reflect.Value) bool {
	if v.Kind() != reflect.Struct {
		return false
	}
	p := planOf(v.Type())
	return len(p.fields) > 0 || implements[Fielder](v.Type())
}

// implements reports whether *t implements I.
func implements[I any](t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[I]())
}

// structure decodes a mapping with known keys.
func (d *decoder) structure(n *yaml.Node, path string, v reflect.Value, r *rules) bool {
	p := planOf(v.Type())
	s := &structDecoder{decoder: d, plan: p, path: path, members: p.members(v)}
	if n.Kind != yaml.MappingNode {
		want := "a mapping with keys " + list(names(s.members))
		if implements[Scalar](v.Type()) {
			want = "a plain value or " + want
		}
		return d.expected(n, path, want)
	}
	s.state = make([]state, len(s.members))
	if p.union != "" {
		s.clear()
	}
	ok := s.shorthand(n, v, r)
	for i := 0; i+1 < len(n.Content); i += 2 {
		ok = s.pair(n.Content[i], n.Content[i+1]) && ok
	}
	ok = s.complete(n) && ok
	for _, in := range p.inlines {
		if !slices.Contains(s.state[in.first:in.end], faulty) {
			ok = d.check(n, path, v.FieldByIndex(in.index)) && ok
		}
	}
	return ok
}

// A state is what a mapping says about one member of a struct.
type state int

const (
	absent state = iota
	null
	present
	faulty // present, missing or null, and wrong
)

// A structDecoder decodes one mapping into one struct.
type structDecoder struct {
	*decoder
	plan    *plan
	path    string
	members []member
	state   []state // by member
	short   bool    // a shorthand was given: it may stand for any member
	unknown bool    // a key is unknown: perhaps the one that seems to be missing
}

// clear makes every alternative of a union absent: the default alternative
// holds only when the union is absent.
func (s *structDecoder) clear() {
	for _, m := range s.members {
		if nilable(m.value.Type()) {
			m.value.SetZero()
		}
	}
}

// shorthand applies the scalar that Set kept when it made n a mapping.
func (s *structDecoder) shorthand(n *yaml.Node, v reflect.Value, r *rules) bool {
	if len(n.Content) == 0 || n.Content[0].Tag != shorthandTag {
		return true
	}
	s.short = true
	scalar, ok := v.Addr().Interface().(Scalar)
	if !ok {
		return s.expected(n.Content[1], s.path, "a mapping with keys "+list(names(s.members)))
	}
	return s.scalar(n.Content[1], s.path, scalar, r)
}

// pair decodes one key and its value.
func (s *structDecoder) pair(key, value *yaml.Node) bool {
	if key.Tag == shorthandTag {
		return true
	}
	path := Join(s.path, key.Value)
	i := slices.IndexFunc(s.members, func(m member) bool { return m.name == key.Value })
	if i < 0 {
		return s.unknownKey(key, path)
	}
	m := s.members[i]
	switch {
	case isNull(value) && m.required:
		s.state[i] = faulty
		return s.errorf(value, path, "a value is required, got null")
	case isNull(value) && m.value.Type() != nodeType:
		s.state[i] = null
	case s.value(value, path, m.value, m.rules):
		s.state[i] = present
	default:
		s.state[i] = faulty
	}
	return s.state[i] != faulty
}

// unknownKey notes a key that the struct does not have.
func (s *structDecoder) unknownKey(key *yaml.Node, path string) bool {
	s.unknown = true
	valid := names(s.members)
	switch near := Nearest(key.Value, valid); {
	case len(valid) == 0:
		return s.errorf(key, path, "unknown key %s; no keys are allowed here", quote(key.Value))
	case near != "":
		return s.errorf(key, path, "unknown key %s; did you mean %s?", quote(key.Value), quote(near))
	}
	return s.errorf(key, path, "unknown key %s; expected one of %s", quote(key.Value), list(valid))
}

// complete checks that all that must be present is, and that of a union exactly
// one alternative is.
func (s *structDecoder) complete(n *yaml.Node) bool {
	ok := true
	for i, m := range s.members {
		if m.required && s.state[i] == absent && !s.short {
			s.state[i] = faulty
			ok = s.errorf(n, s.path, "missing required key %s", quote(m.name))
		}
	}
	return s.oneOf(n) && ok
}

// oneOf checks that exactly one alternative of a union is present.
func (s *structDecoder) oneOf(n *yaml.Node) bool {
	if s.plan.union == "" {
		return true
	}
	var some, nulls []string
	for i, m := range s.members {
		switch {
		case s.state[i] == null:
			nulls = append(nulls, m.name)
		case s.state[i] != absent || nilable(m.value.Type()) && !m.value.IsNil():
			some = append(some, m.name)
		}
	}
	if len(some) == 1 || len(some) == 0 && s.unknown {
		return true
	}
	got := strings.Join(some, " and ")
	if len(some) == 0 {
		got = "none"
	}
	if len(nulls) > 0 {
		got += " (" + strings.Join(nulls, ", ") + " null)"
	}
	return s.errorf(n, s.path, "expected exactly one %s of %s; got %s", s.plan.union, list(names(s.members)), got)
}
