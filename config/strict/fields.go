package strict

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// A Field is a value that a person can set, for listings.
type Field struct {
	Path     string // from the struct given to Fields: "slow_start.window"
	Name     string // the last name of the path
	Type     string // boolean, integer, number, duration, string, list, mapping or any
	Default  string // as one would write it; "" for none
	Min, Max string // inclusive; "" for none
	Above    string // exclusive minimum; "" for none
	Unit     string
	Enum     []string
	Required bool
	Doc      string
}

// Fields returns the values that can be set below v, a pointer to a struct
// preset with its defaults, in the order of the struct. It descends into structs,
// not into the elements of lists and mappings.
func Fields(v any) []Field { return fieldsOf(structValue(v), "", 0) }

// fieldsOf lists the members of struct v, which is found at path.
func fieldsOf(v reflect.Value, path string, depth int) []Field {
	if depth > MaxDepth {
		panic(fmt.Sprintf("strict: %v is recursive", v.Type()))
	}
	var out []Field
	for _, m := range planOf(v.Type()).members(v) {
		at, absent := m.value, false
		for at.Kind() == reflect.Pointer && at.Type() != nodeType {
			absent = absent || at.IsNil()
			at = pointed(at)
		}
		sub := Join(path, m.name)
		if hasKeys(at) {
			out = append(out, fieldsOf(at, sub, depth+1)...)
			continue
		}
		out = append(out, newLeaf(m, at, sub, absent))
	}
	return out
}

// newLeaf describes one member that is no struct; an absent one has no default.
func newLeaf(m member, at reflect.Value, path string, absent bool) Field {
	f := Field{
		Path: path, Name: m.name, Type: typeName(at.Type()), Unit: m.rules.unit, Enum: m.rules.enum,
		Required: m.required, Doc: m.doc,
	}
	r := m.rules
	if kindOf(at.Type()) != noKind {
		r = r.or(at.Type())
	}
	for _, b := range []struct {
		from *bound
		to   *string
	}{{r.min, &f.Min}, {r.max, &f.Max}, {r.above, &f.Above}} {
		if b.from != nil {
			*b.to = b.from.text
		}
	}
	if !absent && !m.required {
		f.Default = defaultText(defaultOf(at, m.rules))
	}
	return f
}

// defaultText renders a default as one would write it in YAML.
func defaultText(v any) string {
	items, ok := v.([]any)
	switch {
	case v == nil:
		return ""
	case !ok:
		return plainText(v)
	}
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = plainText(item)
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// plainText renders a plain default; numbers of everyday size have no exponent.
func plainText(v any) string {
	f, ok := v.(float64)
	if size := math.Abs(f); ok && (size == 0 || size >= 1e-6 && size < 1e15) {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// typeName returns the name of a type for people.
func typeName(t reflect.Type) string {
	if t == nodeType {
		return "any"
	}
	if implements[Scalar](t) {
		return "string"
	}
	switch kindOf(t) {
	case booleanKind:
		return "boolean"
	case signedKind, unsignedKind:
		return "integer"
	case floatKind:
		return "number"
	case durationKind:
		return "duration"
	case stringKind:
		return "string"
	}
	if t.Kind() == reflect.Slice {
		return "list"
	}
	return "mapping"
}

// durationText renders a duration in ns without trailing zeros: 1m, not 1m0s.
func durationText(ns int64) string {
	s := time.Duration(ns).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
