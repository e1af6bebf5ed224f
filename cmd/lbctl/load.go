package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/lbctl/lbctl/config/strict"
	"github.com/lbctl/lbctl/scenarios"
)

// loadScenarios resolves what the command line names: a file when it looks like
// a path, a built-in scenario otherwise. Every file's errors are reported, not
// only the first one's.
func loadScenarios(names, set []string) ([]*scenarios.Scenario, error) {
	var all []*scenarios.Scenario
	var errs []error
	for _, name := range names {
		list, err := loadScenario(name, set)
		all = append(all, list...)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, usage(err)
	}
	return all, nil
}

func loadScenario(name string, set []string) ([]*scenarios.Scenario, error) {
	opts := scenarios.LoadOptions{
		Set:      set,
		ReadFile: func(path string) ([]byte, error) { return readBounded(path, scenarios.MaxReplayBytes) },
	}
	if !looksLikePath(name) {
		return scenarios.Builtin(name, opts)
	}
	data, err := readBounded(name, scenarios.MaxFileBytes)
	if err != nil {
		return nil, err
	}
	return scenarios.Load(name, data, opts)
}

func looksLikePath(name string) bool {
	return strings.ContainsRune(name, filepath.Separator) || strings.HasSuffix(name, ".yaml") ||
		strings.HasSuffix(name, ".yml") || strings.HasSuffix(name, ".json")
}

// readBounded reads a file of at most limit bytes.
func readBounded(name string, limit int) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(data) > limit {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, limit)
	}
	return data, nil
}

func didYouMean(name string, valid []string) string {
	if near := strict.Nearest(name, valid); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}
