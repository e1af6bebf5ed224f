package policy_test

import (
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb/policy"
)

func TestRegistryNames(t *testing.T) {
	snakeCase := regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	seen := map[string]bool{}
	for _, k := range policy.Kinds() {
		if seen[k.Name] {
			t.Errorf("%s: registered twice", k.Name)
		}
		seen[k.Name] = true
		if !snakeCase.MatchString(k.Name) {
			t.Errorf("%s: not snake_case", k.Name)
		}
		if got := k.Spec().New().Name(); got != k.Name {
			t.Errorf("%s: the policy calls itself %s", k.Name, got)
		}
		if k.About == "" || k.Advice == "" {
			t.Errorf("%s: no line of description or advice", k.Name)
		}
		if found, ok := policy.Lookup(k.Name); !ok || found.Name != k.Name {
			t.Errorf("%s: not found by its name", k.Name)
		}
	}
	if _, ok := policy.Lookup("no_such_policy"); ok {
		t.Error("found a policy that does not exist")
	}
}

// Specs are filled in by whoever reads them: one must not reach the next.
func TestRegistrySpecsAreFresh(t *testing.T) {
	for _, k := range policy.Kinds() {
		a, b := reflect.ValueOf(k.Spec()), reflect.ValueOf(k.Spec())
		if a.Elem().NumField() > 0 && a.Pointer() == b.Pointer() {
			t.Errorf("%s: Spec returns the same value twice", k.Name)
		}
	}
}

func TestRegistryDefaultsKeepTheirBounds(t *testing.T) {
	for _, k := range policy.Kinds() {
		for _, p := range parameters(k.Spec()) {
			name := k.Name + "." + p.name
			if p.name == "" || p.tag.Get("doc") == "" {
				t.Errorf("%s: field %s needs the tags yaml and doc", k.Name, p.field)
			}
			if enum := p.tag.Get("enum"); enum != "" {
				if !slices.Contains(strings.Split(enum, ","), p.value.String()) {
					t.Errorf("%s: default %q is not one of %s", name, p.value, enum)
				}
				continue
			}
			checkBounds(t, name, p.value, p.tag)
		}
	}
}

// parameter is a field of a spec.
type parameter struct {
	name, field string
	tag         reflect.StructTag
	value       reflect.Value
}

// parameters lists the fields of a spec, those of inlined structs among them.
func parameters(spec policy.Spec) []parameter { return fieldsOf(reflect.ValueOf(spec).Elem()) }

func fieldsOf(v reflect.Value) []parameter {
	var out []parameter
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Tag.Get("yaml") == ",inline" {
			out = append(out, fieldsOf(v.Field(i))...)
			continue
		}
		out = append(out, parameter{f.Tag.Get("yaml"), f.Name, f.Tag, v.Field(i)})
	}
	return out
}

func checkBounds(t *testing.T, name string, v reflect.Value, tag reflect.StructTag) {
	if v.Kind() == reflect.Bool {
		return
	}
	value := number(t, name, v.Interface())
	for _, bound := range []struct {
		tag  string
		good func(limit float64) bool
	}{
		{"min", func(limit float64) bool { return value >= limit }},
		{"max", func(limit float64) bool { return value <= limit }},
		{"above", func(limit float64) bool { return value > limit }},
	} {
		if text := tag.Get(bound.tag); text != "" && !bound.good(limit(t, name, v, text)) {
			t.Errorf("%s: default %v is beyond %s %s", name, v, bound.tag, text)
		}
	}
	if tag.Get("max") == "" || tag.Get("min") == "" && tag.Get("above") == "" {
		t.Errorf("%s: a number needs a lower and an upper bound", name)
	}
}

func number(t *testing.T, name string, v any) float64 {
	switch v := v.(type) {
	case int:
		return float64(v)
	case float64:
		return v
	case time.Duration:
		return float64(v)
	}
	t.Fatalf("%s: parameters are int, float64, bool, string or time.Duration, not %T", name, v)
	return 0
}

func limit(t *testing.T, name string, v reflect.Value, text string) float64 {
	if _, ok := v.Interface().(time.Duration); ok {
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return float64(d)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return f
}
