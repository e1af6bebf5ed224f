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
// document has. Path is like that of Set; keys that come from the document are
// appended with Join.
func (r *Reporter) Errorf(path, format string, args ...any) {
	at := r.node
	var steps []step
	if path != "" {
		var err error
		if steps, err = splitPath(path); err != nil {
			steps = []step{{key: path, index: -1}} // leads nowhere, is shown in quotes
		}
	}
	for _, s := range steps {
		slot := s.slot(at)
		if slot == nil {
			break
		}
		at = *slot
	}
	r.dec.errorf(at, joinSteps(r.path, steps), "%s", fmt.Sprintf(format, args...))
}
