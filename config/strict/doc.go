// Package strict decodes YAML (and so JSON) into Go structs that describe
// themselves by tags, and tells a person everything that is wrong with a file
// in one go: file, line, column, the path of the value, what was expected and
// the nearest valid name.
//
// One struct is the only statement of a format. From it come the decoder, the
// defaults (the preset value), overrides from the command line
// ([Document.Set]), the JSON Schema for editors ([Schema]) and the listing of
// parameters ([Fields]).
//
// # Tags
//
//	yaml:"name"       the key; fields without it, or with "-", are not decoded
//	yaml:",inline"    the keys of this struct belong to the enclosing mapping
//	doc:"…"           one sentence for people: schema and listings
//	min:"1" max:"64"  inclusive bounds of numbers and durations
//	above:"0"         exclusive lower bound, instead of min
//	enum:"fifo,ps"    the only strings allowed
//	pattern:"^[a-z]"  a regular expression (RE2) that strings must match
//	maxlen:"64"       longest string, in characters
//	minitems, maxitems  bounds of the length of a list or mapping
//	required:"true"   the key must be present and not null
//	unit:"rps"        for listings and the schema
//	_ struct{} `union:"demand"`  exactly one key of this struct must be present
//
// Bounds on a list, mapping or pointer apply to its elements. Durations are not
// negative unless min says so. A mistake in a tag is a mistake in the program
// and panics.
//
// # Rules
//
// Numbers follow YAML 1.2's core schema (decimal; no 0x10, 1_000, .inf). A
// duration needs its unit. A string field takes any plain scalar as it is
// written. Null means absent. A list or mapping that is present replaces the
// preset one; a struct that is present is decoded on top of its preset.
//
// # Floor
//
// Floor 4, below config: generic, it knows nothing of load balancing. It must
// not import any other package of this module.
package strict
