package policy

import (
	"strconv"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// Prequal chooses by probes of the backends' own requests in flight (RIF) and
// latency (Wydrowski, Kleinberg, Rumble and Archer, "Load is not what you should balance: introducing Prequal", NSDI'24,
// arXiv 2312.10172).
//
// Each query asks a few backends, drawn without replacement, for a Report; the
// answers go into a pool that later queries choose from (see Probing for its rates and
// limits). The rule is hot-cold lexicographic: a probe is hot when its RIF exceeds the
// QRIF quantile of the RIFs reported lately. If any is cold, the least latency among the cold wins; if all
// are hot, the least RIF. So QRIF 0 goes by RIF alone, 1 by latency alone; the
// paper recommends 0.6 to 0.9. The chosen probe's RIF is incremented, since an attempt is on its way there. Queries
// served by the pool remove probes in turn by age and by rank (a hot one with the
// highest RIF if there is any, else the highest latency). With fewer than two
// probes the choice is a random draw by weight, and removes nothing.
//
// The backends must cooperate: they report InFlight and, for the latency rule,
// Latency (see stats.LatencyByLoad). Without Latency it is the least RIF
// that wins; a probe without it counts as average among those that have it.
// Without any reports every choice is the random draw. Latency must be of recent
// requests, and 0 where there are none: a backend that keeps reporting how slow
// it once was is not tried again.
//
// Weights count in whom is probed and in the random draw; that is how slow
// start shows. With equal weights both are uniform, as in the paper.
//
// What the paper leaves open: a probe replaces the older one of the same
// backend (which is what the reuse formula assumes); equal latencies go by RIF,
// equal RIFs by latency, then the fresher probe wins; pools of fewer than 4
// backends keep two probes. Error aversion against sinkholes: a backend that
// fails this balancer's attempts is seen with its RIF and latency multiplied by
// the penalty of failureRate.
type Prequal struct {
	Probing `yaml:",inline"`
	QRIF    float64 `yaml:"q_rif" min:"0" max:"1" doc:"quantile of the recent in-flight counts above which a backend is hot; 0: in-flight alone decides, 1: latency alone"`
}

// New returns a fresh policy.
func (s Prequal) New() lb.Policy { return &prequal{probing: newProbing(s.Probing), qrif: s.QRIF} }

type prequal struct {
	probing  *probing
	qrif     float64
	rifs     rifDistribution
	failures kept[paddedRate]
}

// paddedRate is a failureRate on a cache line of its own.
type paddedRate struct {
	failureRate
	_ [56]byte
}

func (*prequal) Name() string { return "prequal" }

func (p *prequal) Build(s *lb.Snapshot) lb.Picker {
	return &prequalPicker{prober: p.probing.over(s), qrif: p.qrif, rifs: &p.rifs, failures: p.failures.members(s)}
}

type prequalPicker struct {
	prober
	qrif     float64
	rifs     *rifDistribution
	failures []*paddedRate
}

func (p *prequalPicker) Observe(i int, now lb.Time, _ time.Duration, o lb.Outcome) {
	p.failures[i].observe(now, o.Verdict)
}

func (p *prequalPicker) Report(i int, now lb.Time, rep lb.Report) {
	if rep.Valid {
		p.rifs.observe(rep.InFlight)
		p.pool.add(p.snapshot.Members()[i].ID(), now, rep, p.limit)
	}
}

func (p *prequalPicker) Pick(now lb.Time, _ lb.Request, r *rng.Rand, tr *lb.Trace) int {
	var buf [maxProbes]probe
	probes := p.pool.gather(p.snapshot, now, buf[:0])
	if len(probes) < 2 {
		return p.random(r, len(probes), tr)
	}
	theta := p.rifs.quantile(p.qrif)
	p.rank(now, probes, theta)
	if tr != nil {
		p.explain(now, probes, theta, tr)
	}
	return p.serve(probes, r)
}

// rank applies the hot-cold lexicographic rule with error aversion.
func (p *prequalPicker) rank(now lb.Time, probes []probe, theta int32) {
	unknown := meanLatency(probes)
	for i := range probes {
		pr := &probes[i]
		penalty := p.failures[pr.member].penalty(now)
		// Of RIF+1, so that an idle backend that fails looks busy too.
		rif := float64(pr.state.rif()+1)*penalty - 1
		latency := unknown
		if pr.latency > 0 {
			latency = float64(pr.latency)
		}
		latency *= penalty
		if rif > float64(theta) {
			pr.rank = rank{hot: true, key: rif, tie: latency}
		} else {
			pr.rank = rank{key: latency, tie: rif}
		}
	}
}

func meanLatency(probes []probe) float64 {
	sum, n := 0.0, 0
	for i := range probes {
		if l := probes[i].latency; l > 0 {
			sum += float64(l)
			n++
		}
	}
	return meanOr(sum, n, 1e6) // any value will do where all are alike
}

// explain gives the RIF as the score of a hot probe and the latency, in milliseconds, as that of a cold
// one, both as seen through the penalty.
func (p *prequalPicker) explain(now lb.Time, probes []probe, theta int32, tr *lb.Trace) {
	best := bestOf(probes)
	for i := range probes {
		pr := &probes[i]
		note, score := "cold", pr.rank.key/1e6
		if pr.rank.hot {
			note, score = "hot", pr.rank.key
		}
		if tr.Detailed() {
			note += ": RIF " + strconv.Itoa(int(pr.state.rif())) + ", latency " + pr.latency.String()
			tr.Score(pr.member, score, note+p.failures[pr.member].note(now))
		}
		if pr != best && pr.rank.hot == best.rank.hot && pr.rank.key == best.rank.key {
			tr.TieBreak = "the other signal, then the fresher probe"
		}
	}
	tr.Rule = "least latency among the cold"
	if best.rank.hot {
		tr.Rule = "all hot: least RIF"
	}
	if theta >= 0 && theta < rifLevels {
		tr.Rule += " (hot above RIF " + strconv.Itoa(int(theta)) + ")"
	}
}
