// Package policy holds the algorithms, each in a file of its own, and the
// registry that names them.
//
// Floor 3. It may import lb and the floors below; it must never import a
// driver, a scenario or a decoder. Adding an algorithm touches its own file
// and one line of the registry.
//
// An algorithm's parameters are the fields of its spec: the yaml tag names
// them, min, max and enum bound them, doc explains them, and the values in the
// registry are the defaults. Whoever reads configuration fills the fields in;
// this package never parses.
package policy
