package main

import (
	"net/netip"
	"os"
	"os/exec"
	"testing"

	"github.com/lbctl/lbctl/config/serve"
)

func testDeployment(t *testing.T, logged bool) deployment {
	dir := t.TempDir()
	return deployment{
		Dir: dir, Address: netip.MustParseAddrPort("127.0.0.1:18080"), Admin: netip.MustParseAddrPort("127.0.0.1:18081"),
		Origins: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:18082"), netip.MustParseAddrPort("127.0.0.1:18083")},
		Logged:  logged, Log: dir + "/access.log", MaxConnections: 2048, Descriptors: 4096,
	}
}

// TestConfigOfLbctl loads the configuration that lbctl is measured with.
func TestConfigOfLbctl(t *testing.T) {
	for _, logged := range []bool{false, true} {
		d := testDeployment(t, logged)
		file, err := products["lbctl"].writeConfig(d)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := serve.Load(file, text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if got := c.AccessLog.Path != ""; got != logged {
			t.Errorf("access log %q, want one: %t", c.AccessLog.Path, logged)
		}
	}
}

// TestConfigOfOthers has the other proxies check theirs, where they are installed.
func TestConfigOfOthers(t *testing.T) {
	check := map[string][]string{"haproxy": {"-c", "-f"}, "nginx": {"-e", "stderr", "-t", "-c"}}
	for name, args := range check {
		for _, logged := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				program, ok := findProgram(name)
				if !ok {
					t.Skipf("%s is not installed", name)
				}
				file, err := products[name].writeConfig(testDeployment(t, logged))
				if err != nil {
					t.Fatal(err)
				}
				if said, err := exec.Command(program, append(args, file)...).CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, said)
				}
			})
		}
	}
}
