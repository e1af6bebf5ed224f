package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// debianPackages says which package a program comes from. What is not here cannot be installed.
var debianPackages = map[string]string{"haproxy": "haproxy", "nginx": "nginx-light", "wrk": "wrk", "taskset": "util-linux"}

// findProgram returns the path of a program. Debian keeps servers where only root's PATH looks.
func findProgram(name string) (string, bool) {
	if found, err := exec.LookPath(name); err == nil {
		return found, true
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", "/sbin"} {
		if found, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return found, true
		}
	}
	return "", false
}

// provide finds the programs and, if it may, installs the Debian packages of those that are missing.
// It returns the paths of what is there in the end.
func provide(ctx context.Context, programs []string, mayInstall bool, notes io.Writer) (map[string]string, error) {
	missing := slices.DeleteFunc(slices.Clone(programs), func(name string) bool {
		_, ok := findProgram(name)
		return ok
	})
	if len(missing) > 0 {
		if err := install(ctx, missing, mayInstall, notes); err != nil {
			fmt.Fprintf(notes, "NOTE: %v\n", err)
		}
	}
	found := map[string]string{}
	for _, name := range programs {
		if file, ok := findProgram(name); ok {
			found[name] = file
		}
	}
	return found, ctx.Err()
}

func install(ctx context.Context, missing []string, may bool, notes io.Writer) error {
	var packages []string
	for _, name := range missing {
		packages = append(packages, debianPackages[name])
	}
	list := strings.Join(packages, " ")
	if _, debian := findProgram("apt-get"); !may || !debian || os.Geteuid() != 0 {
		return fmt.Errorf("%s missing, and not installed (that takes root, apt-get and INSTALL=1): the Debian packages are %s",
			strings.Join(missing, ", "), list)
	}
	fmt.Fprintf(notes, "installing the Debian packages %s; INSTALL=0 forbids it\n", list)
	for _, argv := range [][]string{
		{"apt-get", "update", "-qq"},
		append([]string{"apt-get", "install", "-y", "-qq", "--no-install-recommends"}, packages...),
	} {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if said, err := cmd.CombinedOutput(); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", strings.Join(argv, " "), err), errors.New(strings.TrimSpace(string(said))))
		}
	}
	return nil
}
