package reports

import (
	"html/template"
	"strconv"
	"strings"

	"github.com/lbctl/lbctl/experiment"
)

// pageView is what the template of the page shows.
type pageView struct {
	Style       template.CSS
	Script      template.JS
	Title       string
	Finding     string
	Interrupted string
	Command     string
	Overview    *overview // of several scenarios
	Live        bool      // of live runs, with simulations beside them
	Conditions  string    // of the live runs
	Fidelity    string    // how far the simulations are off, where several scenarios are
	Scenarios   []sceneView
}

func newPageView(r *experiment.Result) *pageView {
	p := &pageView{
		Style: template.CSS(pageStyle), Script: template.JS(pageScript),
		Title:   "No scenario",
		Finding: r.Finding, Interrupted: interrupted(r), Command: r.Command, Live: r.Fidelity != nil,
	}
	if p.Live {
		p.Conditions = r.Fidelity.Conditions
	}
	looks := looksOf(namesByMerit(r), firstBaseline(r))
	for i := range r.Scenarios {
		p.Scenarios = append(p.Scenarios, newSceneView(r, looks, i))
	}
	switch n := len(r.Scenarios); {
	case n == 1:
		p.Title = r.Scenarios[0].Name
	case n > 1:
		p.Title = count(n, "scenario") + " compared"
		p.Overview = newOverview(r, looks)
		if p.Live {
			p.Fidelity = r.Fidelity.Finding
		}
	}
	return p
}

// Several says whether scenarios need headings of their own.
func (p *pageView) Several() bool { return len(p.Scenarios) > 1 }

func firstBaseline(r *experiment.Result) string {
	if len(r.Scenarios) == 0 {
		return ""
	}
	return r.Scenarios[0].Baseline
}

// sceneView is a scenario's section.
type sceneView struct {
	ID           string
	Name         string
	Summary      string // first line of what it is about
	About        string // the rest
	Facts        []fact
	Finding      string
	Warnings     []string
	Expectations []expectationView
	Fidelity     *fidelityView // of live runs
	Table, More  *tableView
	Parts        *tableView // groups
	Parameters   *parameterTable
	Legend       []legendItem
	Figures      []figureView
	Events       []eventsView
	Source       string
}

type fact struct{ Name, Value string }

type expectationView struct {
	Met                         bool
	Line, Variant, Value, Doubt string
}

type legendItem struct {
	Key, Name string
	Focus     bool
	Baseline  bool
	Swatch    template.HTML
}

// figureView is a chart in its two layouts.
type figureView struct {
	ID, Title, Caption string
	Wide, Narrow       template.HTML
}

func newSceneView(r *experiment.Result, looks map[string]look, i int) sceneView {
	sc := &r.Scenarios[i]
	s := newSubject(sc, looks)
	summary, about := opening(sc.About)
	v := sceneView{
		ID: sceneID(i), Name: sc.Name, Summary: summary, About: about, Facts: facts(s),
		Finding: sc.Finding, Warnings: sc.Warnings, Source: sc.Source,
		Table: mainTable(s), More: moreTable(s), Parts: groupTable(s), Parameters: newParameterTable(s),
		Figures: figuresOf(s, sceneID(i)), Events: eventsOf(s),
	}
	for _, e := range sc.Expectations {
		v.Expectations = append(v.Expectations, expectationView{e.Met, e.Line, e.Variant, experiment.Format(e.Value), doubt(e)})
	}
	if r.Fidelity != nil {
		v.Fidelity = newFidelityView(s, &r.Fidelity.Scenarios[i])
	}
	for i := range s.series {
		one := &s.series[i]
		v.Legend = append(v.Legend, legendItem{one.key, one.Name, one.focus, one.Name == sc.Baseline, one.swatch()})
	}
	return v
}

// opening splits what a scenario is about after its first line, or after the last sentence
// that ends within it.
func opening(about string) (first, rest string) {
	about = strings.TrimSpace(about)
	first, _, _ = strings.Cut(about, "\n")
	if i := strings.LastIndexAny(first, ".?!"); i > 0 && len(first) < len(about) {
		if i+1 == len(first) || first[i+1] == ' ' {
			first = first[:i+1]
		}
	}
	return first, strings.TrimSpace(about[len(first):])
}

func sceneID(i int) string { return "scenario-" + strconv.Itoa(i+1) }

func facts(s *subject) []fact {
	out := []fact{
		{"variants", strconv.Itoa(len(s.series))},
		{"replications", replications(s.Scenario, "")},
		{"each", seconds(s.DurationS)},
	}
	if s.Balancers > 0 {
		out = append(out, fact{"balancers", strconv.Itoa(s.Balancers)})
	}
	if s.Baseline != "" {
		out = append(out, fact{"baseline", s.Baseline})
	}
	var requests uint64
	for i := range s.series {
		requests += s.series[i].Requests
	}
	return append(out, fact{"requests counted", grouped(requests)})
}

func figuresOf(s *subject, id string) []figureView {
	var out []figureView
	add := func(name, title, caption string, draw func(*subject, layout) template.HTML) {
		if w := draw(s, wide); w != "" {
			out = append(out, figureView{id + "-" + name, title, caption, w, draw(s, narrow)})
		}
	}
	add("quantiles", "Latency quantiles", "Best variant first. A band behind a dot is the 95% interval over the replications; where there is none to be seen it is narrower than the dot.", quantileChart)
	add("tail", "The tail", "Which share of the requests took longer than that. Further left is better; all replications together.", tailChart)
	add("groups", "Groups of backends", "Where each variant sent the attempts, and how busy that kept the backends. Bars of one column share a scale.", groupChart)
	if len(s.Groups) < mostBackends(s) {
		add("backends", "Every backend", "An even strip is a balanced load. Point at a cell for its backend.", backendStrip)
	}
	add("time", "Over time", "Mean over the replications; a band is the 95% interval. Requests belong to the time at which they started. Press a variant above to show or hide it.", timeLines)
	return out
}

func mostBackends(s *subject) int {
	most := 0
	for i := range s.series {
		most = max(most, len(s.series[i].Backends))
	}
	return most
}

// maxEventsShown bounds the events of a variant on the page.
const maxEventsShown = 40

type eventsView struct {
	Variant string
	Rows    []eventRow
	Hidden  int
}

type eventRow struct{ At, Balancer, Backend, What, Why string }

func eventsOf(s *subject) []eventsView {
	var out []eventsView
	for i := range s.series {
		v := &s.series[i]
		if len(v.Events) == 0 {
			continue
		}
		view := eventsView{Variant: v.Name, Hidden: max(0, len(v.Events)-maxEventsShown)}
		for _, e := range v.Events[:len(v.Events)-view.Hidden] {
			row := eventRow{At: strconv.FormatFloat(e.At.Seconds(), 'f', 3, 64), Backend: e.Backend, What: e.What, Why: e.Why}
			if e.Balancer >= 0 {
				row.Balancer = strconv.Itoa(e.Balancer)
			}
			view.Rows = append(view.Rows, row)
		}
		out = append(out, view)
	}
	return out
}
