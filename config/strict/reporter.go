package strict

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// A Reporter takes the findings of a Checker.
type Reporter struct {
	dec  *decoder
	node *yaml.Node
	path string
}

// Errorf reports that the value at path, relative to the checked value, is
// wrong: "" is the checked value itself, "faults[2].slow" something inside it.
// The position is that of the value, or of the nearest one around it that the
// document has.
func (r *Reporter) Errorf(path, format string, args ...any) {
	at := r.node
	steps, err := splitPath(path)
	for i := 0; err == nil && i < len(steps); i++ {
		slot := steps[i].slot(at)
		if slot == nil {
			break
		}
		at = *slot
	}
	r.dec.errorf(at, joinPath(r.path, path), "%s", fmt.Sprintf(format, args...))
}
