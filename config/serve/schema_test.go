package serve

import (
	"encoding/json"
	"testing"

	"github.com/lbctl/lbctl/config/strict"
	"github.com/lbctl/lbctl/lb"
)

// TestSchema finds every key of the file in the schema, and the shorthands.
func TestSchema(t *testing.T) {
	text, err := SchemaJSON()
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	for _, block := range blocks() {
		at := schema
		for _, step := range block.steps {
			at = within(at, step)
		}
		for _, f := range strict.Fields(block.preset) {
			if within(at, steps(f.Path)...) == nil {
				t.Errorf("%s: not in the schema", block.title+" "+f.Path)
			}
		}
	}
	if within(schema, "pools", "backends", "url") == nil || within(schema, "pools", "backends", "ulr") != nil {
		t.Error("the test cannot tell")
	}
}

// within follows keys through a schema, through lists and past plain alternatives.
func within(schema map[string]any, keys ...string) map[string]any {
	for _, key := range keys {
		properties, _ := mapping(schema)["properties"].(map[string]any)
		schema, _ = properties[key].(map[string]any)
	}
	return schema
}

// mapping returns the part of a schema that is about a mapping.
func mapping(schema map[string]any) map[string]any {
	if items, ok := schema["items"].(map[string]any); ok {
		return mapping(items)
	}
	if all, ok := schema["anyOf"].([]any); ok {
		last, _ := all[len(all)-1].(map[string]any)
		return last
	}
	return schema
}

// TestWeightsSuitTheCore holds the bounds in the tags to the core's own.
func TestWeightsSuitTheCore(t *testing.T) {
	for _, w := range []float64{0.000001, 1000000} {
		if w < lb.MinWeight || w > lb.MaxWeight {
			t.Errorf("weight %v: the core takes %v to %v", w, float64(lb.MinWeight), float64(lb.MaxWeight))
		}
	}
}

// TestEveryKeyIsExplained keeps undocumented keys out.
func TestEveryKeyIsExplained(t *testing.T) {
	for _, block := range blocks() {
		for _, f := range strict.Fields(block.preset) {
			if f.Doc == "" {
				t.Errorf("%s %s has no doc tag", block.title, f.Path)
			}
		}
	}
}
