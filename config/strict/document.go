package strict

import (
	"go.yaml.in/yaml/v3"
)

// A Document is a parsed YAML file with overrides applied, not yet decoded. It
// must not be changed by Set or Overlay while another goroutine uses it.
type Document struct {
	file  string
	root  *yaml.Node // a tree made by a grower: no aliases, no document node
	nodes int        // the size of the tree, at most MaxNodes
}

// Parse reads one YAML or JSON document. The file name only serves messages.
// The error is Errors: of syntax, of form (duplicate keys, tags, merge keys,
// more than one document, no document) or of size (MaxBytes, MaxDepth,
// MaxNodes).
func Parse(file string, data []byte) (*Document, error) {
	g := &grower{file: file}
	root := g.read(data)
	if err := g.errs.orNil(); err != nil {
		return nil, err
	}
	if isNull(root) {
		return nil, Errors{{File: file, Line: 1, Col: 1, Msg: "the document is empty"}}
	}
	return &Document{file: file, root: root, nodes: g.nodes}, nil
}

// Clone returns a deep copy, so that overlays can be applied independently.
func (d *Document) Clone() *Document {
	return &Document{file: d.file, root: copyTree(d.root), nodes: d.nodes}
}
