package policy

import (
	"strconv"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
	"github.com/lbctl/lbctl/lb/stats"
)

// C3 takes the backend with the least
//
//	R − s + q̂³·s,  q̂ = 1 + outstanding·clients + q
//
// (Suresh, Canini, Schmid and Feldmann, "C3: cutting tail latency in cloud data stores via adaptive replica
// selection", NSDI'15). R is the response time as this balancer saw it, s the
// backend's own service time, q its queue, outstanding this
// balancer's attempts there, and clients how many balancers share the backends (Snapshot.Peers), as if each had as
// many outstanding. R, s and q are averages with weight 0.9 on the newest sample. The cube keeps long queues
// from building up at fast backends. The paper's cubic rate control is left out: it
// delays requests at the client, and a Picker cannot delay.
//
// Feedback says where q and s come from:
//
//   - answers: from the Report that comes with each answer (InFlight and Service), as in the paper;
//     all backends are compared, or Choices of them drawn at random. Without reports q = 0 and s = R, which
//     leaves R·(1+outstanding·clients)³.
//   - probes: from load probes, pooled and reused exactly as Prequal does it, with this
//     score in place of its hot-cold rule; so the Prequal paper compares the two. Without reports every
//     choice is a random draw. Choices has no meaning then.
//
// The score is divided by weight (ours; the paper has none), which is how slow
// start shows, and multiplied by the penalty of failureRate. A backend without
// data counts as the mean of those with data; one that was silent is believed
// less and less (forgetAfter). Equals are drawn from uniformly.
type C3 struct {
	Feedback string `yaml:"feedback" enum:"answers,probes" doc:"where queue and service time come from: the answers themselves, or load probes pooled as Prequal does"`
	Choices  int    `yaml:"choices" min:"0" max:"16" doc:"backends to sample when feedback is answers; 0 compares all of them"`
	Probing  `yaml:",inline"`
}

// New returns a fresh policy.
func (s C3) New() lb.Policy {
	p := &c3{choices: s.Choices}
	if s.Feedback == "probes" {
		p.probing = newProbing(s.Probing)
	}
	return p
}

type c3 struct {
	choices int
	probing *probing // nil: feedback comes with the answers
	memory  kept[c3Memory]
}

// c3Weight is the weight of the newest sample in C3's averages (section 3.1 of the paper: α = 0.9).
const c3Weight = 0.9

// c3Memory is what C3 remembers of one backend.
type c3Memory struct {
	response responseTime // R
	service  stats.EWMA   // s, nanoseconds
	queue    stats.EWMA   // q
	_        [48]byte
}

func (*c3) Name() string { return "c3" }

func (p *c3) Build(s *lb.Snapshot) lb.Picker {
	scorer := c3Scorer{members: s.Members(), memory: p.memory.members(s), clients: float64(s.Peers())}
	if p.probing != nil {
		return &c3ProbePicker{c3Scorer: scorer, prober: p.probing.over(s)}
	}
	return &c3Picker{c3Scorer: scorer, field: newField(s, p.choices)}
}

// c3Scorer is the scoring rule over one snapshot.
type c3Scorer struct {
	members []lb.Member
	memory  []*c3Memory
	clients float64
}

// c3Terms are the terms of one member's score.
type c3Terms struct {
	response, service float64 // R and s, nanoseconds; 0: unknown
	queue             float64 // q̂
	belief            float64 // in what was heard (see responseTime)
	factor            float64 // penalty / weight
	known             bool    // R and s are
}

// terms returns member i's terms for the queue q as reported.
func (c *c3Scorer) terms(i int, now lb.Time, q float64) c3Terms {
	m, k := c.members[i], c.memory[i]
	response, belief, known := k.response.value(now)
	service, ok := k.service.Value()
	if !ok && known {
		service = response
	}
	return c3Terms{
		response: response * belief, service: service * belief, belief: belief, known: known,
		queue:  1 + float64(m.InFlight())*c.clients + q,
		factor: k.response.failures.penalty(now) / m.Weight,
	}
}

func (t c3Terms) score() float64 {
	return (t.response - t.service + t.queue*t.queue*t.queue*t.service) * t.factor
}

// like returns the terms of a member that has not answered yet: what is unknown
// is taken from the mean of the others. Where all are alike any value will do.
func (t c3Terms) like(mean c3Mean) c3Terms {
	t.response = meanOr(mean.response, mean.n, 1e6)
	if t.service == 0 {
		t.service = meanOr(mean.service, mean.n, 1e6)
	}
	return t
}

// c3Mean adds up the terms of the members with data.
type c3Mean struct {
	response, service float64
	n                 int
}

func (m *c3Mean) add(t c3Terms) {
	m.response += t.response
	m.service += t.service
	m.n++
}

func (c *c3Scorer) explain(i int, now lb.Time, t c3Terms, tr *lb.Trace) {
	if tr.RuleOnly {
		return
	}
	note := "R " + millis(t.response) + ", s " + millis(t.service) + ", q̂ " + strconv.FormatFloat(t.queue, 'g', 4, 64)
	if !t.known {
		note = "no answer yet, taken as the mean: " + note
	}
	tr.Score(i, t.score()/1e6, note+c.memory[i].response.failures.note(now)) // in ms
}

// c3Picker has its feedback from the answers.
type c3Picker struct {
	c3Scorer
	field field
}

func (p *c3Picker) Observe(i int, now lb.Time, latency time.Duration, o lb.Outcome) {
	k := p.memory[i]
	k.response.observe(now, latency, o.Verdict, c3Weight)
	if o.Report.Valid {
		k.queue.Observe(float64(o.Report.InFlight), c3Weight)
		k.observeService(o.Report)
	}
}

// ReadsReports is true: queue and service time come with the answers.
func (*c3Picker) ReadsReports() bool { return true }

func (k *c3Memory) observeService(rep lb.Report) {
	if rep.Service > 0 {
		k.service.Observe(float64(rep.Service), c3Weight)
	}
}

func (p *c3Picker) Pick(now lb.Time, _ lb.Request, r *rng.Rand, tr *lb.Trace) int {
	var buf [maxChoices]int
	candidates := p.field.draw(r, &buf)
	best := noneYet()
	var mean c3Mean
	for _, i := range candidates {
		if t := p.terms(i, now); t.known {
			mean.add(t)
			best.offer(i, t.score(), r)
		}
	}
	if mean.n < len(candidates) {
		p.offerUnknown(candidates, now, mean, &best, r)
	}
	if tr != nil {
		for _, i := range candidates {
			t := p.terms(i, now)
			if !t.known {
				t = t.like(mean)
			}
			p.explain(i, now, t, tr)
		}
		best.explain(tr, c3Rule)
	}
	return best.index
}

const c3Rule = "least R − s + q̂³·s"

func (p *c3Picker) terms(i int, now lb.Time) c3Terms {
	t := p.c3Scorer.terms(i, now, 0)
	if q, ok := p.memory[i].queue.Value(); ok {
		t.queue += q * t.belief
	}
	return t
}

func (p *c3Picker) offerUnknown(candidates []int, now lb.Time, mean c3Mean, best *least, r *rng.Rand) {
	for _, i := range candidates {
		if t := p.terms(i, now); !t.known {
			best.offer(i, t.like(mean).score(), r)
		}
	}
}

// c3ProbePicker has its feedback from load probes; R still comes from the answers.
type c3ProbePicker struct {
	c3Scorer
	prober
}

func (p *c3ProbePicker) Observe(i int, now lb.Time, latency time.Duration, o lb.Outcome) {
	p.memory[i].response.observe(now, latency, o.Verdict, c3Weight)
}

func (p *c3ProbePicker) Report(i int, now lb.Time, rep lb.Report) {
	if rep.Valid {
		p.memory[i].observeService(rep)
		p.pool.add(p.members[i].ID(), now, rep, p.limit)
	}
}

func (p *c3ProbePicker) Pick(now lb.Time, _ lb.Request, r *rng.Rand, tr *lb.Trace) int {
	var buf [maxProbes]probe
	probes := p.pool.gather(p.snapshot, now, buf[:0])
	if len(probes) < 2 {
		return p.random(r, len(probes), tr)
	}
	var mean c3Mean
	for i := range probes {
		if t := p.ofProbe(&probes[i], now); t.known {
			mean.add(t)
		}
	}
	for i := range probes {
		t := p.ofProbe(&probes[i], now)
		if !t.known {
			t = t.like(mean)
		}
		probes[i].rank = rank{key: t.score()}
		if tr != nil {
			p.explain(probes[i].member, now, t, tr)
			tr.Rule = c3Rule + " among the probes"
		}
	}
	return p.serve(probes, r)
}

// ofProbe returns the terms of a probed member: its queue is the RIF as it was
// reported. What was sent there since counts as outstanding already.
func (p *c3ProbePicker) ofProbe(pr *probe, now lb.Time) c3Terms {
	return p.terms(pr.member, now, float64(int(pr.state.rif())-pr.state.used()))
}
