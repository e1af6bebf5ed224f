package strict

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// schemaDialect names the version of JSON Schema.
const schemaDialect = "https://json-schema.org/draft/2020-12/schema"

// durationPattern is Go's duration syntax; the bounds are in the description,
// since JSON Schema cannot compare durations.
const durationPattern = `^[-+]?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`

// A schema is the part of JSON Schema that tags can express.
type schema struct {
	Dialect              string      `json:"$schema,omitempty"`
	Title                string      `json:"title,omitempty"`
	Description          string      `json:"description,omitempty"`
	Type                 any         `json:"type,omitempty"` // string or []string
	Default              any         `json:"default,omitempty"`
	Enum                 []string    `json:"enum,omitempty"`
	Pattern              string      `json:"pattern,omitempty"`
	MaxLength            int         `json:"maxLength,omitempty"`
	Minimum              json.Number `json:"minimum,omitempty"`
	ExclusiveMinimum     json.Number `json:"exclusiveMinimum,omitempty"`
	Maximum              json.Number `json:"maximum,omitempty"`
	Items                *schema     `json:"items,omitempty"`
	MinItems             int         `json:"minItems,omitempty"`
	MaxItems             int         `json:"maxItems,omitempty"`
	MinProperties        int         `json:"minProperties,omitempty"`
	MaxProperties        int         `json:"maxProperties,omitempty"`
	Properties           properties  `json:"properties,omitempty"`
	AdditionalProperties any         `json:"additionalProperties,omitempty"` // false or *schema
	Required             []string    `json:"required,omitempty"`
	AnyOf                []*schema   `json:"anyOf,omitempty"`
	OneOf                []*schema   `json:"oneOf,omitempty"`
}

// properties are the keys of an object in the order of the struct.
type properties []property

type property struct {
	name   string
	schema *schema
}

// MarshalJSON writes an object that keeps the order.
func (ps properties) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, p := range ps {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(p.name)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		if err := writeJSON(&b, p.schema); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// writeJSON writes v without the escapes that only HTML needs.
func writeJSON(b *bytes.Buffer, v any) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// Schema returns the JSON Schema (2020-12) of documents that Decode accepts into
// v, a pointer to a struct preset with its defaults. It is indented and the same
// on every call. It is stricter than Decode in two points of taste: strings that
// look like numbers must be quoted, and a duration of zero needs its unit.
func Schema(v any, title, description string) ([]byte, error) {
	s := schemaOf(structValue(v), noRules, 0)
	s.Dialect, s.Title, s.Description = schemaDialect, title, description
	var compact, out bytes.Buffer
	if err := writeJSON(&compact, s); err != nil {
		return nil, err
	}
	if err := json.Indent(&out, compact.Bytes(), "", "  "); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// structValue returns the struct that v points to.
func structValue(v any) reflect.Value {
	p := reflect.ValueOf(v)
	if p.Kind() != reflect.Pointer || p.IsNil() || p.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("strict: %T is not a pointer to a struct", v))
	}
	return p.Elem()
}

// schemaOf describes v, whose content is the default.
func schemaOf(v reflect.Value, r *rules, depth int) *schema {
	if depth > MaxDepth {
		panic(fmt.Sprintf("strict: %v is recursive", v.Type()))
	}
	if v.Type() == nodeType {
		return &schema{} // anything
	}
	if v.Kind() == reflect.Pointer {
		return schemaOf(pointed(v), r, depth+1)
	}
	if implements[Scalar](v.Type()) {
		plain := r.textSchema([]string{"string", "number", "boolean"})
		if !hasKeys(v) {
			plain.Default = defaultOf(v, r)
			return plain
		}
		return &schema{AnyOf: []*schema{plain, structSchema(v, depth)}}
	}
	switch v.Kind() {
	case reflect.Struct:
		return structSchema(v, depth)
	case reflect.Slice:
		items := schemaOf(fresh(v.Type().Elem()).Elem(), r.inner(), depth+1)
		items.Default = nil
		return &schema{Type: "array", Items: items, MinItems: r.minItems, MaxItems: r.maxItems, Default: defaultOf(v, r)}
	case reflect.Map:
		values := schemaOf(fresh(v.Type().Elem()).Elem(), r.inner(), depth+1)
		values.Default = nil
		return &schema{Type: "object", AdditionalProperties: values, MinProperties: r.minItems, MaxProperties: r.maxItems}
	}
	return plainSchema(v, r)
}

// pointed returns what a pointer points to, for nil a fresh value.
func pointed(v reflect.Value) reflect.Value {
	if v.IsNil() {
		return fresh(v.Type().Elem()).Elem()
	}
	return v.Elem()
}

// structSchema describes a mapping with known keys.
func structSchema(v reflect.Value, depth int) *schema {
	p := planOf(v.Type())
	out := &schema{Type: "object", AdditionalProperties: false}
	for _, m := range p.members(v) {
		s := schemaOf(m.value, m.rules, depth+1)
		s.Description = m.description()
		if m.required || m.value.Kind() == reflect.Pointer && m.value.IsNil() {
			s.Default = nil
		}
		out.Properties = append(out.Properties, property{m.name, s})
		if m.required {
			out.Required = append(out.Required, m.name)
		}
		if p.union != "" {
			out.OneOf = append(out.OneOf, &schema{Required: []string{m.name}})
		}
	}
	return out
}

// description returns what a person reads about a key: what it is, its unit and
// the bounds that the schema cannot express.
func (m member) description() string {
	out := m.doc
	add := func(s string) {
		if out != "" {
			out += " "
		}
		out += s
	}
	if m.rules.unit != "" {
		add("Unit: " + m.rules.unit + ".")
	}
	if r := m.rules; r.kind == durationKind && (r.max != nil || r.above != nil || r.min.whole != 0) {
		add("A duration" + r.rangeText() + ".")
	}
	return out
}

// plainSchema describes a plain value.
func plainSchema(v reflect.Value, r *rules) *schema {
	r = r.or(v.Type())
	var s *schema
	switch r.kind {
	case booleanKind:
		s = &schema{Type: "boolean"}
	case stringKind:
		s = r.textSchema("string")
	case durationKind:
		s = &schema{Type: "string", Pattern: durationPattern}
	case signedKind, unsignedKind:
		s = r.numberSchema("integer")
	case floatKind:
		s = r.numberSchema("number")
	default:
		panic(fmt.Sprintf("strict: cannot describe %v", v.Type()))
	}
	s.Default = defaultOf(v, r)
	return s
}

// textSchema describes a string, or a plain value read as text.
func (r *rules) textSchema(types any) *schema {
	s := &schema{Type: types, Enum: r.enum, MaxLength: r.maxLen}
	if r.pattern != nil {
		s.Pattern = r.pattern.String()
	}
	return s
}

// numberSchema describes a number.
func (r *rules) numberSchema(typ string) *schema {
	s := &schema{Type: typ}
	if r.min != nil {
		s.Minimum = json.Number(r.min.text)
	}
	if r.above != nil {
		s.ExclusiveMinimum = json.Number(r.above.text)
	}
	if r.max != nil {
		s.Maximum = json.Number(r.max.text)
	}
	return s
}

// defaultOf returns the content of v as JSON has it, nil when it is none worth
// telling: empty, or not allowed (a preset that must be replaced).
func defaultOf(v reflect.Value, r *rules) any {
	if s, ok := v.Addr().Interface().(fmt.Stringer); ok && implements[Scalar](v.Type()) {
		if v.IsZero() {
			return nil
		}
		return s.String()
	}
	if v.Kind() == reflect.Slice {
		var out []any
		for i := range v.Len() {
			item := defaultOf(v.Index(i), r.inner())
			if item == nil {
				return nil
			}
			out = append(out, item)
		}
		if len(out) == 0 {
			return nil
		}
		return out
	}
	r = r.or(v.Type())
	if !r.holds(v) {
		return nil
	}
	switch r.kind {
	case booleanKind:
		return v.Bool()
	case stringKind:
		if v.Kind() == reflect.String && v.Len() > 0 {
			return v.String()
		}
	case signedKind:
		return v.Int()
	case unsignedKind:
		return v.Uint()
	case floatKind:
		return v.Float()
	case durationKind:
		return durationText(v.Int())
	}
	return nil
}
