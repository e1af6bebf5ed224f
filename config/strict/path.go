package strict

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A step leads from a container to one of its elements.
type step struct {
	key   string // the name as written; for an index its digits
	index int    // -1 when the step cannot be an index
	only  bool   // written [3]: an index and never a key
}

// splitPath splits "a.b[3].c", "a.b.3.c" or `a["b.c"]` into its steps.
func splitPath(path string) ([]step, error) {
	var steps []step
	rest := path
	for first := true; rest != "" || first; first = false {
		var s step
		var err error
		if strings.HasPrefix(rest, "[") {
			s, rest, err = bracketStep(rest)
		} else {
			if !first {
				rest = strings.TrimPrefix(rest, ".")
			}
			s, rest, err = nameStep(rest)
		}
		if err != nil {
			return nil, err
		}
		if steps = append(steps, s); len(steps) > MaxDepth {
			return nil, fmt.Errorf("path has more than %d steps", MaxDepth)
		}
	}
	return steps, nil
}

// nameStep takes a name off the front of rest.
func nameStep(rest string) (step, string, error) {
	name := rest
	if i := strings.IndexAny(rest, ".["); i >= 0 {
		name = rest[:i]
	}
	switch {
	case rest == "":
		return step{}, "", errors.New("expected a path like a.b[0].c; it ends where a name is needed")
	case name == "" || strings.Contains(name, "]"):
		return step{}, "", fmt.Errorf("expected a path like a.b[0].c; a name is needed at %s", quote(rest))
	}
	return step{key: name, index: wholeIndex(name)}, rest[len(name):], nil
}

// bracketStep takes [3] or ["name"] off the front of rest.
func bracketStep(rest string) (step, string, error) {
	if quoted, err := strconv.QuotedPrefix(rest[1:]); err == nil {
		name, err := strconv.Unquote(quoted)
		after, closed := strings.CutPrefix(rest[1+len(quoted):], "]")
		if err == nil && closed && name != "" && endsStep(after) {
			return step{key: name, index: -1}, after, nil
		}
	}
	inner, after, closed := strings.Cut(rest[1:], "]")
	index := wholeIndex(inner)
	if !closed || index < 0 || !endsStep(after) {
		return step{}, "", fmt.Errorf(`expected an index like [0] in the path at %s`, quote(rest))
	}
	return step{key: inner, index: index, only: true}, after, nil
}

// endsStep reports whether a bracket step may be followed by rest.
func endsStep(rest string) bool {
	return rest == "" || rest[0] == '[' || rest[0] == '.' && rest != "."
}

// wholeIndex returns the list index that s spells, or -1.
func wholeIndex(s string) int {
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		return int(n)
	}
	return -1
}

// Join appends a mapping key to a path, in brackets and quotes when it is not a
// plain name, shortened to what fits a message. A Checker needs it for paths
// with keys that come from the document.
func Join(path, key string) string {
	key = truncate(key)
	switch quoted := strconv.Quote(key); {
	case key == "" || len(quoted) != len(key)+2 || strings.ContainsAny(key, ".[]"):
		return path + "[" + quoted + "]"
	case path == "":
		return key
	default:
		return path + "." + key
	}
}

// joinIndex appends a list index to a path.
func joinIndex(path string, i int) string {
	return path + "[" + strconv.Itoa(i) + "]"
}

// joinSteps appends steps to a path.
func joinSteps(path string, steps []step) string {
	for _, s := range steps {
		if s.only {
			path = joinIndex(path, s.index)
		} else {
			path = Join(path, s.key)
		}
	}
	return path
}

// slot returns where the element that s names is held in n, nil when n has none.
func (s step) slot(n *yaml.Node) **yaml.Node {
	switch n.Kind {
	case yaml.MappingNode:
		if s.only {
			return nil
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if isKey(n.Content[i], s.key) {
				return &n.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if s.index >= 0 && s.index < len(n.Content) {
			return &n.Content[s.index]
		}
	}
	return nil
}
