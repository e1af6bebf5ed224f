package serve

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/lbctl/lbctl/config/strict"
)

// outline decodes a file a second time, as nothing but its sections. So the rules between sections
// are applied to those that are sound, whatever is wrong with the others.
type outline struct {
	Listeners    *yaml.Node `yaml:"listeners"`
	Routes       *yaml.Node `yaml:"routes"`
	Pools        *yaml.Node `yaml:"pools"`
	Admin        *yaml.Node `yaml:"admin"`
	AccessLog    *yaml.Node `yaml:"access_log"`
	DrainTimeout *yaml.Node `yaml:"drain_timeout"`
	Watch        *yaml.Node `yaml:"watch"`

	config   *Config // as decoded: a list that has an error is nil
	faulty   error   // what is wrong within the sections
	dir      string  // of the file
	readFile func(name string) ([]byte, error)
}

// Check applies the rules that concern several sections, and looks at the files that are named.
func (o *outline) Check(r *strict.Reporter) {
	o.checkRoutes(r)
	o.checkAdmin(r)
	if o.readFile != nil {
		o.checkFiles(r)
	}
}

// checkRoutes sees to it that every route leads somewhere.
func (o *outline) checkRoutes(r *strict.Reporter) {
	pools := namesIn(o.Pools)
	if len(pools) == 0 {
		return // that has been said
	}
	if o.config.Routes == nil && !o.wrong("routes") && len(pools) > 1 {
		r.Errorf("", "missing key \"routes\": there are %d pools, so it must say which requests go to which", len(pools))
	}
	for i, rt := range o.config.Routes {
		if slices.Contains(pools, rt.Pool) {
			continue
		}
		near := ""
		if name := strict.Nearest(rt.Pool, pools); name != "" {
			near = fmt.Sprintf("; did you mean %q?", name)
		}
		r.Errorf("routes"+at(i, "pool"), "unknown pool: expected %s; got %q%s", oneOf(pools), rt.Pool, near)
	}
}

// checkAdmin sees to it that the admin listener has an address of its own.
func (o *outline) checkAdmin(r *strict.Reporter) {
	admin := o.config.Admin.Address
	if admin.Off() || o.wrong("admin") {
		return
	}
	for _, l := range o.config.Listeners {
		if l.Address.clashes(admin.Address) {
			r.Errorf("admin.address", "listener %q has %s", l.name(), admin)
		}
	}
}

// wrong tells whether something is wrong within a section.
func (o *outline) wrong(section string) bool {
	var errs strict.Errors
	errors.As(o.faulty, &errs)
	return slices.ContainsFunc(errs, func(e strict.Error) bool {
		rest, ok := strings.CutPrefix(e.Path, section)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// namesIn returns the names of the pools as they are written, sound or not.
func namesIn(pools *yaml.Node) []string {
	if pools == nil || pools.Kind != yaml.SequenceNode {
		return nil
	}
	var names []string
	for _, p := range pools.Content {
		for i := 0; p.Kind == yaml.MappingNode && i+1 < len(p.Content); i += 2 {
			if p.Content[i].Value == "name" {
				names = append(names, p.Content[i+1].Value)
			}
		}
	}
	return names
}

// joined returns what is wrong within sections and between them, in the order of the file; errors about
// values that are not from the file come last.
func joined(within, between error) error {
	var all, more strict.Errors
	errors.As(within, &all)
	errors.As(between, &more)
	for _, e := range more {
		if !slices.Contains(all, e) { // unknown keys show twice
			all = append(all, e)
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b strict.Error) int {
		if a.Origin != "" && b.Origin != "" {
			return 0
		}
		return cmp.Or(cmp.Compare(len(a.Origin), len(b.Origin)), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return all
}

// maxNamed is the number of valid names that a message lists.
const maxNamed = 16

// oneOf lists what is valid.
func oneOf(names []string) string {
	switch {
	case len(names) == 1:
		return names[0]
	case len(names) > maxNamed:
		names = append(slices.Clone(names[:maxNamed]), "…")
	}
	return "one of " + strings.Join(names, ", ")
}

// at is the path of a key of the i-th element of a list; "": the element itself.
func at(i int, key string) string {
	path := "[" + strconv.Itoa(i) + "]"
	if key != "" {
		path += "." + key
	}
	return path
}
