package strict

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// describe names what n is, as it follows "got".
func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.AliasNode:
		return "an alias"
	case isNull(n):
		return "null"
	case n.Tag == "!!bool" || isNumber(n):
		return truncate(n.Value)
	case n.Style&quotedStyle != 0:
		return "the string " + quote(n.Value)
	}
	return quote(n.Value)
}

// quote quotes a piece of input, shortened to what fits a message.
func quote(s string) string { return strconv.Quote(truncate(s)) }

// truncate shortens s to maxQuoted characters.
func truncate(s string) string {
	seen := 0
	for i := range s {
		if seen == maxQuoted {
			return s[:i] + "…"
		}
		seen++
	}
	return s
}

// list joins names for a message, at most maxListed of them.
func list(names []string) string {
	if len(names) > maxListed {
		return fmt.Sprintf("%s, … (%d more)", strings.Join(names[:maxListed], ", "), len(names)-maxListed)
	}
	return strings.Join(names, ", ")
}

// plural returns "1 item" or "3 items".
func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}
