package strict

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A kind is what a plain value can be.
type kind int

const (
	noKind kind = iota
	booleanKind
	stringKind
	signedKind
	unsignedKind
	floatKind
	durationKind
)

// kindOf returns the kind of plain value that t holds, noKind for other types.
func kindOf(t reflect.Type) kind {
	if t == durationType {
		return durationKind
	}
	switch t.Kind() {
	case reflect.Bool:
		return booleanKind
	case reflect.String:
		return stringKind
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return signedKind
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return unsignedKind
	case reflect.Float32, reflect.Float64:
		return floatKind
	}
	return noKind
}

// A bound is one end of a range, as text and in the form that its kind compares.
type bound struct {
	text  string
	whole int64   // whole numbers; durations in ns
	float float64 // floats
}

// rules are the constraints in the tags of a field. Those on plain values hold
// for the innermost values of lists, mappings and pointers.
type rules struct {
	kind               kind
	min, max, above    *bound
	enum               []string
	pattern            *regexp.Regexp
	maxLen             int // characters; 0: no limit
	minItems, maxItems int // of the outermost list or mapping; maxItems 0: no limit
	unit               string
}

// newRules reads the tags of a field of type t.
func newRules(t reflect.Type, tag reflect.StructTag) (rules, error) {
	leaf, listed := t, false
	for nilable(leaf) && leaf != nodeType {
		listed = listed || leaf.Kind() != reflect.Pointer
		leaf = leaf.Elem()
	}
	r := rules{kind: kindOf(leaf), unit: tag.Get("unit")}
	if implements[Scalar](leaf) {
		r.kind = stringKind
	}
	if err := r.readText(tag); err != nil {
		return r, err
	}
	if err := r.readItems(tag, listed); err != nil {
		return r, err
	}
	return r, r.readBounds(leaf, tag)
}

// readText reads the tags for strings.
func (r *rules) readText(tag reflect.StructTag) (err error) {
	enum, pattern := tag.Get("enum"), tag.Get("pattern")
	if r.kind != stringKind && (enum != "" || pattern != "" || tag.Get("maxlen") != "") {
		return fmt.Errorf("enum, pattern and maxlen are for strings")
	}
	if enum != "" {
		r.enum = strings.Split(enum, ",")
	}
	if pattern != "" {
		if r.pattern, err = regexp.Compile(pattern); err != nil {
			return err
		}
	}
	r.maxLen, err = countTag(tag, "maxlen")
	return err
}

// readItems reads the tags for lists and mappings.
func (r *rules) readItems(tag reflect.StructTag, listed bool) (err error) {
	if r.minItems, err = countTag(tag, "minitems"); err != nil {
		return err
	}
	if r.maxItems, err = countTag(tag, "maxitems"); err != nil {
		return err
	}
	if !listed && (r.minItems > 0 || r.maxItems > 0) {
		return fmt.Errorf("minitems and maxitems are for lists and mappings")
	}
	return nil
}

// countTag returns the positive number in a tag, 0 when the tag is absent.
func countTag(tag reflect.StructTag, name string) (int, error) {
	s := tag.Get(name)
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s %q is not a positive number", name, s)
	}
	return n, nil
}

// readBounds reads the tags for ranges and adds the bounds that a type implies.
func (r *rules) readBounds(leaf reflect.Type, tag reflect.StructTag) (err error) {
	if r.min, err = r.kind.bound(tag, "min"); err != nil {
		return err
	}
	if r.max, err = r.kind.bound(tag, "max"); err != nil {
		return err
	}
	if r.above, err = r.kind.bound(tag, "above"); err != nil {
		return err
	}
	if r.min != nil && r.above != nil {
		return fmt.Errorf("min and above exclude each other")
	}
	r.implyBounds(leaf)
	return nil
}

// noNegative is the bound of durations that have no other.
var noNegative = &bound{text: "0s"}

// implyBounds adds the bounds that the type implies: durations are not negative,
// numbers fit.
func (r *rules) implyBounds(leaf reflect.Type) {
	free := r.min == nil && r.above == nil
	switch bits := 64; {
	case r.kind == durationKind && free:
		r.min = noNegative
	case r.kind == unsignedKind:
		if bits = leaf.Bits(); free {
			r.min = &bound{text: "0"}
		}
		if bits < 64 && r.max == nil {
			r.max = wholeBound(1<<bits - 1)
		}
	case r.kind == signedKind && leaf.Bits() < 64:
		if bits = leaf.Bits(); free {
			r.min = wholeBound(-1 << (bits - 1))
		}
		if r.max == nil {
			r.max = wholeBound(1<<(bits-1) - 1)
		}
	}
}

// or returns r, or what type t implies when r does not come from the tags of a
// field (a dynamic one has none).
func (r *rules) or(t reflect.Type) *rules {
	if r != noRules {
		return r
	}
	implied := &rules{kind: kindOf(t)}
	implied.implyBounds(t)
	return implied
}

// wholeBound returns a bound for whole numbers.
func wholeBound(n int64) *bound { return &bound{text: strconv.FormatInt(n, 10), whole: n} }

// bound parses the bound in a tag, nil when the tag is absent.
func (k kind) bound(tag reflect.StructTag, name string) (*bound, error) {
	s := tag.Get(name)
	if s == "" {
		return nil, nil
	}
	b, err := &bound{text: s}, error(nil)
	switch k {
	case signedKind, unsignedKind:
		b.whole, err = strconv.ParseInt(s, 10, 64)
	case floatKind:
		b.float, err = strconv.ParseFloat(s, 64)
	case durationKind:
		var d time.Duration
		d, err = time.ParseDuration(s)
		b.whole = int64(d)
	default:
		err = fmt.Errorf("only numbers and durations have bounds")
	}
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", name, s, err)
	}
	return b, nil
}

// holdsWhole reports whether n, a whole number or a duration in ns, is in range.
func (r *rules) holdsWhole(n int64) bool {
	return (r.min == nil || n >= r.min.whole) &&
		(r.above == nil || n > r.above.whole) &&
		(r.max == nil || n <= r.max.whole)
}

// holdsUnsigned is holdsWhole for numbers that may exceed an int64; bounds do not.
func (r *rules) holdsUnsigned(n uint64) bool {
	if n > math.MaxInt64 {
		return r.max == nil
	}
	return r.holdsWhole(int64(n))
}

// holdsFloat reports whether f is finite and in range.
func (r *rules) holdsFloat(f float64) bool {
	return !math.IsNaN(f) && !math.IsInf(f, 0) &&
		(r.min == nil || f >= r.min.float) &&
		(r.above == nil || f > r.above.float) &&
		(r.max == nil || f <= r.max.float)
}

// holdsText reports whether s is allowed.
func (r *rules) holdsText(s string) bool {
	return (r.enum == nil || slices.Contains(r.enum, s)) &&
		(r.pattern == nil || r.pattern.MatchString(s)) &&
		(r.maxLen == 0 || len([]rune(s)) <= r.maxLen)
}

// holds reports whether plain value v is allowed.
func (r *rules) holds(v reflect.Value) bool {
	switch r.kind {
	case signedKind, durationKind:
		return r.holdsWhole(v.Int())
	case unsignedKind:
		return r.holdsUnsigned(v.Uint())
	case floatKind:
		return r.holdsFloat(v.Float())
	case stringKind:
		return r.holdsText(v.String())
	}
	return true
}

// rangeText returns the bounds as they follow "a number": " from 1 to 64".
func (r *rules) rangeText() string {
	switch {
	case r.min != nil && r.max != nil:
		return " from " + r.min.text + " to " + r.max.text
	case r.above != nil && r.max != nil:
		return " above " + r.above.text + " and up to " + r.max.text
	case r.min != nil:
		return " of at least " + r.min.text
	case r.above != nil:
		return " above " + r.above.text
	case r.max != nil:
		return " of at most " + r.max.text
	}
	return ""
}

// expected names what a plain value must be, as it follows "expected".
func (r *rules) expected() string {
	switch r.kind {
	case booleanKind:
		return "true or false"
	case signedKind, unsignedKind:
		return "a whole number" + r.rangeText()
	case floatKind:
		return "a number" + r.rangeText()
	case durationKind:
		return "a duration" + r.rangeText()
	}
	if r.enum != nil {
		return "one of " + list(r.enum)
	}
	out := "a string"
	if r.maxLen > 0 {
		out += " of at most " + plural(r.maxLen, "character")
	}
	if r.pattern != nil {
		out += " that matches " + r.pattern.String()
	}
	return out
}
