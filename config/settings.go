package config

import (
	"strings"

	"github.com/lbctl/lbctl/config/strict"
)

// Setting is one value of a pool: block.
type Setting struct {
	Path  string `json:"path"`  // below pool: "policy.p2c.choices"
	Value string `json:"value"` // as the file would have it: "30ms"
}

// Settings returns every value of the pool that is in effect, given or by default, in the order of the block.
// The parameters of algorithms that are not in use are left out.
func (p *Pool) Settings() []Setting {
	q := *p // what Fields sets in an empty pool stays here
	var out []Setting
	for _, f := range strict.Fields(&q) {
		if q.Policy.governs(f.Path) {
			out = append(out, Setting{Path: f.Path, Value: f.Default})
		}
	}
	return out
}

// governs tells whether the value at path, below pool, is no parameter of an algorithm other than
// the one in use.
func (p *Policy) governs(path string) bool {
	parameter, ok := strings.CutPrefix(path, "policy.")
	return !ok || parameter == "use" || strings.HasPrefix(parameter, p.Use+".")
}
