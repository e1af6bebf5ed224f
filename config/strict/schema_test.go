package strict_test

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lbctl/lbctl/config/strict"
	"go.yaml.in/yaml/v3"
)

// TestSchemaAgreesWithDecode: a document is valid for the schema exactly when
// Decode takes it, apart from what a schema cannot express (ranges of
// durations, checks across fields, the syntax of scalars).
func TestSchemaAgreesWithDecode(t *testing.T) {
	root := sampleSchema(t)
	const ok = "name: a\npool: {backends: [a, b]}\n"
	for text, want := range map[string]bool{
		ok:                                               true,
		"name: a":                                        true,
		"pool: {backends: [a]}":                          false,
		"name: A":                                        false,
		"name: " + strings.Repeat("a", 21):               false,
		"name: {}":                                       false,
		ok + "polcy: 1":                                  false,
		ok + "duration: 90s":                             true,
		ok + "duration: 1m30.5s":                         true,
		ok + "duration: 90":                              false,
		ok + "duration: soon":                            false,
		ok + "verbose: true":                             true,
		ok + "verbose: yes":                              false,
		ok + "seeds: [1, 65535]":                         true,
		ok + "seeds: [65536]":                            false,
		ok + "seeds: [1.5]":                              false,
		ok + "seeds: [2.0]":                              true,
		ok + "seeds: 1":                                  false,
		ok + "seeds: ['1']":                              false,
		ok + "slots: -128":                               true,
		ok + "slots: -129":                               false,
		ok + "queue_max: -1":                             false,
		ok + "faults: [{}, {slow: {factor: 1}}]":         true,
		ok + "faults: [{slow: {factor: 0.5}}]":           false,
		ok + "faults: [{}, {}, {}, {}, {}]":              false,
		ok + "expect: []":                                false,
		ok + "expect: [a < 3]":                           true,
		ok + "expect: [{}]":                              false,
		ok + "classes: {a: {}, b: {share: 0.5}}":         true,
		ok + "classes: {a: {}, b: {}, c: {}, d: {}}":     false,
		ok + "classes: {a: {share: 2}}":                  false,
		ok + "classes: {a: {demand: {constant: 3ms}}}":   true,
		ok + "classes: {a: {demand: {}}}":                false,
		ok + "classes: {a: {demand: {samples: [1, 2]}}}": true,
		ok + "classes: {a: {demand: {samples: [0]}}}":    false,
		ok + "classes: {a: {demand: {pareto: {}}}}":      false,
		ok + "classes: {a: {demand: {constant: 3ms, samples: []}}}":          false,
		"name: a\npool: {policy: p2c, backends: [a, b]}":                     true,
		"name: a\npool: {policy: {use: p2c}, backends: [a, b]}":              true,
		"name: a\npool: {policy: {use: p2d}, backends: [a, b]}":              false,
		"name: a\npool: {policy: {p2c: {choices: 65}}, backends: [a, b]}":    false,
		"name: a\npool: {policy: {maglev: {factor: 1}}, backends: [a, b]}":   false,
		"name: a\npool: {policy: {maglev: {factor: 1.1}}, backends: [a, b]}": true,
		"name: a\npool: {policy: [p2c], backends: [a, b]}":                   false,
		ok + "cases: [{name: b, set: {a: [1, {}]}}]":                         true,
		ok + "cases: [{set: {}}]":                                            false,
	} {
		if err := mustParse(t, text).Decode(newSample()); (err == nil) != want {
			t.Errorf("Decode of %q: %v", text, err)
		}
		var v any
		if err := yaml.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		if err := validate(root, v); (err == nil) != want {
			t.Errorf("schema on %q: %v", text, err)
		}
	}
}

// TestSchemaIsStable: the same bytes on every call, no keyword that validate
// does not know, and every default valid where it stands.
func TestSchemaIsStable(t *testing.T) {
	first, err := strict.Schema(newSample(), "Sample", "A < B.")
	if err != nil {
		t.Fatal(err)
	}
	second, _ := strict.Schema(newSample(), "Sample", "A < B.")
	if string(first) != string(second) {
		t.Error("two calls differ")
	}
	if !strings.Contains(string(first), `"description": "A < B."`) {
		t.Error("the description is missing or escaped")
	}
	walkSchema(t, sampleSchema(t))
}

// sampleSchema returns the schema of a sample as generic JSON.
func sampleSchema(t *testing.T) map[string]any {
	t.Helper()
	text, err := strict.Schema(newSample(), "Sample", "A sample.")
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	return root
}

// walkSchema checks the keywords and defaults of a schema and those within.
func walkSchema(t *testing.T, s map[string]any) {
	known := strings.Fields(`$schema title description type default enum pattern maxLength minimum exclusiveMinimum
		maximum items minItems maxItems minProperties maxProperties properties additionalProperties required anyOf oneOf`)
	for k := range s {
		if !slices.Contains(known, k) {
			t.Errorf("unknown keyword %q", k)
		}
	}
	if def, ok := s["default"]; ok {
		if err := validate(s, def); err != nil {
			t.Errorf("default %v: %v", def, err)
		}
	}
	props, _ := s["properties"].(map[string]any)
	for _, p := range props {
		walkSchema(t, p.(map[string]any))
	}
	for _, k := range []string{"items", "additionalProperties"} {
		if sub, ok := s[k].(map[string]any); ok {
			walkSchema(t, sub)
		}
	}
	anyOf, _ := s["anyOf"].([]any)
	for _, sub := range anyOf {
		walkSchema(t, sub.(map[string]any))
	}
}

// validate is a plain reading of the JSON Schema keywords that Schema uses.
func validate(s map[string]any, v any) error {
	if err := validateType(s, v); err != nil {
		return err
	}
	if err := validateChoice(s, v); err != nil {
		return err
	}
	switch v := v.(type) {
	case map[string]any:
		return validateObject(s, v)
	case []any:
		if n, ok := s["minItems"].(float64); ok && float64(len(v)) < n {
			return fmt.Errorf("%d items", len(v))
		}
		if n, ok := s["maxItems"].(float64); ok && float64(len(v)) > n {
			return fmt.Errorf("%d items", len(v))
		}
		items, _ := s["items"].(map[string]any)
		for i, item := range v {
			if err := validate(items, item); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
		}
	case string:
		if p, ok := s["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(v) {
			return fmt.Errorf("%q does not match %s", v, p)
		}
		if n, ok := s["maxLength"].(float64); ok && float64(utf8.RuneCountInString(v)) > n {
			return fmt.Errorf("%q is too long", v)
		}
		if e, ok := s["enum"].([]any); ok && !slices.Contains(e, any(v)) {
			return fmt.Errorf("%q is none of %v", v, e)
		}
	}
	return nil
}

// validateType checks the type and, of numbers, the range.
func validateType(s map[string]any, v any) error {
	if i, ok := v.(int); ok {
		v = float64(i)
	}
	types := []string{}
	switch v := v.(type) {
	case map[string]any:
		types = append(types, "object")
	case []any:
		types = append(types, "array")
	case string:
		types = append(types, "string")
	case bool:
		types = append(types, "boolean")
	case float64:
		if types = append(types, "number"); v == math.Trunc(v) {
			types = append(types, "integer")
		}
		if n, ok := s["minimum"].(float64); ok && v < n {
			return fmt.Errorf("%v < %v", v, n)
		}
		if n, ok := s["maximum"].(float64); ok && v > n {
			return fmt.Errorf("%v > %v", v, n)
		}
		if n, ok := s["exclusiveMinimum"].(float64); ok && v <= n {
			return fmt.Errorf("%v <= %v", v, n)
		}
	}
	switch want := s["type"].(type) {
	case string:
		if !slices.Contains(types, want) {
			return fmt.Errorf("%v is no %s", v, want)
		}
	case []any:
		if !slices.ContainsFunc(types, func(t string) bool { return slices.Contains(want, any(t)) }) {
			return fmt.Errorf("%v is none of %v", v, want)
		}
	}
	return nil
}

// validateChoice checks anyOf and oneOf.
func validateChoice(s map[string]any, v any) error {
	for _, k := range []string{"anyOf", "oneOf"} {
		choices, ok := s[k].([]any)
		if !ok {
			continue
		}
		valid := 0
		for _, c := range choices {
			if validate(c.(map[string]any), v) == nil {
				valid++
			}
		}
		if valid == 0 || k == "oneOf" && valid > 1 {
			return fmt.Errorf("%d of %s hold", valid, k)
		}
	}
	return nil
}

// validateObject checks the keys of an object.
func validateObject(s map[string]any, v map[string]any) error {
	if n, ok := s["maxProperties"].(float64); ok && float64(len(v)) > n {
		return fmt.Errorf("%d properties", len(v))
	}
	required, _ := s["required"].([]any)
	for _, k := range required {
		if _, ok := v[k.(string)]; !ok {
			return fmt.Errorf("%v is missing", k)
		}
	}
	props, _ := s["properties"].(map[string]any)
	for k, item := range v {
		sub, known := props[k].(map[string]any)
		if !known {
			switch more := s["additionalProperties"].(type) {
			case bool:
				return fmt.Errorf("%q is not allowed", k)
			case map[string]any:
				sub = more
			}
		}
		if err := validate(sub, item); err != nil {
			return fmt.Errorf("%s: %w", k, err)
		}
	}
	return nil
}

func TestFields(t *testing.T) {
	type inner struct {
		Rate  float64         `yaml:"rate" min:"0" unit:"rps" doc:"Rate."`
		Steps []time.Duration `yaml:"steps" doc:"Steps."`
	}
	type listed struct {
		Mode  string     `yaml:"mode" enum:"a,b" doc:"Mode."`
		Inner inner      `yaml:"inner"`
		Maybe *inner     `yaml:"maybe"`
		Key   string     `yaml:"key" required:"true"`
		Raw   *yaml.Node `yaml:"raw"`
		Wait  *bool      `yaml:"wait"`
		Big   float64    `yaml:"big" above:"0" max:"1e21"`
	}
	got := strict.Fields(&listed{
		Mode: "a", Key: "x", Big: 1e20,
		Inner: inner{Rate: 2_000_000, Steps: []time.Duration{time.Minute, 90 * time.Second, time.Hour}},
	})
	want := []strict.Field{
		{Path: "mode", Name: "mode", Type: "string", Default: "a", Enum: []string{"a", "b"}, Doc: "Mode."},
		{Path: "inner.rate", Name: "rate", Type: "number", Default: "2000000", Min: "0", Unit: "rps", Doc: "Rate."},
		{Path: "inner.steps", Name: "steps", Type: "list", Default: "[1m, 1m30s, 1h]", Min: "0s", Doc: "Steps."},
		{Path: "maybe.rate", Name: "rate", Type: "number", Default: "0", Min: "0", Unit: "rps", Doc: "Rate."},
		{Path: "maybe.steps", Name: "steps", Type: "list", Min: "0s", Doc: "Steps."},
		{Path: "key", Name: "key", Type: "string", Required: true},
		{Path: "raw", Name: "raw", Type: "any"},
		{Path: "wait", Name: "wait", Type: "boolean"},
		{Path: "big", Name: "big", Type: "number", Default: "1e+20", Max: "1e21", Above: "0"},
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || fmt.Sprintf("%+v", got[i]) != fmt.Sprintf("%+v", want[i]) {
			t.Errorf("fields differ from %d on:\ngot  %+v\nwant %+v", i, got[min(i, len(got)):], want[min(i, len(want)):])
			break
		}
	}
}

// TestFieldsAreValid: every default of the listing is one that Decode takes.
func TestFieldsAreValid(t *testing.T) {
	for _, f := range strict.Fields(newSample()) {
		if f.Default == "" {
			continue
		}
		doc := mustParse(t, "{name: a, pool: {backends: [a, b]}}")
		if err := doc.Set(f.Path, f.Default, "default"); err != nil {
			t.Error(err)
		}
		if err := doc.Decode(newSample()); err != nil {
			t.Error(err)
		}
	}
}
