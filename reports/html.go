package reports

import (
	_ "embed"
	"html/template"
	"io"

	"github.com/lbctl/lbctl/experiment"
)

var (
	//go:embed page.html.tmpl
	pageSource string
	//go:embed page.css
	pageStyle string
	//go:embed page.js
	pageScript string
)

var page = template.Must(template.New("page").Parse(pageSource))

// HTML writes r as one page that needs nothing else: no font, script or picture
// from elsewhere, so it opens from a disk without a network, and can be kept.
// It is valid as XML too. Everything that comes from a scenario is escaped.
func HTML(w io.Writer, r *experiment.Result) error {
	return page.Execute(w, newPageView(r))
}
