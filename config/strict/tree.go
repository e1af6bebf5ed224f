package strict

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// shorthandTag marks the key under which Set keeps a scalar that it had to turn
// into a mapping: "policy: p2c" plus "policy.p2c.choices=3". The decoder gives
// such a scalar to UnmarshalScalar before it decodes the other keys. Documents
// cannot contain it, since tags are refused.
const shorthandTag = "!shorthand"

// A grower copies what the YAML library read into the tree that a Document
// holds: aliases expanded, comments gone, every rule of form checked.
//
// In the copy HeadComment holds the origin of an overridden node, so that it
// travels with the node through Clone, Decode and Overlay.
type grower struct {
	file   string
	origin string // of every node; "" for those of the file
	nodes  int
	open   map[*yaml.Node]bool // anchored nodes being copied: an alias to one is a cycle
	errs   Errors
	full   bool // MaxNodes was exceeded and reported
}

// originOf returns where an overridden node came from, "" for one of the file.
func originOf(n *yaml.Node) string { return n.HeadComment }

// setOrigin records where an overridden node came from.
func setOrigin(n *yaml.Node, origin string) { n.HeadComment = origin }

// isNull reports whether n is null: absent, for the decoder.
func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// isKey reports whether n is the key called name.
func isKey(n *yaml.Node, name string) bool { return n.Value == name && n.Tag != shorthandTag }

// grow returns the checked copy of n. Once the tree is full it returns stubs.
func (g *grower) grow(n *yaml.Node, path string, depth int) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return g.alias(n, path, depth)
	}
	out := &yaml.Node{Kind: n.Kind, Style: n.Style, Tag: n.Tag, Value: n.Value, Line: n.Line, Column: n.Column}
	setOrigin(out, g.origin)
	if g.nodes++; g.nodes > MaxNodes {
		if !g.full {
			g.full = true
			g.errorf(out, "", "the document has more than %d values (aliases count as often as they are used)", MaxNodes)
		}
		return out
	}
	if depth > MaxDepth {
		g.errorf(out, path, "nested more than %d deep", MaxDepth)
		return out
	}
	if n.Style&yaml.TaggedStyle != 0 {
		g.errorf(out, path, "tags such as %s are not supported; quote a value to make it a string", quote(n.Tag))
		return out
	}
	if n.Anchor != "" {
		g.open[n] = true
		defer delete(g.open, n)
	}
	switch n.Kind {
	case yaml.MappingNode:
		g.mapping(out, n, path, depth)
	case yaml.SequenceNode:
		for i, c := range n.Content {
			if g.full {
				break
			}
			out.Content = append(out.Content, g.grow(c, joinIndex(path, i), depth+1))
		}
	}
	return out
}

// alias copies the node that an alias stands for.
func (g *grower) alias(n *yaml.Node, path string, depth int) *yaml.Node {
	if g.open[n.Alias] {
		g.errorf(n, path, "alias *%s is inside the value that it stands for", truncate(n.Value))
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: n.Line, Column: n.Column}
	}
	return g.grow(n.Alias, path, depth)
}

// mapping copies the pairs of n to out, leaving out keys that cannot be used.
func (g *grower) mapping(out, n *yaml.Node, path string, depth int) {
	lines := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content) && !g.full; i += 2 {
		key := g.key(n.Content[i], path, depth)
		if key == nil {
			continue
		}
		sub := Join(path, key.Value)
		if line, dup := lines[key.Value]; dup {
			g.errorf(key, sub, "duplicate key %s; first at line %d", quote(key.Value), line)
			continue
		}
		lines[key.Value] = key.Line
		out.Content = append(out.Content, key, g.grow(n.Content[i+1], sub, depth+1))
	}
}

// key copies a mapping's key, nil when it is not a plain name.
func (g *grower) key(n *yaml.Node, path string, depth int) *yaml.Node {
	switch {
	case n.Tag == "!!merge":
		g.errorf(n, path, "merge keys (<<) are not supported; repeat the keys, or use an alias for a whole value")
		return nil
	case n.Kind == yaml.AliasNode || n.Kind != yaml.ScalarNode || isNull(n):
		g.errorf(n, path, "expected a plain name as a key, got %s", describe(n))
		return nil
	}
	return g.grow(n, path, depth)
}

// errorf notes an error at n.
func (g *grower) errorf(n *yaml.Node, path, format string, args ...any) {
	g.errs = append(g.errs, Error{
		File: g.file, Line: n.Line, Col: n.Column, Origin: g.origin, Path: path,
		Msg: fmt.Sprintf(format, args...),
	})
}

// copyTree returns a deep copy of a tree made by a grower.
func copyTree(n *yaml.Node) *yaml.Node {
	out := *n
	out.Content = make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		out.Content[i] = copyTree(c)
	}
	return &out
}

// measure returns the number of nodes of a tree and its depth; a scalar is 1 deep.
func measure(n *yaml.Node) (nodes, depth int) {
	nodes = 1
	for _, c := range n.Content {
		m, d := measure(c)
		nodes += m
		depth = max(depth, d)
	}
	return nodes, depth + 1
}
