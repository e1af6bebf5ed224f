package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lbctl/lbctl/config/strict"

	"go.yaml.in/yaml/v3"
)

// LoadOptions is what a file is loaded with.
type LoadOptions struct {
	// Set overrides values: "path=value". It wins over cases and variants.
	Set []string
	// ReadFile reads a log to replay; the path of a log is relative to its scenario file, and is given to ReadFile
	// with that file's directory before it. It should refuse more than MaxReplayBytes. nil: no files can be read.
	ReadFile func(path string) ([]byte, error)
}

// Load reads the scenarios of a file: one, or one for each of its cases. The name of the file serves
// messages and relative paths. The error is strict.Errors: everything that is wrong with it.
func Load(file string, data []byte, o LoadOptions) ([]*Scenario, error) {
	if len(data) > MaxFileBytes {
		return nil, strict.Errors{{File: file, Msg: fmt.Sprintf("larger than %d bytes", MaxFileBytes)}}
	}
	doc, err := strict.Parse(file, data)
	if err != nil {
		return nil, err
	}
	l := &loader{file: file, opts: o, logs: map[logKey]logReading{}}
	out := l.load(doc)
	if err := l.result(); err != nil {
		return nil, err
	}
	return out, nil
}

// loader loads one file. It collects errors, and the logs that it has read.
type loader struct {
	file string
	opts LoadOptions
	errs strict.Errors
	logs map[logKey]logReading
}

// load returns the scenarios of a document, of no use when there were errors.
func (l *loader) load(doc *strict.Document) []*Scenario {
	l.override(doc)
	base, ok := l.decode(doc)
	if !ok && len(base.Cases) == 0 && len(base.Variants) == 0 || len(base.Cases)*len(base.Variants) > MaxOverlays {
		return nil
	}
	if len(base.Cases) == 0 {
		return []*Scenario{l.scenario(doc, "")}
	}
	var out []*Scenario
	for _, c := range base.Cases {
		d := doc.Clone()
		l.overlay(d, c.Set)
		l.override(d)
		out = append(out, l.scenario(d, c.Name))
	}
	return out
}

// scenario compiles a document, its variants included. When something is wrong the result is of no use.
func (l *loader) scenario(doc *strict.Document, caseName string) *Scenario {
	f, ok := l.decode(doc)
	s := &Scenario{}
	if ok {
		s = l.compile(f, doc, caseName)
	}
	for _, p := range f.Policies {
		pool, err := f.Pool.WithPolicy(string(p))
		if err != nil {
			panic("scenarios: a policy name was not checked: " + err.Error())
		}
		s.variants = append(s.variants, s.variant(string(p), pool))
	}
	for _, v := range f.Variants {
		d := doc.Clone()
		l.overlayPolicy(d, v.Policy)
		l.overlay(d, v.Set)
		l.override(d)
		if vf, ok := l.decode(d); ok {
			vs := l.compile(vf, d, caseName)
			s.variants = append(s.variants, Variant{Name: v.Name, Policy: vs.Pool.Policy.Use, Scenario: vs})
		}
	}
	if len(s.variants) == 0 {
		s.variants = []Variant{s.variant(s.Pool.Policy.Use, s.Pool)}
	}
	return s
}

// override applies what the caller set.
func (l *loader) override(doc *strict.Document) {
	for _, s := range l.opts.Set {
		at, value, ok := strings.Cut(s, "=")
		if !ok {
			l.add(strict.Errors{{File: l.file, Origin: "--set " + s, Msg: "expected path=value"}})
			continue
		}
		l.add(doc.Set(at, value, "--set "+s))
	}
}

// overlay applies a set: block, shorter paths first when one lies within the other.
func (l *loader) overlay(doc *strict.Document, set map[string]*yaml.Node) {
	for _, p := range slices.Sorted(maps.Keys(set)) {
		l.add(doc.Overlay(p, set[p]))
	}
}

// overlayPolicy lays a variant's policy over the pool's: the selection, and the parameters that it gives.
func (l *loader) overlayPolicy(doc *strict.Document, n *yaml.Node) {
	switch {
	case n == nil:
	case n.Kind != yaml.MappingNode:
		l.add(doc.Overlay("pool.policy.use", n))
	default:
		for i := 0; i+1 < len(n.Content); i += 2 {
			l.add(doc.Overlay("pool.policy."+n.Content[i].Value, n.Content[i+1]))
		}
	}
}

// decode decodes a document and notes everything that is wrong with it: after an error a second pass
// over the sound sections finds what is wrong between them.
func (l *loader) decode(doc *strict.Document) (*file, bool) {
	c := &checked{loader: l}
	c.File.Defaults()
	err := doc.Decode(c)
	if err == nil {
		return &c.File, true
	}
	l.add(err)
	rest := &checked{loader: l, missing: c.File.unsound(err)}
	rest.File.Defaults()
	if err := l.without(doc, rest.missing).Decode(rest); err != nil {
		l.add(err)
	}
	return &rest.File, false
}

// placeholder stands for sections that must be there.
const placeholder = "{duration: 1s, arrivals: {poisson: {rate_rps: 1}}, backends: [{name: placeholder}]}"

// without returns a copy of a document that has none of the given sections and no others than there are.
func (l *loader) without(doc *strict.Document, unsound map[string]bool) *strict.Document {
	out, err := strict.Parse(l.file, []byte(placeholder))
	if err != nil {
		panic("scenarios: " + err.Error())
	}
	var s sections
	_ = doc.Decode(&s) // complains about other keys, which have been reported
	for _, sec := range s.all() {
		if sec.value != nil && !unsound[sec.key] {
			l.add(out.Overlay(sec.key, sec.value))
		}
	}
	return out
}

// unsound returns the sections that have errors, and those that should be there and are not.
func (f *file) unsound(err error) map[string]bool {
	out := map[string]bool{}
	if f.Duration == 0 {
		out["duration"] = true
	}
	if len(f.Backends) == 0 {
		out["backends"] = true
	}
	if f.Arrivals.isZero() {
		out["arrivals"] = true
	}
	var errs strict.Errors
	if errors.As(err, &errs) {
		for _, e := range errs {
			if section, _, _ := strings.Cut(e.Path, "["); section != "" {
				section, _, _ = strings.Cut(section, ".")
				out[section] = true
			}
		}
	}
	return out
}

// add notes errors, each once: a mistake in what cases and variants share shows in all of them.
func (l *loader) add(err error) {
	var errs strict.Errors
	if err == nil {
		return
	}
	if !errors.As(err, &errs) {
		errs = strict.Errors{{File: l.file, Msg: err.Error()}}
	}
	for _, e := range errs {
		if !slices.Contains(l.errs, e) {
			l.errs = append(l.errs, e)
		}
	}
}

// result returns the errors in the order of the file; those of logs and of overrides follow.
func (l *loader) result() error {
	if len(l.errs) == 0 {
		return nil
	}
	rank := func(e strict.Error) int {
		switch {
		case e.Origin != "":
			return 2
		case e.File != l.file:
			return 1
		}
		return 0
	}
	slices.SortStableFunc(l.errs, func(a, b strict.Error) int {
		if rank(a) == 2 && rank(b) == 2 {
			return 0
		}
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return l.errs
}

// logKey tells readings of logs apart.
type logKey struct{ file, format, key, classes string }

// logReading is a log, or why there is none.
type logReading struct {
	log *accessLog
	err error
}

// accessLog returns the log of a replay, which is read once.
func (l *loader) accessLog(s *replaySpec, classes classList) (*accessLog, error) {
	var names []string
	for _, c := range classes {
		names = append(names, c.Name)
	}
	k := logKey{s.File, s.Format, s.Key, strings.Join(names, ",")}
	got, ok := l.logs[k]
	if !ok {
		got.log, got.err = l.readLog(s, names)
		l.logs[k] = got
	}
	return got.log, got.err
}

func (l *loader) readLog(s *replaySpec, classes []string) (*accessLog, error) {
	if l.opts.ReadFile == nil {
		return nil, errors.New("files cannot be read here")
	}
	name := filepath.FromSlash(s.File)
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(l.file), name)
	}
	data, err := l.opts.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return readLog(name, data, s, classes)
}
