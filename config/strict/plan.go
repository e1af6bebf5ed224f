package strict

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"
)

var (
	durationType = reflect.TypeFor[time.Duration]()
	nodeType     = reflect.TypeFor[*yaml.Node]()
)

// A field is one key of a struct, as its tags describe it.
type field struct {
	name     string
	index    []int // for reflect.Value.FieldByIndex
	doc      string
	required bool
	rules    rules
}

// A plan is what the tags of a struct type say.
type plan struct {
	fields  []field
	inlines []inline // innermost first
	union   string   // what the alternatives are, "" when the struct is no union
}

// An inline is an embedded struct and the range of fields that it brings.
type inline struct {
	index      []int
	first, end int
}

// plans caches plan by reflect.Type.
var plans sync.Map

// planOf returns the plan of struct type t. It panics on a mistake in a tag.
func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p := &plan{}
	p.add(t, nil)
	p.verify(t)
	got, _ := plans.LoadOrStore(t, p)
	return got.(*plan)
}

// add appends the fields of struct type t, which is found at index.
func (p *plan) add(t reflect.Type, index []int) {
	for i := range t.NumField() {
		sf := t.Field(i)
		if u := sf.Tag.Get("union"); u != "" {
			p.union = u
		}
		name, options, _ := strings.Cut(sf.Tag.Get("yaml"), ",")
		at := append(slices.Clone(index), i)
		switch {
		case options == "inline" && name == "" && sf.IsExported() && sf.Type.Kind() == reflect.Struct:
			first := len(p.fields)
			p.add(sf.Type, at)
			p.inlines = append(p.inlines, inline{index: at, first: first, end: len(p.fields)})
		case options != "":
			wrongTag(t, sf, "the only option of yaml is inline, for exported structs without a name")
		case name == "" || name == "-":
		case !sf.IsExported():
			wrongTag(t, sf, "field is not exported")
		default:
			p.fields = append(p.fields, newField(t, sf, name, at))
		}
	}
}

// newField reads the tags of one field of t.
func newField(t reflect.Type, sf reflect.StructField, name string, index []int) field {
	r, err := newRules(sf.Type, sf.Tag)
	if err != nil {
		wrongTag(t, sf, "%v", err)
	}
	required := sf.Tag.Get("required")
	if required != "" && required != "true" {
		wrongTag(t, sf, `required is "true" or absent`)
	}
	return field{name: name, index: index, doc: sf.Tag.Get("doc"), required: required == "true", rules: r}
}

// verify checks what only the whole struct shows.
func (p *plan) verify(t reflect.Type) {
	for i, f := range p.fields {
		if slices.ContainsFunc(p.fields[:i], func(g field) bool { return g.name == f.name }) {
			panic(fmt.Sprintf("strict: %v has key %q twice", t, f.name))
		}
		if ft := t.FieldByIndex(f.index); p.union != "" && !nilable(ft.Type) {
			wrongTag(t, ft, "an alternative of a union is a pointer, slice or map")
		}
	}
}

// nilable reports whether a value of type t can be absent.
func nilable(t reflect.Type) bool {
	return t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map
}

// wrongTag panics: the program describes its format wrongly.
func wrongTag(t reflect.Type, sf reflect.StructField, format string, args ...any) {
	panic(fmt.Sprintf("strict: %v.%s: %s", t, sf.Name, fmt.Sprintf(format, args...)))
}

// A member is one key that a struct value takes: a field, or one that the value
// named at run time (Fielder).
type member struct {
	name     string
	value    reflect.Value
	doc      string
	required bool
	rules    *rules
}

// noRules holds for what carries no tags.
var noRules = &rules{}

// members returns the keys that struct v takes, in order.
func (p *plan) members(v reflect.Value) []member {
	out := make([]member, 0, len(p.fields))
	for i := range p.fields {
		f := &p.fields[i]
		out = append(out, member{
			name: f.name, value: v.FieldByIndex(f.index), doc: f.doc, required: f.required, rules: &f.rules,
		})
	}
	for _, in := range p.inlines {
		out = append(out, dynamics(v.FieldByIndex(in.index))...)
	}
	return append(out, dynamics(v)...)
}

// dynamics returns the keys that v names at run time.
func dynamics(v reflect.Value) []member {
	f, ok := v.Addr().Interface().(Fielder)
	if !ok {
		return nil
	}
	var out []member
	for _, d := range f.StrictFields() {
		p := reflect.ValueOf(d.Value)
		if p.Kind() != reflect.Pointer || p.IsNil() {
			panic(fmt.Sprintf("strict: %v: value of dynamic field %q is not a pointer", v.Type(), d.Name))
		}
		out = append(out, member{name: d.Name, value: p.Elem(), doc: d.Doc, rules: noRules})
	}
	return out
}

// names returns the names of members.
func names(members []member) []string {
	out := make([]string, len(members))
	for i, m := range members {
		out[i] = m.name
	}
	return out
}
