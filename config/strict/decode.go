package strict

import (
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Scalar is implemented (on the pointer) by types that read themselves from a
// plain value, given as it is written. The text of the error becomes the
// message. A struct that also has decoded fields takes a plain value as well as
// a mapping; see Document.Set for the two together.
type Scalar interface{ UnmarshalScalar(s string) error }

// Defaulter is implemented (on the pointer) by types that are not zero by
// default. Defaults is called on a fresh list element, mapping value or pointer
// target before it is decoded.
type Defaulter interface{ Defaults() }

// Checker is implemented (on the pointer) by types with rules that concern more
// than one field. Check is called after a value that is present has been
// decoded, and only if nothing inside it was wrong.
type Checker interface{ Check(r *Reporter) }

// Fielder is implemented (on the pointer) by structs with keys that are known
// only at run time. The keys come after those of the fields.
type Fielder interface{ StrictFields() []Dynamic }

// A Dynamic is a key known at run time. Value is a pointer to what it decodes
// into; the value pointed to is the default.
type Dynamic struct {
	Name, Doc string
	Value     any
}

// Decode decodes the document into the struct that into points to, whose
// present content is the default. The error is Errors: everything that is
// wrong. Values in error keep their defaults, but the content of into is of no
// use then. Decode may be called repeatedly and concurrently.
//
// A field of type *yaml.Node takes any value as it stands in the document, for
// Overlay; it must not be changed.
func (d *Document) Decode(into any) error {
	dec := &decoder{file: d.file}
	dec.value(d.root, "", structValue(into), noRules)
	return dec.errs.orNil()
}

// A decoder collects the errors of one Decode. Its methods report whether all
// went well inside the value.
type decoder struct {
	file string
	errs Errors
}

// errorf notes an error at n and returns false.
func (d *decoder) errorf(n *yaml.Node, path, format string, args ...any) bool {
	d.errs = append(d.errs, Error{
		File: d.file, Line: n.Line, Col: n.Column, Origin: originOf(n), Path: path,
		Msg: fmt.Sprintf(format, args...),
	})
	return false
}

// expected notes that n is something else than what is wanted.
func (d *decoder) expected(n *yaml.Node, path, want string) bool {
	sep := ", "
	if strings.Contains(want, ",") {
		sep = "; "
	}
	return d.errorf(n, path, "expected %s%sgot %s", want, sep, describe(n))
}

// value decodes n into v, which can be set.
func (d *decoder) value(n *yaml.Node, path string, v reflect.Value, r *rules) bool {
	if v.Type() == nodeType {
		v.Set(reflect.ValueOf(n))
		return true
	}
	if v.Kind() == reflect.Pointer {
		return d.pointer(n, path, v, r)
	}
	return d.content(n, path, v, r) && d.check(n, path, v)
}

// content decodes n into v, which is no pointer.
func (d *decoder) content(n *yaml.Node, path string, v reflect.Value, r *rules) bool {
	if s, ok := v.Addr().Interface().(Scalar); ok && (n.Kind == yaml.ScalarNode || !hasKeys(v)) {
		return d.scalar(n, path, s, r)
	}
	if k := kindOf(v.Type()); k != noKind {
		return d.plain(n, path, v, r, k)
	}
	switch v.Kind() {
	case reflect.Struct:
		return d.structure(n, path, v, r)
	case reflect.Slice:
		return d.list(n, path, v, r)
	case reflect.Map:
		if v.Type().Key().Kind() == reflect.String {
			return d.mapping(n, path, v, r)
		}
	}
	panic(fmt.Sprintf("strict: cannot decode into %v (at %s)", v.Type(), path))
}

// check runs the cross-field checks of v.
func (d *decoder) check(n *yaml.Node, path string, v reflect.Value) bool {
	c, ok := v.Addr().Interface().(Checker)
	if !ok {
		return true
	}
	before := len(d.errs)
	c.Check(&Reporter{dec: d, node: n, path: path})
	return len(d.errs) == before
}

// pointer decodes n into a copy of what v points to, a fresh value for nil.
func (d *decoder) pointer(n *yaml.Node, path string, v reflect.Value, r *rules) bool {
	target := fresh(v.Type().Elem())
	if !v.IsNil() {
		target.Elem().Set(v.Elem())
	}
	ok := d.value(n, path, target.Elem(), r)
	if ok {
		v.Set(target)
	}
	return ok
}

// fresh returns a pointer to a new value with its defaults.
func fresh(t reflect.Type) reflect.Value {
	p := reflect.New(t)
	if def, ok := p.Interface().(Defaulter); ok {
		def.Defaults()
	}
	return p
}

// list decodes a list; every element starts from its defaults.
func (d *decoder) list(n *yaml.Node, path string, v reflect.Value, r *rules) bool {
	if n.Kind != yaml.SequenceNode {
		return d.expected(n, path, "a list")
	}
	ok := d.count(n, path, len(n.Content), r)
	inner := r.inner()
	out := reflect.MakeSlice(v.Type(), 0, len(n.Content))
	for i, c := range n.Content {
		elem := fresh(v.Type().Elem()).Elem()
		ok = d.value(c, joinIndex(path, i), elem, inner) && ok
		out = reflect.Append(out, elem)
	}
	if ok {
		v.Set(out)
	}
	return ok
}

// mapping decodes a mapping with free keys, in the order of the document.
func (d *decoder) mapping(n *yaml.Node, path string, v reflect.Value, r *rules) bool {
	if n.Kind != yaml.MappingNode {
		return d.expected(n, path, "a mapping of names to values")
	}
	ok := d.count(n, path, len(n.Content)/2, r)
	inner := r.inner()
	out := reflect.MakeMapWithSize(v.Type(), len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Tag == shorthandTag {
			ok = d.expected(n.Content[i+1], path, "a mapping of names to values")
			continue
		}
		elem := fresh(v.Type().Elem()).Elem()
		ok = d.value(n.Content[i+1], Join(path, key.Value), elem, inner) && ok
		out.SetMapIndex(reflect.ValueOf(key.Value).Convert(v.Type().Key()), elem)
	}
	if ok {
		v.Set(out)
	}
	return ok
}

// count checks the number of items of a list or mapping.
func (d *decoder) count(n *yaml.Node, path string, items int, r *rules) bool {
	switch {
	case items < r.minItems:
		return d.errorf(n, path, "expected at least %s, got %d", plural(r.minItems, "item"), items)
	case r.maxItems > 0 && items > r.maxItems:
		return d.errorf(n, path, "expected at most %s, got %d", plural(r.maxItems, "item"), items)
	}
	return true
}

// inner returns the rules for the items of a list or mapping.
func (r *rules) inner() *rules {
	if r.minItems == 0 && r.maxItems == 0 {
		return r
	}
	in := *r
	in.minItems, in.maxItems = 0, 0
	return &in
}
