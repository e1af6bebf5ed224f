package strict

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Set replaces the value at path by value, which is read as YAML: "3", "10ms",
// "[1, 2]", "{use: p2c}"; "" and "null" make it absent. Origin, such as
// "--set pool.policy.p2c.choices=3", stands in place of a position in errors
// about the new value, those of Set itself included (of type Errors).
//
// A path is "a.b[0].c" or "a.b.0.c"; a name with dots is written ["x.y"].
// Missing mappings are made; list elements must exist. A scalar on the way, as
// in "policy: p2c", stays in force: it is kept as the shorthand of a new
// mapping, given to the value's UnmarshalScalar before the keys set below it
// are decoded. A type without UnmarshalScalar refuses the shorthand at Decode.
//
// Names are not checked before Decode. When Set fails the document is unchanged.
func (d *Document) Set(path, value, origin string) error {
	g := &grower{file: d.file, origin: origin}
	n := g.read([]byte(value))
	setOrigin(n, origin)
	steps, err := splitPath(path)
	if err != nil {
		return d.putError(n, nil, err)
	}
	for i := range g.errs {
		g.errs[i].Path = joinSteps("", steps)
	}
	if err := g.errs.orNil(); err != nil {
		return err
	}
	return d.put(steps, n)
}

// Overlay replaces the value at path by a copy of n, which was decoded from
// this document or a clone of it into a *yaml.Node and keeps its position or
// origin. Otherwise it is like Set.
func (d *Document) Overlay(path string, n *yaml.Node) error {
	steps, err := splitPath(path)
	if err != nil {
		return d.putError(n, nil, err)
	}
	return d.put(steps, copyTree(n))
}

// putError is the error about putting n where steps lead.
func (d *Document) putError(n *yaml.Node, steps []step, err error) error {
	return Errors{{
		File: d.file, Line: n.Line, Col: n.Column, Origin: originOf(n),
		Path: joinSteps("", steps), Msg: err.Error(),
	}}
}

// put hangs n into the tree where steps lead.
func (d *Document) put(steps []step, n *yaml.Node) error {
	slot, above := &d.root, 0
	for _, s := range steps {
		next := s.slot(*slot)
		if next == nil {
			break
		}
		slot = next
		above++
	}
	grown, err := chain(*slot, steps[above:], n)
	if err != nil {
		return d.putError(n, steps, err)
	}
	before, _ := measure(*slot)
	after, depth := measure(grown)
	switch {
	case d.nodes-before+after > MaxNodes:
		return d.putError(n, steps, fmt.Errorf("the document has more than %d values", MaxNodes))
	case above+depth > MaxDepth:
		return d.putError(n, steps, fmt.Errorf("nested more than %d deep", MaxDepth))
	}
	*slot = grown
	d.nodes += after - before
	return nil
}

// chain returns what must take the place of base so that the steps lead from it
// to n; the first step has no place in base yet.
func chain(base *yaml.Node, steps []step, n *yaml.Node) (*yaml.Node, error) {
	if len(steps) == 0 {
		return n, nil
	}
	if base.Kind == yaml.SequenceNode {
		return nil, outOfList(base, steps[0])
	}
	for _, s := range steps {
		if s.only {
			return nil, fmt.Errorf("[%d] needs a list, and there is none", s.index)
		}
	}
	for i := len(steps) - 1; i > 0; i-- {
		n = mappingOf(n, scalarLike(n, "!!str", steps[i].key), n)
	}
	key := scalarLike(n, "!!str", steps[0].key)
	switch {
	case base.Kind == yaml.MappingNode:
		grown := *base
		grown.Content = append(grown.Content, key, n)
		return &grown, nil
	case isNull(base):
		return mappingOf(n, key, n), nil
	default:
		return mappingOf(n, scalarLike(base, shorthandTag, ""), base, key, n), nil
	}
}

// outOfList says why a step leads nowhere in a list.
func outOfList(list *yaml.Node, s step) error {
	if s.index < 0 {
		return fmt.Errorf("expected an index of the list, such as [0], got %s", quote(s.key))
	}
	return fmt.Errorf("index %d is outside the list, which has %d", s.index, len(list.Content))
}

// mappingOf returns a mapping of the given keys and values, with the position
// and origin of n.
func mappingOf(n *yaml.Node, content ...*yaml.Node) *yaml.Node {
	m := scalarLike(n, "!!map", "")
	m.Kind = yaml.MappingNode
	m.Content = content
	return m
}

// scalarLike returns a scalar with the position and origin of n.
func scalarLike(n *yaml.Node, tag, value string) *yaml.Node {
	s := &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value, Line: n.Line, Column: n.Column}
	setOrigin(s, originOf(n))
	return s
}
