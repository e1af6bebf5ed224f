package orca_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/orca"
)

var full = lb.Report{Valid: true, InFlight: 3, Latency: 12 * time.Millisecond, Service: 8 * time.Millisecond}

func TestParse(t *testing.T) {
	busy := lb.Report{Valid: true, InFlight: 7}
	for _, c := range []struct {
		name, text string
		want       lb.Report // zero: not valid
	}{
		{"text", "TEXT named_metrics.in_flight=3,named_metrics.latency_s=0.012,named_metrics.service_s=0.008", full},
		{"text, any order and white space", "\tTEXT  named_metrics.service_s = 8e-3 , named_metrics.in_flight=3,named_metrics.latency_s=.012 \r\n", full},
		{"text, Envoy's colons", "TEXT named_metrics.in_flight:7", busy},
		{"text, other metrics", "TEXT cpu_utilization=0.3,utilization.a=b=c,named_metrics.kv_cache=nan,in_flight=9,named_metrics.in_flight=7", busy},
		{"text, empty elements", "TEXT ,named_metrics.in_flight=7,,", busy},
		{"text, unknown latency", "TEXT named_metrics.in_flight=7,named_metrics.latency_s=0", busy},
		{"text, idle", "TEXT named_metrics.in_flight=0", lb.Report{Valid: true}},
		{"text, at the limits", "TEXT named_metrics.in_flight=1e7,named_metrics.latency_s=3600",
			lb.Report{Valid: true, InFlight: orca.MaxInFlight, Latency: orca.MaxTime}},
		{"json", `JSON {"named_metrics":{"in_flight":3,"latency_s":0.012,"service_s":8e-3}}`, full},
		{"json, camel case and other members", `JSON { "cpuUtilization": 0.3, "utilization": {"in_flight": 9}, "x": [1, {"y": null}, "\"\u00e4"],
			"namedMetrics" : { "in_flight" : 7 , "mode" : "fast", "deep": {"in_flight": 9} } }`, busy},

		{"nothing", "", lb.Report{}},
		{"format alone", "TEXT ", lb.Report{}},
		{"no format", "named_metrics.in_flight=3", lb.Report{}},
		{"binary", "BIN CgkJAAAAAAAA8D8=", lb.Report{}},
		{"no in-flight", "TEXT cpu_utilization=0.3,named_metrics.latency_s=0.012", lb.Report{}},
		{"in-flight outside of named_metrics", "TEXT in_flight=3", lb.Report{}},
		{"empty value", "TEXT named_metrics.in_flight=", lb.Report{}},
		{"no value", "TEXT named_metrics.in_flight=7,cpu_utilization", lb.Report{}},
		{"no name", "TEXT named_metrics.in_flight=7,=1", lb.Report{}},
		{"twice", "TEXT named_metrics.in_flight=7,named_metrics.in_flight=7", lb.Report{}},
		{"part of a request", "TEXT named_metrics.in_flight=7.5", lb.Report{}},
		{"negative in-flight", "TEXT named_metrics.in_flight=-1", lb.Report{}},
		{"too many in flight", "TEXT named_metrics.in_flight=10000001", lb.Report{}},
		{"not a number", "TEXT named_metrics.in_flight=NaN", lb.Report{}},
		{"hexadecimal", "TEXT named_metrics.in_flight=0x7", lb.Report{}},
		{"overflow", "TEXT named_metrics.in_flight=1e999", lb.Report{}},
		{"long number", "TEXT named_metrics.in_flight=" + strings.Repeat("0", 33), lb.Report{}},
		{"infinite latency", "TEXT named_metrics.in_flight=7,named_metrics.latency_s=Inf", lb.Report{}},
		{"negative service", "TEXT named_metrics.in_flight=7,named_metrics.service_s=-0.1", lb.Report{}},
		{"absurd service", "TEXT named_metrics.in_flight=7,named_metrics.service_s=3600.1", lb.Report{}},
		{"too long", "TEXT named_metrics.in_flight=7," + strings.Repeat("a=1,", orca.MaxBytes/4), lb.Report{}},
		{"json, not an object", `JSON 7`, lb.Report{}},
		{"json, nothing named", `JSON {"in_flight":7}`, lb.Report{}},
		{"json, twice", `JSON {"named_metrics":{"in_flight":7,"in_flight":7}}`, lb.Report{}},
		{"json, named twice", `JSON {"named_metrics":{"in_flight":7},"namedMetrics":{}}`, lb.Report{}},
		{"json, quoted", `JSON {"named_metrics":{"in_flight":"7"}}`, lb.Report{}},
		{"json, null", `JSON {"named_metrics":{"in_flight":null}}`, lb.Report{}},
		{"json, unclosed", `JSON {"named_metrics":{"in_flight":7}`, lb.Report{}},
		{"json, more behind", `JSON {"named_metrics":{"in_flight":7}}}`, lb.Report{}},
		{"json, leading zero", `JSON {"named_metrics":{"in_flight":07}}`, lb.Report{}},
		{"json, trailing comma", `JSON {"named_metrics":{"in_flight":7,}}`, lb.Report{}},
		{"json, bad escape", `JSON {"\x":1,"named_metrics":{"in_flight":7}}`, lb.Report{}},
		{"json, NUL behind", "JSON {\"named_metrics\":{\"in_flight\":7}}\x00", lb.Report{}},
		{"json, too deep", `JSON {"x":` + strings.Repeat("[", 9) + strings.Repeat("]", 9) + `,"named_metrics":{"in_flight":7}}`, lb.Report{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := orca.Parse([]byte(c.text))
			if got != c.want || ok != c.want.Valid {
				t.Errorf("Parse(%q) = %+v, %v, want %+v", c.text, got, ok, c.want)
			}
		})
	}
}

func TestAppend(t *testing.T) {
	for _, c := range []struct {
		r    lb.Report
		want string
	}{
		{full, "TEXT named_metrics.in_flight=3,named_metrics.latency_s=0.012,named_metrics.service_s=0.008"},
		{lb.Report{Valid: true}, "TEXT named_metrics.in_flight=0"},
		{lb.Report{Valid: true, InFlight: 2, Service: 1}, "TEXT named_metrics.in_flight=2,named_metrics.service_s=0.000000001"},
		{lb.Report{Valid: true, InFlight: 1 << 30, Latency: 48 * time.Hour}, "TEXT named_metrics.in_flight=10000000,named_metrics.latency_s=3600"},
		{lb.Report{InFlight: 3}, ""},
	} {
		if got := string(orca.Append([]byte("x"), c.r)); got != "x"+c.want {
			t.Errorf("Append(%+v) = %q, want %q", c.r, got, "x"+c.want)
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	text := orca.Append(nil, full)
	if n := testing.AllocsPerRun(100, func() { orca.Parse(text) }); n != 0 {
		t.Errorf("reading TEXT allocates %v times", n)
	}
	encoded := []byte(`JSON {"cpu_utilization":0.1,"named_metrics":{"in_flight":3,"latency_s":0.012}}`)
	if n := testing.AllocsPerRun(100, func() { orca.Parse(encoded) }); n != 0 {
		t.Errorf("reading JSON allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() { orca.Append(text[:0], full) }); n != 0 {
		t.Errorf("writing allocates %v times", n)
	}
}

// FuzzParse: what is valid is within the limits and survives Append; JSON that is taken is JSON, with
// the values that encoding/json finds in it.
func FuzzParse(f *testing.F) {
	f.Add([]byte("TEXT cpu_utilization=0.3,named_metrics.in_flight=3,named_metrics.latency_s=0.012,named_metrics.service_s=1e-3"))
	f.Add([]byte(`JSON {"named_metrics":{"in_flight":3,"latency_s":0.012},"x":[true,false,null,-1.5e+3,"\u00e4\n",{}]}`))
	f.Add([]byte("BIN aaaa"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, ok := orca.Parse(b)
		if ok != r.Valid {
			t.Fatalf("Parse = %+v, %v", r, ok)
		}
		if !ok {
			return
		}
		if r.InFlight < 0 || r.InFlight > orca.MaxInFlight || min(r.Latency, r.Service) < 0 || max(r.Latency, r.Service) > orca.MaxTime {
			t.Fatalf("beyond the limits: %+v", r)
		}
		if back, ok := orca.Parse(orca.Append(nil, r)); !ok || back != r {
			t.Fatalf("%+v came back as %+v, %v", r, back, ok)
		}
		if encoded, ok := strings.CutPrefix(strings.TrimSpace(string(b)), "JSON "); ok {
			checkJSON(t, encoded, r)
		}
	})
}

func checkJSON(t *testing.T, encoded string, r lb.Report) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal([]byte(encoded), &top); err != nil {
		t.Fatalf("taken for JSON: %q: %v", encoded, err)
	}
	if top["named_metrics"] != nil && top["namedMetrics"] != nil || strings.Contains(encoded, `\`) {
		return // encoding/json decodes escapes in names, and may so see other members
	}
	for _, key := range []string{"named_metrics", "namedMetrics"} {
		if top[key] == nil {
			continue
		}
		var named map[string]any
		if err := json.Unmarshal(top[key], &named); err != nil {
			t.Fatal(err)
		}
		if x, _ := named[orca.InFlight].(float64); int32(x) != r.InFlight {
			t.Fatalf("in_flight of %q is %v, read as %d", encoded, x, r.InFlight)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	text := orca.Append(nil, full)
	b.ReportAllocs()
	for b.Loop() {
		orca.Parse(text)
	}
}

func BenchmarkAppend(b *testing.B) {
	var buf [128]byte
	b.ReportAllocs()
	for b.Loop() {
		orca.Append(buf[:0], full)
	}
}
