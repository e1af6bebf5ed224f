package main

import (
	"errors"
	"fmt"

	"github.com/lbctl/lbctl/config/strict"
)

// blame is something that is wrong with one of several arguments or scenarios.
type blame struct {
	of  string // "": the error says so itself
	err error
}

// blamesOf takes apart what is wrong with a scenario. Errors about values that a flag of its own
// overrode name that flag rather than --set.
func blamesOf(arg string, err error, set []setting) []blame {
	var inFile strict.Errors
	if err == nil {
		return nil
	}
	if !errors.As(err, &inFile) {
		return []blame{{err: err}}
	}
	var located strict.Errors
	var out []blame
	for _, e := range inFile {
		if e.Origin == "" {
			located = append(located, e)
			continue
		}
		out = append(out, blame{arg, byItsFlag(e, set)})
	}
	if len(located) > 0 {
		out = append([]blame{{err: located}}, out...)
	}
	return out
}

// byItsFlag lets an error about a setting speak of the flag that made it.
func byItsFlag(e strict.Error, set []setting) strict.Error {
	for _, s := range set {
		if s.flag != "" && e.Origin == "--set "+s.text {
			e.Origin, e.Path = s.flag, ""
		}
	}
	return e
}

// joinBlames joins what is wrong with so many arguments. What is wrong with all of them alike is
// said once; else it is said of which.
func joinBlames(blames []blame, arguments int) error {
	times := map[string]int{}
	for _, b := range blames {
		times[b.err.Error()]++
	}
	said := map[string]bool{}
	var errs []error
	for _, b := range blames {
		err := b.err
		if text := err.Error(); b.of != "" && times[text] < arguments {
			err = fmt.Errorf("%s: %w", b.of, err)
		}
		if !said[err.Error()] {
			errs = append(errs, err)
			said[err.Error()] = true
		}
	}
	return errors.Join(errs...)
}
