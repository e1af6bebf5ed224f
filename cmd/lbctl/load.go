package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lbctl/lbctl/config/strict"
	"github.com/lbctl/lbctl/scenarios"
)

// chosen is a scenario that the command line asks for.
type chosen struct {
	*scenarios.Scenario
	arg  string // names this one alone on a command line
	file string // it comes from; "": built in
}

// loadScenarios loads what arguments name: files, built-in scenarios, or one case of either. Every
// argument's errors are returned, not only the first one's.
func loadScenarios(args []string, set []setting) ([]chosen, error) {
	var all []chosen
	var blames []blame
	for _, arg := range args {
		list, err := loadArgument(arg, set)
		all = append(all, list...)
		blames = append(blames, blamesOf(arg, err, set)...)
	}
	if err := joinBlames(blames, len(args)); err != nil {
		return nil, usage(err)
	}
	return all, distinct(all)
}

// distinct sees to it that no two scenarios have the same name: results are told apart by it.
func distinct(all []chosen) error {
	var errs []error
	for i, c := range all {
		if j := slices.IndexFunc(all, func(o chosen) bool { return o.Name == c.Name }); j < i {
			errs = append(errs, fmt.Errorf("two scenarios are named %q: %s and %s", c.Name, all[j].arg, c.arg))
		}
	}
	if len(errs) > 0 {
		return usage(errors.Join(errs...))
	}
	return nil
}

// loadArgument loads what one argument names: a file when it looks like a path, a built-in
// scenario otherwise; NAME/CASE is one case of either.
func loadArgument(arg string, set []setting) ([]chosen, error) {
	name, caseName := splitCase(arg)
	list, file, err := load(name, set)
	if err != nil {
		return nil, err
	}
	var all []chosen
	for _, sc := range list {
		c := chosen{Scenario: sc, arg: name, file: file}
		if len(list) > 1 || caseName != "" {
			c.arg = name + "/" + caseOf(sc)
		}
		all = append(all, c)
	}
	if caseName == "" {
		return all, nil
	}
	return pickCase(all, name, caseName)
}

// splitCase splits NAME/CASE, where NAME is built in or a file, and returns "" for a case when arg is not of that form.
func splitCase(arg string) (name, caseName string) {
	i := strings.LastIndexByte(arg, '/')
	if i < 0 || exists(arg) {
		return arg, ""
	}
	name = arg[:i]
	if slices.Contains(scenarios.Builtins(), name) || exists(name) && looksLikePath(name) && !isDir(name) {
		return name, arg[i+1:]
	}
	return arg, ""
}

// caseOf returns the name of the case that sc is of its file, the last part of its own.
func caseOf(sc *scenarios.Scenario) string {
	return sc.Name[strings.LastIndexByte(sc.Name, '/')+1:]
}

func pickCase(all []chosen, name, caseName string) ([]chosen, error) {
	var names []string
	for _, c := range all {
		if caseOf(c.Scenario) == caseName {
			return []chosen{c}, nil
		}
		names = append(names, caseOf(c.Scenario))
	}
	if len(all) == 1 {
		return nil, fmt.Errorf("%s has no cases, so no %q", name, caseName)
	}
	return nil, fmt.Errorf("%s has no case %q%s (%s)", name, caseName, didYouMean(caseName, names), strings.Join(names, ", "))
}

// load loads a file or a built-in scenario, and returns which file it was.
func load(name string, set []setting) (list []*scenarios.Scenario, file string, err error) {
	opts := scenarios.LoadOptions{
		ReadFile: func(path string) ([]byte, error) { return readBounded(path, scenarios.MaxReplayBytes) },
	}
	for _, s := range set {
		opts.Set = append(opts.Set, s.text)
	}
	if !looksLikePath(name) {
		if !slices.Contains(scenarios.Builtins(), name) {
			return nil, "", noScenario(name)
		}
		list, err = scenarios.Builtin(name, opts)
		return list, "", err
	}
	data, err := readBounded(name, scenarios.MaxFileBytes)
	if err != nil {
		return nil, "", err
	}
	list, err = scenarios.Load(name, data, opts)
	return list, name, err
}

func looksLikePath(name string) bool {
	return strings.ContainsAny(name, "/"+string(filepath.Separator)) || strings.HasSuffix(name, ".yaml") ||
		strings.HasSuffix(name, ".yml") || strings.HasSuffix(name, ".json")
}

// noScenario says that name is not built in, and what may have been meant.
func noScenario(name string) error {
	_, err := scenarios.BuiltinFile(name)
	switch {
	case exists(name) && !isDir(name):
		return fmt.Errorf("no built-in scenario is called %q; for the file of that name write ./%[1]s", name)
	case strict.Nearest(name, scenarios.Builtins()) != "":
		return err
	}
	return fmt.Errorf("%w; lbctl scenarios list shows them", err)
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// readBounded reads a file of at most limit bytes.
func readBounded(name string, limit int) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, named(name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err != nil {
		return nil, named(name, err)
	}
	if len(data) > limit {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, limit)
	}
	return data, nil
}

// named puts the name that the user gave before the reason of a failure, in place of the system
// call and of any name that the user does not know.
func named(name string, err error) error {
	var onPath *fs.PathError
	var onLink *os.LinkError
	switch {
	case errors.As(err, &onPath):
		err = onPath.Err
	case errors.As(err, &onLink):
		err = onLink.Err
	}
	return fmt.Errorf("%s: %w", name, err)
}
