package scenarios

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/lbctl/lbctl/config/strict"
	"github.com/lbctl/lbctl/lb"
)

// TestLimitsAreInTheTags compares the limits with what the schema, which is made of the tags, says.
func TestLimitsAreInTheTags(t *testing.T) {
	text, err := SchemaJSON()
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path  string // properties; [] is a list's element, | an alternative
		limit string
		want  int
	}{
		{"name", "maxLength", MaxName},
		{"about", "maxLength", MaxAbout},
		{"seeds", "maximum", MaxSeeds},
		{"balancers|count", "maximum", MaxBalancers},
		{"balancers|zones", "maxItems", MaxZones},
		{"arrivals.poisson.rate_rps", "maximum", MaxRate},
		{"arrivals.steps", "maxItems", MaxSteps},
		{"arrivals.mmpp.states", "maxItems", MaxStates},
		{"arrivals.closed_loop.users", "maximum", MaxUsers},
		{"clients.count", "maximum", MaxClients},
		{"clients.retries.max", "maximum", MaxRetries},
		{"classes", "maxItems", MaxClasses},
		{"classes[]name", "maxLength", MaxName},
		{"classes[]demand|empirical.values", "maxItems", MaxPoints},
		{"classes[]demand|empirical.quantiles", "maxItems", MaxPoints},
		{"backends", "maxItems", MaxGroups},
		{"backends[]name", "maxLength", MaxName},
		{"backends[]count", "maximum", MaxBackends},
		{"faults", "maxItems", MaxFaults},
		{"faults[]partition.balancers", "maxItems", MaxBalancers},
		{"policies", "maxItems", MaxVariants},
		{"variants", "maxItems", MaxVariants},
		{"cases", "maxItems", MaxCases},
		{"expect", "maxItems", MaxExpectations},
	} {
		if got := lookUp(schema, c.path)[c.limit]; got != float64(c.want) {
			t.Errorf("%s of %s: got %v, want %v", c.limit, c.path, got, c.want)
		}
	}
	if MaxBackends > lb.MaxBackends {
		t.Error("a pool does not hold so many backends")
	}
}

// lookUp follows a path through a schema.
func lookUp(schema map[string]any, path string) map[string]any {
	at := schema
	for path != "" && at != nil {
		var name string
		end := strings.IndexAny(path, ".[|")
		if end < 0 {
			end = len(path)
		}
		name, path = path[:end], path[end:]
		properties, _ := at["properties"].(map[string]any)
		at, _ = properties[name].(map[string]any)
		switch {
		case strings.HasPrefix(path, "[]"):
			at, _ = at["items"].(map[string]any)
			path = path[2:]
		case strings.HasPrefix(path, "|"):
			all, _ := at["anyOf"].([]any)
			at, _ = all[len(all)-1].(map[string]any)
			path = path[1:]
		case path != "":
			path = path[1:]
		}
	}
	return at
}

// TestDurationLimits looks at the tags themselves: a schema cannot bound durations.
func TestDurationLimits(t *testing.T) {
	var f file
	f.Defaults()
	want := map[string]time.Duration{"duration": MaxDuration, "clients.deadline": MaxDuration}
	for _, field := range strict.Fields(&f) {
		if max, ok := want[field.Path]; ok {
			if got, err := time.ParseDuration(field.Max); err != nil || got != max {
				t.Errorf("%s: got %s, want %v", field.Path, field.Max, max)
			}
			delete(want, field.Path)
		}
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}

// TestEveryKeyIsExplained keeps undocumented keys out.
func TestEveryKeyIsExplained(t *testing.T) {
	var f file
	f.Defaults()
	for _, field := range strict.Fields(&f) {
		if field.Doc == "" {
			t.Errorf("%s has no doc tag", field.Path)
		}
	}
}

func TestLargeFiles(t *testing.T) {
	_, err := Load("x.yaml", make([]byte, MaxFileBytes+1), LoadOptions{})
	if err == nil || !strings.Contains(err.Error(), "x.yaml: larger than") {
		t.Errorf("got %v", err)
	}
}
