package behaviours_test

import "testing"

func TestRouteByHost(t *testing.T) {
	t.Parallel()
	a, wild, other := newOrigin(t), newOrigin(t), newOrigin(t)
	b := start(t, setup{
		routes: "{host: a.test, pool: a}, {host: '*.wild.test', pool: wild}, {pool: web}",
		more: `, {name: a, backends: ["` + a.url() + `"], pool: {health: {enabled: false}}}` +
			`, {name: wild, backends: ["` + wild.url() + `"], pool: {health: {enabled: false}}}`,
	}, other)
	for name, o := range map[string]*origin{"a": a, "wild": wild, "other": other} {
		o.serve(func(message) string { return ok(name) })
	}
	for _, tt := range []struct{ host, want string }{
		{"a.test", "a"}, {"A.TEST", "a"}, {"a.test:8080", "a"}, {"a.test.", "a"}, {"A.test.:80", "a"},
		{"x.wild.test", "wild"}, {"x.y.WILD.test:1", "wild"}, {"wild.test", "other"}, {"xwild.test", "other"}, {"notwild.test", "other"},
		{"b.test", "other"}, {"a.test.evil", "other"}, {"xa.test", "other"}, {"127.0.0.1", "other"}, {"[::1]:80", "other"},
	} {
		t.Run(tt.host, func(t *testing.T) {
			t.Parallel()
			if *peer == "haproxy" && (tt.want == "wild" || tt.host == "a.test." || tt.host == "A.test.:80") {
				deviates(t, "compares the whole name")
			}
			c := b.in(t).dial()
			c.send("GET / HTTP/1.1\r\nHost: " + tt.host + "\r\n\r\n")
			if m := c.wants(200); m.body != tt.want {
				t.Errorf("%s answered, expected %s", m.body, tt.want)
			}
		})
	}
}
