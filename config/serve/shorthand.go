package serve

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/lbctl/lbctl/config/strict"
)

// ShorthandPool is the name of the pool that Shorthand makes.
const ShorthandPool = "default"

// Setting is a value in place of a default.
type Setting struct {
	Path   string // "pools[0].pool.policy"
	Value  any    // "p2c"; anything that is plain, or a list of such
	Origin string // what errors about it name: "--policy p2c"
}

// Shorthand returns the configuration of one listener before one pool, as from a file that says no
// more than that, and what else is set. The error is strict.Errors.
func Shorthand(listen string, backends []string, more ...Setting) (*Config, error) {
	skeleton, err := json.Marshal(map[string]any{
		"listeners": []any{map[string]any{"address": ""}},
		"pools":     []any{map[string]any{"name": ShorthandPool, "backends": make([]string, len(backends))}},
	})
	if err != nil {
		panic("serve: " + err.Error())
	}
	doc, err := strict.Parse("command line", skeleton)
	if err != nil {
		return nil, err
	}
	settings := []Setting{{"listeners[0].address", listen, "--listen " + listen}}
	for i, b := range backends {
		settings = append(settings, Setting{"pools[0].backends[" + strconv.Itoa(i) + "]", b, "--backend " + b})
	}
	for _, s := range append(settings, more...) {
		text, err := json.Marshal(s.Value)
		if err != nil {
			panic("serve: " + err.Error())
		}
		if err := doc.Set(s.Path, string(text), s.Origin); err != nil {
			return nil, withoutFile(err)
		}
	}
	c, err := decode(doc, ".", nil)
	if err != nil {
		return nil, withoutFile(err)
	}
	return c, nil
}

// withoutFile takes out of errors what only makes sense where there is a file: the path of a value that
// a flag gave, and positions.
func withoutFile(err error) error {
	var errs strict.Errors
	if !errors.As(err, &errs) {
		return err
	}
	for i := range errs {
		errs[i].Line, errs[i].Col = 0, 0
		if errs[i].Origin != "" {
			errs[i].Path = ""
		}
	}
	return errs
}
