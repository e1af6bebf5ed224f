package probe

import "testing"

func TestTargetNames(t *testing.T) {
	for _, c := range []struct {
		target              Target
		authority, hostPort string
	}{
		{Target{Network: "tcp", Address: "10.0.0.1:80"}, "10.0.0.1:80", "10.0.0.1:80"},
		{Target{Network: "tcp", Address: "[::1]:80"}, "[::1]:80", "[::1]:80"},
		{Target{Network: "tcp", Address: "10.0.0.1:80", Host: "app.example"}, "app.example", "app.example:0"},
		{Target{Network: "tcp", Address: "10.0.0.1:80", Host: "app.example:8443"}, "app.example:8443", "app.example:8443"},
		{Target{Network: "tcp", Address: "10.0.0.1:80", Host: "[::1]"}, "[::1]", "[::1]:0"},
		{Target{Network: "unix", Address: "/run/app.sock"}, "localhost", "localhost:0"},
		{Target{Network: "unix", Address: "/run/app.sock", Host: "app.example"}, "app.example", "app.example:0"},
	} {
		if a, h := c.target.authority(), c.target.hostPort(); a != c.authority || h != c.hostPort {
			t.Errorf("%+v: %s and %s, want %s and %s", c.target, a, h, c.authority, c.hostPort)
		}
	}
}
