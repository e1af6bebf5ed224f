package scenarios

import (
	"bytes"

	"github.com/lbctl/lbctl/config/strict"

	"go.yaml.in/yaml/v3"
)

// sections is a scenario's document as it stands, in the order in which it is best read.
type sections struct {
	Name      *yaml.Node `yaml:"name"`
	About     *yaml.Node `yaml:"about"`
	Duration  *yaml.Node `yaml:"duration"`
	Warmup    *yaml.Node `yaml:"warmup"`
	Seed      *yaml.Node `yaml:"seed"`
	Seeds     *yaml.Node `yaml:"seeds"`
	Balancers *yaml.Node `yaml:"balancers"`
	Arrivals  *yaml.Node `yaml:"arrivals"`
	Clients   *yaml.Node `yaml:"clients"`
	Classes   *yaml.Node `yaml:"classes"`
	Backends  *yaml.Node `yaml:"backends"`
	Network   *yaml.Node `yaml:"network"`
	Faults    *yaml.Node `yaml:"faults"`
	Pool      *yaml.Node `yaml:"pool"`
	Policies  *yaml.Node `yaml:"policies"`
	Variants  *yaml.Node `yaml:"variants"`
	Cases     *yaml.Node `yaml:"cases"`
	Expect    *yaml.Node `yaml:"expect"`
}

// section is one top-level key of a document with its value; nil: absent.
type section struct {
	key   string
	value *yaml.Node
}

// all returns the sections in order.
func (s *sections) all() []section {
	return []section{
		{"name", s.Name}, {"about", s.About}, {"duration", s.Duration}, {"warmup", s.Warmup}, {"seed", s.Seed}, {"seeds", s.Seeds},
		{"balancers", s.Balancers}, {"arrivals", s.Arrivals}, {"clients", s.Clients}, {"classes", s.Classes},
		{"backends", s.Backends}, {"network", s.Network}, {"faults", s.Faults}, {"pool", s.Pool}, {"policies", s.Policies},
		{"variants", s.Variants}, {"cases", s.Cases}, {"expect", s.Expect},
	}
}

// sourceText returns a sound document as YAML: comments gone, keys in order,
// overrides and shorthands that they extended written out, cases left out.
func sourceText(doc *strict.Document, name string) string {
	var s sections
	if err := doc.Decode(&s); err != nil {
		panic("scenarios: a document was not checked: " + err.Error())
	}
	s.Name, s.Cases = &yaml.Node{Kind: yaml.ScalarNode, Value: name}, nil
	root := &yaml.Node{Kind: yaml.MappingNode}
	for _, sec := range s.all() {
		if sec.value != nil {
			root.Content = append(root.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: sec.key}, plainTree(sec.key, sec.value))
		}
	}
	return encode(root)
}

func encode(root *yaml.Node) string {
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(root); err != nil {
		panic("scenarios: a document cannot be written: " + err.Error())
	}
	return out.String()
}

// plainTree copies the value of key without what the decoder notes in a node. A mapping that grew out
// of a shorthand keeps it under a key without a name, which gets its real one.
func plainTree(key string, n *yaml.Node) *yaml.Node {
	out := &yaml.Node{Kind: n.Kind, Style: n.Style, Value: n.Value}
	if n.Kind == yaml.ScalarNode {
		out.Tag = n.Tag
	}
	if n.Kind != yaml.MappingNode {
		for _, c := range n.Content {
			out.Content = append(out.Content, plainTree("", c))
		}
		return out
	}
	given := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		given[n.Content[i].Value] = true
	}
	for i := 0; i < len(n.Content); i += 2 {
		k, v := n.Content[i].Value, n.Content[i+1]
		if k == "" && n.Content[i].Tag != "!!str" {
			if k = shorthandKey(key); given[k] {
				continue // the key came later and wins
			}
		}
		out.Content = append(out.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: k}, plainTree(k, v))
	}
	return out
}

// shorthandKey returns the key that the plain value of a mapping stands for.
func shorthandKey(of string) string {
	return map[string]string{"policy": "use", "balancers": "count"}[of]
}
