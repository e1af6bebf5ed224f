package reports

import (
	"encoding/json"
	"io"

	"github.com/lbctl/lbctl/experiment"
)

// JSON writes r as indented JSON that ends with a newline. Equal results give
// equal bytes. What was not measured is null.
func JSON(w io.Writer, r *experiment.Result) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
