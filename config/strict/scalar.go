package strict

import (
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// number is a number of YAML 1.2's core schema, and so of JSON: decimal, finite.
var number = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)

// quotedStyle is any way of writing a scalar that makes it a string.
const quotedStyle = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle

// isNumber reports whether n is written as a number.
func isNumber(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Style&quotedStyle == 0 && number.MatchString(n.Value)
}

// scalar hands a plain value to a type that reads itself.
func (d *decoder) scalar(n *yaml.Node, path string, s Scalar, r *rules) bool {
	if n.Kind != yaml.ScalarNode || isNull(n) {
		return d.expected(n, path, "a plain value")
	}
	if !r.holdsText(n.Value) {
		return d.wrongText(n, path, r)
	}
	if err := s.UnmarshalScalar(n.Value); err != nil {
		return d.errorf(n, path, "%s", err)
	}
	return true
}

// plain decodes a plain value of kind k into v, which keeps its value on error.
func (d *decoder) plain(n *yaml.Node, path string, v reflect.Value, r *rules, k kind) bool {
	r = r.or(v.Type())
	if n.Kind != yaml.ScalarNode || isNull(n) {
		return d.expected(n, path, r.expected())
	}
	ok := false
	switch k {
	case booleanKind:
		if ok = n.Tag == "!!bool"; ok {
			v.SetBool(strings.EqualFold(n.Value, "true"))
		}
	case stringKind:
		if !r.holdsText(n.Value) {
			return d.wrongText(n, path, r)
		}
		v.SetString(n.Value)
		return true
	case durationKind:
		return d.duration(n, path, v, r)
	default:
		ok = isNumber(n) && setNumber(v, n.Value, r)
	}
	return ok || d.expected(n, path, r.expected())
}

// wrongText notes a string that the rules do not allow.
func (d *decoder) wrongText(n *yaml.Node, path string, r *rules) bool {
	if near := Nearest(n.Value, r.enum); near != "" {
		return d.errorf(n, path, "expected %s; got %s; did you mean %s?", r.expected(), quote(n.Value), quote(near))
	}
	return d.expected(n, path, r.expected())
}

// setNumber sets v to the number that s spells, if the rules allow it.
func setNumber(v reflect.Value, s string, r *rules) bool {
	s = strings.TrimPrefix(s, "+")
	switch r.kind {
	case signedKind:
		i, err := strconv.ParseInt(wholeText(s), 10, 64)
		if err != nil || !r.holdsWhole(i) || v.OverflowInt(i) {
			return false
		}
		v.SetInt(i)
	case unsignedKind:
		u, err := strconv.ParseUint(wholeText(s), 10, 64)
		if err != nil || !r.holdsUnsigned(u) || v.OverflowUint(u) {
			return false
		}
		v.SetUint(u)
	default:
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || !r.holdsFloat(f) || v.OverflowFloat(f) {
			return false
		}
		v.SetFloat(f)
	}
	return true
}

// wholeText turns 1e6 and 3.0 into 1000000 and 3; other text is returned as it
// is. Beyond 2^53 a float no longer tells whole numbers apart.
func wholeText(s string) string {
	if !strings.ContainsAny(s, ".eE") {
		return s
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return s
	}
	return strconv.FormatInt(int64(f), 10)
}

// duration decodes a duration in Go's syntax, which always has a unit.
func (d *decoder) duration(n *yaml.Node, path string, v reflect.Value, r *rules) bool {
	got, err := time.ParseDuration(n.Value)
	switch {
	case err == nil && r.holdsWhole(int64(got)):
		v.SetInt(int64(got))
		return true
	case err == nil:
		return d.expected(n, path, r.expected())
	}
	want := r.expected()
	if r.min == noNegative && r.max == nil {
		want = "a duration" // the sign is not what is wrong
	}
	if number.MatchString(n.Value) {
		return d.errorf(n, path, `expected %s with a unit, like "10ms"; got %s`, want, describe(n))
	}
	return d.errorf(n, path, `expected %s, like "10ms" or "1m30s"; got %s`, want, describe(n))
}
